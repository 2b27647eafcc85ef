"""Forms that another site sends, and fields that no form of ours has: nothing is done, nothing more is changed."""

from html.parser import HTMLParser

import pytest
from django.conf import settings as site
from django.contrib import admin
from django.test import Client

from accounts.models import User
from appointments.models import AppointmentRequest, Status
from tests.appointments.at_the_desk import press
from tests.appointments.factories import link_to, make_request
from tests.appointments.offer import offer  # noqa: F401 -- a fixture
from tests.appointments.visitor import GOOD, Visitor
from tests.every_address import Place, names
from tests.test_who_may_open_what import what_is_stored

EVIL = "https://evil.example"


def with_token(client, address="/appointments/request/"):
    """Return a token that this browser's forms carry."""
    page = Fields(client.get(address, secure=True).content.decode())
    return page.values["csrfmiddlewaretoken"][0]


# What a page of another site can make a browser send: (fields, headers) from a good token of ours and of another's.
FORGERIES = {
    "no token": lambda ours, theirs: ({}, {"Origin": "https://testserver"}),
    "an empty token": lambda ours, theirs: ({"csrfmiddlewaretoken": ""}, {"Origin": "https://testserver"}),
    "the token of another visitor": lambda ours, theirs: (
        {"csrfmiddlewaretoken": theirs},
        {"Origin": "https://testserver"},
    ),
    "a token in the address": lambda ours, theirs: ({}, {"Origin": "https://testserver", "X-Token": ours}),
    "another site": lambda ours, theirs: ({"csrfmiddlewaretoken": ours}, {"Origin": EVIL}),
    "no site": lambda ours, theirs: ({"csrfmiddlewaretoken": ours}, {"Origin": "null"}),
    "the site on plain http": lambda ours, theirs: ({"csrfmiddlewaretoken": ours}, {"Origin": "http://testserver"}),
    "a name that begins like ours": lambda ours, theirs: (
        {"csrfmiddlewaretoken": ours},
        {"Origin": "https://testserver.evil.example"},
    ),
    "another page": lambda ours, theirs: ({"csrfmiddlewaretoken": ours}, {"Referer": f"{EVIL}/testserver/"}),
    "no page": lambda ours, theirs: ({"csrfmiddlewaretoken": ours}, {}),
}


def forge(client, address, forgery, data=None, tokens=None):
    """Send a form as a page of another site could, with this browser's cookies."""
    fields, headers = FORGERIES[forgery](*(tokens or (with_token(client), with_token(Client()))))
    query = {"csrfmiddlewaretoken": headers.pop("X-Token")} if "X-Token" in headers else {}
    return client.post(address, (data or {}) | fields, headers=headers, query_params=query, secure=True)


@pytest.mark.parametrize("forgery", FORGERIES)
def test_a_form_of_another_site_sends_no_request_and_logs_nobody_in(offer, reception, forgery):  # noqa: F811
    client = Client(enforce_csrf_checks=True)
    seal = Visitor().reach("check").seal
    assert (
        forge(client, "/appointments/request/", forgery, {"seal": seal, "step": "check", "go": "send"}).status_code
        == 403
    )
    assert not AppointmentRequest.objects.exists()
    told = {"username": "reception", "password": "of-tests-alone"}
    assert forge(client, "/admin/login/", forgery, told).status_code == 403
    assert site.SESSION_COOKIE_NAME not in client.cookies


def test_the_same_form_of_ours_is_taken(offer):  # noqa: F811
    client = Client(enforce_csrf_checks=True, headers={"Origin": "https://testserver"})
    seal, token = Visitor().reach("check").seal, with_token(client)
    data = {"seal": seal, "step": "check", "go": "send", "csrfmiddlewaretoken": token}
    assert client.post("/appointments/request/", data, secure=True).status_code == 303
    assert AppointmentRequest.objects.count() == 1


@pytest.mark.wide
@pytest.mark.parametrize("forgery", ["no token", "the token of another visitor", "another site"])
def test_no_address_takes_a_form_of_another_site(db, media_root, forgery):
    place = Place()
    client = Client(enforce_csrf_checks=True, raise_request_exception=False)
    client.force_login(place.superuser)
    tokens = with_token(client), with_token(Client())
    before, wrong = what_is_stored(), []
    for name, arguments in names():
        address = place.address(name, arguments)
        data = {"post": "yes", "go": "do", "action": "delete_selected", "words": "Change it", "name": "Changed"}
        response = forge(client, address, forgery, data, tokens)
        # A screen that shows again what was typed says so with 403, or why it could not be done anyway, with 409.
        # Who is logged in already is led on from the second step.
        is_led_on = name.startswith("admin:second_step") and response.status_code == 302
        if response.status_code not in (403, 404, 405, 409) and not is_led_on:
            wrong.append((name, response.status_code))
    assert wrong == []
    assert what_is_stored() == before


# Fields that no form of ours has


class Fields(HTMLParser):
    """What a browser would send of the forms of a page: {name: values}."""

    def __init__(self, html):
        super().__init__()
        self.values, self.open = {}, None
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        name, kind = attributes.get("name"), attributes.get("type", "text")
        if tag == "input" and name and kind not in ("submit", "file", "image", "search"):
            if kind not in ("checkbox", "radio") or "checked" in attributes:
                self.values.setdefault(name, []).append(attributes.get("value") or ("on" if kind == "checkbox" else ""))
        elif tag in ("select", "textarea") and name:
            self.open = (tag, name)
            if tag == "textarea":
                self.values[name] = [""]
        elif tag == "option" and self.open and "selected" in attributes:
            self.values.setdefault(self.open[1], []).append(attributes.get("value", ""))

    def handle_data(self, data):
        if self.open and self.open[0] == "textarea":
            self.values[self.open[1]][0] += data.removeprefix("\n") if not self.values[self.open[1]][0] else data

    def handle_endtag(self, tag):
        if self.open and tag == self.open[0]:
            self.open = None


# What somebody who knows the models would send along.
SMUGGLED_BY_PATIENTS = {
    "id": "1",
    "pk": "1",
    "status": "agreed",
    "kind": "heartbeat",
    "reference": "AAAA-AAAA",
    "is_urgent": "on",
    "danger_because": "leg",
    "held_because": "",
    "holder": "1",
    "holder_id": "1",
    "due_at": "2020-01-01",
    "received_at": "2020-01-01",
    "source": "telephone",
    "merged_into": "1",
    "revision": "99",
    "answer": "Come now.",
    "is_staff": "on",
    "is_superuser": "on",
    "language": "es",
    "token": "x" * 32,
    "__proto__": "1",
    "seal[0]": "1",
    "draft": "{}",
}
OF_THE_MOMENT = {"id", "reference", "form_token", "submission_token", "promised_from", "status_since"}


def sent(**more):
    """Return what is stored of a request that a visitor sends with `more` fields on each page."""
    visitor = Visitor()
    for step in GOOD:
        if visitor.step == step:
            visitor.fill(step, **more)
    visitor.press("send", **more)
    request = AppointmentRequest.of_every_kind.order_by("pk").last()
    told = AppointmentRequest.of_every_kind.filter(pk=request.pk).values().get()
    return {
        name: value
        for name, value in told.items()
        if "_index" not in name and "_at" not in name and name not in OF_THE_MOMENT
    }


def test_a_patient_decides_nothing_but_what_the_form_asks(offer):  # noqa: F811
    plain = sent()
    AppointmentRequest.of_every_kind.all().delete()
    assert sent(**SMUGGLED_BY_PATIENTS) == plain
    assert AppointmentRequest.of_every_kind.get().status == Status.NEW


@pytest.mark.parametrize("change", ["add", "withdraw", "prefer", "set_details"])
def test_a_change_of_a_patient_brings_nothing_along(offer, change):  # noqa: F811
    asked = make_request()
    kept = (
        "kind",
        "reference",
        "is_urgent",
        "held_because",
        "holder_id",
        "source",
        "merged_into_id",
        "language",
        "answer",
    )
    before = AppointmentRequest.objects.values(*kept).get()
    data = SMUGGLED_BY_PATIENTS | {"words": "I walk with a stick.", "go": "do"}
    Client().post(f"/appointments/track/{link_to(asked)}/{change}/", data)
    assert AppointmentRequest.objects.values(*kept).get() == before
    assert not User.objects.filter(is_superuser=True).exists()


def test_a_move_of_staff_brings_nothing_along(offer, client, nurse):  # noqa: F811
    asked = make_request()
    client.force_login(nurse)
    data = {name: value for name, value in SMUGGLED_BY_PATIENTS.items() if name != "answer"}
    press(client, asked, "claim", **data)
    told = AppointmentRequest.objects.get()
    assert (told.status, told.holder, told.kind, told.reference) == (
        Status.IN_PROGRESS,
        nurse,
        asked.kind,
        asked.reference,
    )
    assert (told.is_urgent, told.held_because, told.source, told.merged_into) == (False, "", asked.source, None)
    assert not User.objects.filter(is_superuser=True).exists()


def test_a_change_of_password_changes_nothing_else(client, reception):
    client.force_login(reception)
    data = {
        "old_password": "of-tests-alone",
        "new_password1": "another long word",
        "new_password2": "another long word",
    }
    smuggled = {"is_superuser": "on", "username": "root", "id": "1", "roles": "manager", "user_permissions": "1"}
    assert client.post("/admin/password_change/", data | smuggled).status_code == 302
    told = User.objects.get()
    assert (told.username, told.is_superuser, told.role_names) == ("reception", False, reception.role_names)


# Kept by the site itself at each save, or what the one who saves may well change.
WRITTEN_BY_SAVING = {"updated_at", "changed_at", "changed_by_id", "last_login", "revision"}


@pytest.mark.wide
@pytest.mark.parametrize("who", ["manager", "editor", "nurse", "superuser"])
def test_no_field_that_a_screen_does_not_show_is_changed_through_it(db, media_root, request, who):
    place = Place()
    client = Client()
    client.force_login(request.getfixturevalue(who))
    tried, wrong = [], []
    for model in admin.site._registry:
        label = model._meta.label_lower.replace(".", "_")
        row = model._base_manager.order_by("pk").last()
        if row is None:
            continue
        address = place.address(f"admin:{label}_change", ["object_id"])
        page = client.get(address)
        if page.status_code != 200:
            continue
        shown = Fields(page.content.decode()).values
        client.post(address, shown)
        before = model._base_manager.filter(pk=row.pk).values().get()
        names_of_fields = [each for field in model._meta.concrete_fields for each in (field.name, field.attname)]
        smuggled = {name: ["1"] for name in names_of_fields if name not in shown and f"{name}_0" not in shown}
        answer = client.post(address, shown | smuggled)
        tried.append((label, answer.status_code))
        after = model._base_manager.filter(pk=row.pk).values().get()
        changed = {name for name in after if after[name] != before[name]} - WRITTEN_BY_SAVING
        if changed or answer.status_code >= 500:
            wrong.append((label, answer.status_code, changed))
    assert wrong == []
    # Most screens save what is posted back as it was shown; where none did, nothing would be proven.
    assert sum(code == 302 for _label, code in tried) >= {"nurse": 0, "editor": 1}.get(who, 5), tried

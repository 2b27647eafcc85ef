"""The desk's first page: what waits for this member of staff, and the screens their roles open."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts import desk
from appointments.models import AlertPerson, AppointmentRequest
from clinic.models import GeneralWarningSign
from tests.appointments.factories import make_request
from tests.clinic.factories import make_hours, make_location, make_profile
from tests.journeys.walking import SCHEMES
from tests.outbox.factories import given_up, make_message
from tests.staff import PASSWORD

ROOMS = {
    "reception": {"appointments", "outbox"},
    "nurse": {"appointments", "outbox"},
    "editor": {"procedures"},
    "reviewer": {"procedures"},
    "manager": {"appointments", "procedures", "outbox", "clinic", "accounts"},
    "auditor": {"audit"},
}


@pytest.mark.parametrize(("role", "rooms"), ROOMS.items())
def test_each_role_sees_its_own_rooms_in_the_order_of_the_day(client, request, role, rooms):
    client.force_login(request.getfixturevalue(role))
    response = client.get("/admin/")
    shown = [room["app_label"] for room in response.context["app_list"]]
    assert set(shown) <= rooms
    assert shown == sorted(shown, key=["appointments", "procedures", "outbox", "clinic", "accounts", "audit"].index)
    assert "no-store" in response["Cache-Control"]


@pytest.mark.parametrize(
    "address", ["audit/event/?verb=%00", "audit/event/?q=%00", "outbox/message/?purpose=%00", "accounts/user/?q=a%00"]
)
def test_an_address_that_no_database_can_be_asked_is_refused(client, superuser, address):
    client.force_login(superuser)
    assert client.get(f"/admin/{address}").status_code == 400


def test_messages_that_could_not_be_sent_wait_for_those_who_telephone(client, reception, editor):
    given_up(make_message())
    client.force_login(reception)
    assert b"1 message could not be sent: telephone the patient." in client.get("/admin/").content
    client.force_login(editor)
    assert b"could not be sent" not in client.get("/admin/").content


def test_what_staff_did_not_get_asks_nobody_to_telephone_a_patient(client, manager):
    """A digest or a note to the clinic's mailbox bounces: no patient waits for that call."""
    given_up(make_message(about=AlertPerson.objects.create(user=manager), purpose="alert_urgent"))
    given_up(make_message(about=make_profile(), purpose="daily_number"))
    client.force_login(manager)
    page = client.get("/admin/").content.decode()
    assert "2 messages to staff could not be sent: tell them, and check the addresses." in page
    assert "telephone the patient" not in page


def test_the_number_that_waits_is_the_number_behind_its_link(client, reception):
    make_request()
    put_aside = make_request(email="b@example.org", phone="")
    AppointmentRequest.objects.filter(pk=put_aside.pk).update(snoozed_until=timezone.now() + timedelta(days=1))
    client.force_login(reception)
    assert b"1 request waits for the clinic." in client.get("/admin/").content
    assert len(client.get("/admin/appointments/appointmentrequest/").context["cl"].result_list) == 1


def test_a_count_of_nothing_is_not_mentioned(reception, monkeypatch):
    tasks = [
        desk.Task("outbox.view_message", lambda user: 0, lambda number: "none", lambda: "/none/"),
        desk.Task("outbox.view_message", lambda user: 2, lambda number: f"{number} wait", lambda: "/some/"),
        desk.Task("audit.view_event", lambda user: 9, lambda number: "not yours", lambda: "/other/"),
    ]
    monkeypatch.setattr(desk, "_tasks", tasks)
    assert desk.waiting_for(reception) == [{"sentence": "2 wait", "url": "/some/"}]


def test_where_nothing_waits_the_page_says_so(client, auditor):
    client.force_login(auditor)
    assert b"Nothing waits for you." in client.get("/admin/").content


@pytest.mark.parametrize("scheme", SCHEMES)
def test_the_managers_screens_work_for_everybody(page, axe, manager, reception, reviewer, scheme):
    make_profile()
    make_hours(location=make_location())
    sign = GeneralWarningSign.objects.create(key="fever", text={"en": "Fever"}, action={"en": "Call"}, urgency="urgent")
    message = given_up(make_message())
    page.emulate_media(color_scheme=scheme)
    page.goto("/admin/")
    axe(page)
    page.get_by_label("Username").fill("manager")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    page.get_by_role("heading", name="What waits for you").wait_for()
    axe(page)
    for address in (
        "/admin/clinic/clinicprofile/1/change/",
        "/admin/clinic/openinghours/",
        "/admin/clinic/openinghours/add/",
        f"/admin/clinic/generalwarningsign/{sign.pk}/change/",
        f"/admin/clinic/clinician/{reviewer.clinician.pk}/change/",
        f"/admin/clinic/clinician/{reviewer.clinician.pk}/history/",
        "/admin/accounts/user/",
        "/admin/accounts/user/add/",
        f"/admin/accounts/user/{reception.pk}/change/",
        "/admin/outbox/message/",
        f"/admin/outbox/message/{message.pk}/change/",
    ):
        page.goto(address)
        axe(page)
    page.get_by_role("button", name="Try to send it again").click()
    page.get_by_text("The message will be tried again within a few seconds.").wait_for()
    page.goto("/admin/clinic/clinicprofile/1/change/")
    page.get_by_label("Telephone").fill("ask inside")
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_text("Write a telephone number with digits.").wait_for()
    axe(page)

"""When the form is closed by a manager: patients read why and until when, and lose nothing; nobody else closes it."""

from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from accounts import desk as desk_lines
from appointments import workflow
from appointments.models import AppointmentRequest, FormClosure
from appointments.workflow import Refused, Unfit
from audit.models import Event
from clinic.models import Closure
from tests.appointments.offer import offer  # noqa: F401 -- a fixture
from tests.appointments.visitor import ADDRESS, GOOD, Visitor
from tests.matrices import crossed
from tests.staff import make_staff

pytestmark = pytest.mark.usefixtures("offer")

LIST = "/admin/appointments/formclosure/"
WORDS = {"en": "We move house.\n\nCall us.", "es": "Nos mudamos."}
MONDAY, TUESDAY = "2026-11-23T09:00:00-08:00", "2026-11-24T09:00:00-08:00"


@pytest.fixture
def monday():
    with time_machine.travel(MONDAY, tick=False) as clock:
        yield clock


def close(manager, *, days=1, **also):
    """Close the form for some days."""
    ends_at = timezone.now() + timedelta(days=days)
    return workflow.close_form(by=manager.as_actor(), **{"ends_at": ends_at, "words": WORDS} | also)


# What patients meet


def test_the_page_says_why_and_until_when_in_the_readers_language(monday, manager, client):
    close(manager)
    page = client.get(ADDRESS["en"])
    assert page.status_code == 200
    assert "nothing you typed" not in page.content.decode()
    for words in ("We move house.", "from 9 a.m. on Tuesday, November 24", 'href="tel:', "911"):
        assert words in page.content.decode()
    assert "Nos mudamos." in client.get(ADDRESS["es"]).content.decode()
    monday.shift(timedelta(days=1))
    assert Visitor().step == "wish"


@pytest.mark.parametrize("step", [*GOOD, "check"])
def test_somebody_in_the_middle_of_the_form_goes_on_where_they_were(monday, manager, step):
    visitor = Visitor().reach(step)
    closing = close(manager)
    if step == "check":
        visitor.send()
    else:
        visitor.fill(step)
    assert (visitor.status, visitor.step) == (200, "closed")
    assert "nothing you typed is lost" in visitor.page.text
    go, last = f"change-{step}", {"last_step": step}
    visitor.press(go, **last)
    assert visitor.step == "closed"
    visitor.press("language", **last)
    assert visitor.page.values["last_step"] == step
    workflow.open_form(closing, by=manager.as_actor())
    visitor.press(go, **last)
    assert visitor.step == step
    visitor.reach("check").send()
    assert visitor.status == 303
    request = AppointmentRequest.objects.get()
    assert (request.full_name, request.matter) == (GOOD["person"]["full_name"], GOOD["matter"]["matter"])


def test_what_is_typed_wrong_while_it_is_closed_is_kept_as_well(monday, manager):
    visitor = Visitor().reach("person")
    closing = close(manager)
    visitor.fill("person", email="half an address")
    workflow.open_form(closing, by=manager.as_actor())
    visitor.press("change-person", last_step="person")
    assert visitor.page.values["email"] == "half an address"


def test_the_choice_that_led_to_the_form_is_kept_until_it_opens(monday, manager):
    closing = close(manager)
    visitor = Visitor(query="?procedure=kyphoplasty&location=south")
    workflow.open_form(closing, by=manager.as_actor())
    visitor.press("change-wish", last_step="wish")
    assert {("procedure", "kyphoplasty"), ("location", "south")} <= set(visitor.page.checked)


@pytest.mark.parametrize(
    ("step", "name"),
    [
        ("wish", "procedure"),
        ("signs", "signs"),
        ("matter", "matter"),
        ("needs", "other_needs"),
        ("person", "full_name"),
    ],
)
def test_what_is_too_long_to_travel_comes_back_to_be_shortened(monday, manager, step, name):
    visitor = Visitor().reach(step)
    close(manager)
    # Nothing repeats, so that it does not shrink in the seal.
    visitor.fill(step, **{name: "".join(map(chr, range(0x4E00, 0x4E00 + 12_000)))})
    assert (visitor.status, visitor.step) == (422, step)
    assert visitor.page.errors
    visitor.fill(step)
    assert "We move house." in visitor.page.text


def test_help_in_an_emergency_stays_open(monday, manager):
    visitor = Visitor().reach("signs")
    close(manager)
    visitor.fill("signs", signs=["numb"])
    assert visitor.step == "emergency"


def test_a_form_that_was_sent_before_still_leads_to_its_request(monday, manager):
    visitor = Visitor().reach("check")
    seal, address = visitor.seal, visitor.send()["Location"]
    close(manager)
    assert visitor.press("send", seal=seal, step="check")["Location"] == address
    assert visitor.client.get(address).status_code == 200
    assert AppointmentRequest.objects.count() == 1


@pytest.mark.parametrize(("seal", "step"), crossed(["", "x", "x" * 20_000], ["check", "closed", "person", "\x00", ""]))
def test_hostile_posts_to_a_closed_form_are_answered_by_the_same_page(monday, manager, seal, step):
    close(manager)
    for last in ("wish", "<b>", "change-", "\x00", "emergency"):
        data = {"seal": seal, "step": step, "go": "send", "last_step": last, "full_name": "\x00<b>"}
        response = Client().post(ADDRESS["en"], data)
        assert response.status_code == 200
        assert "<b>" not in response.content.decode()
    assert Client(enforce_csrf_checks=True).post(ADDRESS["en"], data).status_code == 403
    assert not AppointmentRequest.objects.exists()


def test_the_words_of_a_manager_are_no_markup(monday, manager, client):
    close(manager, words={"en": "<script>1</script>", "es": "x"})
    assert "<script>1" not in client.get(ADDRESS["en"]).content.decode()


# Days on which the clinic is closed


@pytest.mark.parametrize("step", ["wish", "check"])
def test_on_a_closed_day_the_page_says_when_a_request_is_read_and_takes_it(step):
    Closure.objects.create(date="2026-11-23")
    with time_machine.travel(MONDAY, tick=False):
        visitor = Visitor().reach(step)
        assert "We are closed now" in visitor.page.text
        assert "We read it from 8 a.m. on Tuesday, November 24." in visitor.page.text
        assert 'href="tel:' in visitor.response.content.decode()
        visitor.reach("check")
        assert visitor.send().status_code == 303
    with time_machine.travel(TUESDAY, tick=False):
        assert "We are closed now" not in Visitor().reach(step).page.text


@pytest.mark.parametrize(
    ("moment", "opens"),
    [
        ("2026-11-20T16:59:59-08:00", None),
        ("2026-11-20T17:00:00-08:00", "2026-11-23T08:00:00-08:00"),
        ("2026-12-31T20:00:00-08:00", "2027-01-01T08:00:00-08:00"),
        ("2027-03-14T01:30:00-08:00", "2027-03-15T08:00:00-07:00"),
        ("2026-11-01T01:30:00-07:00", "2026-11-02T08:00:00-08:00"),
        ("2028-02-28T18:00:00-08:00", "2028-02-29T08:00:00-08:00"),
    ],
)
def test_when_it_is_read_is_right_at_nights_year_ends_leap_days_and_changes_of_the_clock(moment, opens):
    expected = opens and timezone.datetime.fromisoformat(opens)
    assert workflow.reads_from(timezone.datetime.fromisoformat(moment)) == expected


# Who closes it


def test_only_a_manager_closes_and_opens_the_form(reception, nurse, editor, auditor, manager):
    closing = close(manager)
    for user in (reception, nurse, editor, auditor, make_staff("nobody")):
        with pytest.raises(Refused):
            close(user)
        with pytest.raises(Refused):
            workflow.open_form(closing, by=user.as_actor())
    assert FormClosure.objects.current().count() == 1


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"days": -1}, "ends_at"),
        ({"days": 0}, "ends_at"),
        ({"days": 93}, "ends_at"),
        ({"starts_at": timezone.datetime.fromisoformat("2026-11-25T09:00:00-08:00")}, "ends_at"),
        ({"words": {"en": "Closed."}}, "words"),
        ({"words": {"en": "Closed.", "es": " "}}, "words"),
    ],
)
def test_a_closing_has_an_end_and_words_in_each_language(monday, manager, changes, field):
    with pytest.raises(Unfit) as unfit:
        close(manager, **changes)
    assert unfit.value.field == field
    assert not FormClosure.objects.exists()


def test_a_closing_is_taken_back_once(monday, manager):
    closing = close(manager)
    workflow.open_form(closing, by=manager.as_actor())
    with pytest.raises(Refused):
        workflow.open_form(closing, by=manager.as_actor())
    events = Event.objects.about(closing).order_by("id").values_list("verb", "actor_id")
    assert list(events) == [("form.closed", manager.pk), ("form.opened", manager.pk)]


def test_the_form_opens_with_the_last_of_several_closings(monday, manager):
    close(manager, days=1)
    close(manager, days=3)
    monday.shift(timedelta(days=2))
    assert "from 9 a.m. on Thursday, November 26" in Client().get(ADDRESS["en"]).content.decode()


# The manager's screen


@pytest.fixture
def desk(client, manager):
    client.force_login(manager)
    return client


TYPED = {"ends_at_0": "2026-11-24", "ends_at_1": "07:30", "words_en": "We move.", "words_es": "Nos mudamos."}


def typed(**changes):
    """Return what the manager's browser sends."""
    return TYPED | changes


def test_a_manager_closes_the_form_and_opens_it_again(monday, desk, manager):
    assert desk.get(f"{LIST}add/").status_code == 200
    assert desk.post(f"{LIST}add/", typed()).status_code == 302
    closing = FormClosure.objects.get()
    assert (closing.starts_at, closing.made_by) == (timezone.now(), manager)
    assert closing.ends_at.isoformat() == "2026-11-24T15:30:00+00:00"
    assert closing.words == {"en": "We move.", "es": "Nos mudamos."}
    assert {"sentence": "The form for requests is closed.", "url": LIST} in desk_lines.waiting_for(manager)
    assert "closed now" in desk.get(LIST).content.decode()
    page = desk.get(f"{LIST}{closing.pk}/change/").content.decode()
    for words in ("Open the form again", "Nos mudamos.", "Mara Moss"):
        assert words in page
    assert desk.post(f"{LIST}{closing.pk}/lift/").status_code == 302
    assert Visitor().step == "wish"
    page = desk.get(f"{LIST}{closing.pk}/change/").content.decode()
    assert "opened again early" in page
    assert "Open the form again" not in page
    verbs = Event.objects.about(closing).values_list("verb", flat=True)
    assert list(verbs) == ["form.opened", "form.closed"]


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"ends_at_0": "2026-11-22"}, "Choose an end that is still to come"),
        ({"ends_at_0": "2062-11-24"}, "Choose an end within 92 days."),
        ({"ends_at_0": "soon"}, "Enter a day and a time."),
        ({"ends_at_1": ""}, "Enter a day and a time."),
        ({"ends_at_0": "", "ends_at_1": ""}, "Enter a day and a time."),
        ({"starts_at_0": "2026-11-25", "starts_at_1": "08:00"}, "later than the beginning"),
        ({"words_es": ""}, "Write what patients read in each language."),
        ({"words_en": ""}, "Write this text in English at least."),
    ],
)
def test_what_cannot_be_is_said_beside_its_box_and_nothing_is_closed(monday, desk, changes, sentence):
    response = desk.post(f"{LIST}add/", typed(**changes))
    assert response.status_code == 200
    assert sentence in response.content.decode()
    assert "violated" not in response.content.decode()
    assert not FormClosure.objects.exists()
    assert not Event.objects.filter(verb="form.closed").exists()

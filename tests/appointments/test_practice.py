"""Practice: marked everywhere in words, never sent, never counted, and gone after a month."""

from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
import time_machine
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts import desk as desk_lines
from appointments import daily_number, practice, reminders, workflow
from appointments.models import AppointmentRequest, Kind, PhoneTask, SentForm, TimeOffer
from audit.actors import Actor
from audit.models import Event
from clinic.models import ClinicProfile, Tally
from outbox.models import Message
from tests.appointments.at_the_desk import address, press
from tests.appointments.at_the_door import opened, save
from tests.appointments.factories import inputs_of, make_request, make_time, moved
from tests.appointments.offer import offer  # noqa: F401 -- a fixture
from tests.appointments.visitor import ADDRESS, Visitor

pytestmark = pytest.mark.django_db
QUEUE = reverse("admin:appointments_appointmentrequest_changelist")
PRACTISE = reverse("admin:appointments_appointmentrequest_practice")


@pytest.fixture
def desk(client, reception, offer):  # noqa: F811 -- the fixture
    """Reception's browser, signed in at a clinic that can be asked."""
    client.force_login(reception)
    return client


def only():
    return AppointmentRequest.of_every_kind.get()


def practised(desk, **changes):
    """Return a practice request as staff write it down."""
    save(desk, is_practice="on", **changes)
    return AppointmentRequest.of_every_kind.practice().latest("id")


def query_of(response):
    return f"?{urlsplit(response['Location']).query}"


# Two ways in


def test_the_switch_on_the_screen_makes_it_practice(desk):
    asked = practised(desk)
    assert asked.kind == Kind.PRACTICE
    assert Event.objects.get(verb="request.entered").details["kind"] == "practice"


def test_the_desk_leads_to_the_patients_form_which_says_on_each_page_that_it_is_practice(desk):
    visitor = Visitor(client=Client(), query=query_of(desk.get(PRACTISE)))
    while visitor.step != "check":
        assert "This is for training." in visitor.page.text
        visitor.fill(visitor.step)
    assert "This is for training." in visitor.page.text
    response = visitor.send()
    assert only().kind == Kind.PRACTICE
    page = visitor.client.get(response["Location"]).content.decode()
    assert "This is for training." in page


def test_an_emergency_and_an_urgent_sign_are_practised_with_the_same_words(desk):
    visitor = Visitor(client=Client(), query=query_of(desk.get(PRACTISE))).reach("signs")
    visitor.fill("signs", signs=["numb"])
    assert "This is for training." in visitor.page.text


def test_the_other_language_keeps_the_mark(desk):
    page = Client().get(ADDRESS["en"] + query_of(desk.get(PRACTISE))).content.decode()
    marker = parse_qs(query_of(desk.get(PRACTISE))[1:])["practice"][0].split(":")[0]
    assert f"/es/appointments/request/?practice={marker}" in page.replace("&amp;", "&")


@pytest.mark.parametrize("marker", ["", "x", "practice", "practice:x:y"])
def test_a_marker_that_is_not_ours_opens_no_form_at_all(offer, client, marker):  # noqa: F811
    response = client.get(ADDRESS["en"], {"practice": marker})
    assert response.status_code == 410
    assert "seal" not in response.content.decode()


def test_a_bad_marker_takes_from_nobody_what_they_typed(offer, client):  # noqa: F811
    typed = {"step": "matter", "go": "next", "seal": Visitor(client=client).seal, "matter": "My back hurts."}
    assert "My back hurts." in client.post(f"{ADDRESS['en']}?practice=x", typed).content.decode()


def test_a_marker_lasts_an_hour_and_a_form_that_is_open_by_then_goes_on(desk):
    with time_machine.travel("2026-11-23T09:00:00-08:00") as clock:
        query = query_of(desk.get(PRACTISE))
        visitor = Visitor(client=Client(), query=query)
        clock.shift(timedelta(hours=1, seconds=2))
        assert Client().get(ADDRESS["en"] + query).status_code == 410
        visitor.reach("check").send()
        assert only().kind == Kind.PRACTICE


def test_those_who_answer_no_requests_get_no_marker(client, editor):
    client.force_login(editor)
    assert client.get(PRACTISE).status_code == 403


def test_a_form_without_the_mark_is_real(offer, client):  # noqa: F811
    Visitor(client=client).reach("check").send()
    assert only().kind == Kind.REAL


def test_practice_counts_towards_no_limit(desk):
    Visitor(client=Client(), query=query_of(desk.get(PRACTISE))).reach("check").send()
    assert not Tally.objects.exists()


def test_a_patient_typed_as_practice_by_mistake_is_saved_as_real_from_the_same_screen(desk):
    seal = opened(desk)
    for switch in ("on", "on", None, None):
        save(desk, seal=seal, is_practice=switch)
    assert sorted(AppointmentRequest.of_every_kind.values_list("kind", flat=True)) == ["practice", "real"]
    assert Message.objects.count() == 1


# Where it shows, and where it does not


def test_it_stands_in_its_own_view_and_in_no_other(desk):
    asked = practised(desk)
    for view in ("", "clinic", "patient", "agreed", "answered", "closed", "calls", "all", "held", "spam"):
        assert not list(desk.get(QUEUE, {"view": view}).context["cl"].result_list), view
    page = desk.get(QUEUE, {"view": "practice"})
    assert [row.reference for row in page.context["cl"].result_list] == [asked.reference]
    assert "Practice</strong>" in page.content.decode()


def test_real_requests_do_not_stand_in_its_view(desk):
    make_request()
    assert not list(desk.get(QUEUE, {"view": "practice"}).context["cl"].result_list)


def test_a_search_by_reference_finds_it_marked(desk):
    asked = practised(desk)
    page = desk.post(QUEUE, {"q": asked.reference}, follow=True)
    assert asked.reference in page.content.decode()
    assert "Practice</strong>" in page.content.decode()


def test_its_sheet_says_so(desk):
    sheet = desk.get(address(practised(desk))).content.decode()
    assert "This is practice" in sheet
    assert "Practice</strong>" in sheet


def test_it_is_counted_nowhere(desk, reception, capsys):
    asked = practised(desk, email="", reach_by="phone", signs=["fever"])
    AppointmentRequest.of_every_kind.filter(pk=asked.pk).update(due_at=timezone.now() - timedelta(days=1))
    ClinicProfile.objects.update(daily_number=1)
    assert desk_lines.waiting_for(reception) == []
    assert not AppointmentRequest.objects.overdue().exists()
    assert not daily_number.is_reached()
    call_command("list_requests")
    assert capsys.readouterr().out == ""
    assert "(0)" in desk.get(QUEUE).content.decode()
    assert "0 requests wait" in desk.get(f"{QUEUE}downtime/").content.decode()


# Never sent


@pytest.mark.parametrize("email", ["trainee@example.org", ""])
def test_no_move_on_it_writes_a_message_or_asks_for_a_call(desk, reception, email):
    asked = practised(desk, email=email, reach_by="phone")
    for name in ("claim", "ask", "reply", "offer", "accept", "change_time", "cancel_time", "answer", "close"):
        asked = moved(asked, name, by=reception, **inputs_of(name, asked))
    other = moved(practised(desk, full_name="Ben"), "claim", by=reception)
    moved(other, "decline", by=reception, **inputs_of("decline", other))
    workflow.send_link(reference=other.reference, contact="(206) 555-0123", by=Actor.patient())
    assert not Message.objects.exists()
    assert not PhoneTask.objects.exists()


def test_it_is_claimed_on_its_sheet_like_any_other(desk, reception):
    asked = practised(desk)
    assert press(desk, asked, "claim").status_code == 302
    assert AppointmentRequest.of_every_kind.get(pk=asked.pk).holder == reception


def test_its_patient_is_not_reminded(desk, reception):
    with time_machine.travel("2026-11-23T08:00:00-08:00") as clock:
        asked = moved(practised(desk), "claim", by=reception)
        moved(asked, "agree", by=reception, time=make_time(days=7))
        clock.shift(timedelta(days=5))
        assert reminders.remind() == 0
    assert not Event.objects.filter(verb="request.reminded").exists()


def test_a_time_agreed_for_practice_takes_none_from_a_patient_nor_the_other_way_round(desk, reception):
    time = make_time(days=7)
    for asked in (practised(desk), make_request()):
        asked = moved(asked, "claim", by=reception)
        moved(asked, "agree", by=reception, time=time)
    assert TimeOffer.objects.agreed().count() == 2
    waiting = moved(make_request(), "claim", by=reception)
    with pytest.raises(workflow.Unfit) as taken:
        moved(waiting, "agree", by=reception, time=time)
    assert str(taken.value.reason).count("Northside") == 1


# Gone after a month


def test_after_30_days_it_is_deleted_with_all_that_hangs_on_it_and_counted_in_the_audit(desk, reception):
    real = make_request()
    asked = moved(practised(desk), "claim", by=reception)
    moved(asked, "offer", by=reception, **inputs_of("offer", asked))
    now = timezone.now()
    assert practice.forget_old(now + timedelta(days=29)) == 0
    assert practice.forget_old(now + timedelta(days=31)) == 1
    assert practice.forget_old(now + timedelta(days=31)) == 0
    assert list(AppointmentRequest.of_every_kind.all()) == [real]
    assert not TimeOffer.objects.exists()
    assert SentForm.objects.filter(request=None).count() == 1
    event = Event.objects.get(verb="practice.deleted")
    assert (event.details, event.actor_words) == ({"number": 1}, "practice")


def test_it_is_kept_for_a_month_whenever_somebody_pretended_to_have_asked(desk):
    practised(desk)
    AppointmentRequest.of_every_kind.update(created_at=timezone.now() - timedelta(days=60))
    assert practice.forget_old() == 0

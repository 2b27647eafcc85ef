"""Joining two requests: what stays, what is taken back, where the other one leads, and both as they were again."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db import connection
from django.utils import timezone

from appointments import workflow
from appointments.models import (
    AppointmentRequest,
    ClinicQuestion,
    HeldBecause,
    Kind,
    Merge,
    NotDuplicate,
    PhoneTask,
    Status,
    TimeOffer,
)
from appointments.references import new_token
from appointments.workflow import Refused, Stale, Unfit
from audit.actors import Actor
from audit.models import Event
from clinic.models import ClinicProfile, Closure, OpeningHours
from outbox.models import Message, State
from tests.appointments.at_the_desk import address, messages_of, press
from tests.appointments.factories import (
    claimed_request,
    link_to,
    make_answers,
    make_request,
    make_time,
    moved,
    reached,
    submit,
)
from tests.at_once import at_once
from tests.staff import make_staff

pytestmark = pytest.mark.django_db

MONDAY_MORNING = datetime(2026, 11, 23, 17, 0, tzinfo=UTC)  # 9:00 in Los Angeles


def joined(kept, merged, by, **choices):
    """Return both after joining, as whoever just looked at them does."""
    for each in (kept, merged):
        each.refresh_from_db()
    seen = {"seen_revision": kept.revision, "seen_other": merged.revision}
    kept = workflow.merge(kept, merged, choices=choices, by=by.as_actor(), **seen)
    return AppointmentRequest.objects.get(pk=kept.pk), AppointmentRequest.of_every_kind.get(pk=merged.pk)


def everything(*requests):
    """Return all that joining may touch, but the revisions and what is only ever added."""
    keys, label = [each.pk for each in requests], AppointmentRequest._meta.label_lower
    about = Message.objects.filter(about_type=label, about_id__in=map(str, keys)).order_by("pk")
    rows = AppointmentRequest.of_every_kind.filter(pk__in=keys).order_by("pk").values()
    return [
        [{name: value for name, value in row.items() if name != "revision"} for row in rows],
        list(TimeOffer.objects.order_by("pk").values()),
        list(ClinicQuestion.objects.order_by("pk").values()),
        list(PhoneTask.objects.order_by("pk").values()),
        list(about.values("pk", "state", "attempts", "text")),
    ]


@pytest.fixture
def hours():
    ClinicProfile.objects.create(
        name="Test Clinic", telephone="(206) 555-0100", promise_hours=8, urgent_promise_hours=2
    )
    for weekday in range(5):
        OpeningHours.objects.create(weekday=weekday, opens="08:00", closes="17:00")


# What stays


def test_the_one_that_stays_takes_what_was_chosen_and_the_other_one_is_closed_and_leads_to_it(reception):
    kept = make_request(full_name="Ana Obrien", phone="", preferences={"times": ["any"]})
    merged = make_request(full_name="Ana O’Brien", email="", date_of_birth="1950-02-01", wish="question")
    kept, merged = joined(kept, merged, reception, full_name="other", phone="other", date_of_birth="other")
    assert (kept.full_name, kept.email, kept.phone) == ("Ana O’Brien", "ana@example.org", "(206) 555-0123")
    assert (str(kept.date_of_birth), kept.wish, kept.status) == ("1950-02-01", "appointment", Status.IN_PROGRESS)
    assert kept.holder == reception
    assert (merged.status, merged.merged_into_id, merged.full_name) == (Status.CLOSED, kept.pk, "Ana O’Brien")
    found = AppointmentRequest._meta.get_field("phone_index").candidates("206 555 0123")
    assert AppointmentRequest.objects.filter(phone_index__in=found, pk=kept.pk).exists()


def test_both_remember_it_and_the_events_tell_no_value(reception):
    kept, merged = joined(make_request(), make_request(full_name="Ana Maria"), reception, full_name="other")
    made = Merge.objects.get()
    on_kept, on_merged = (Event.objects.about(each).first() for each in (kept, merged))
    assert on_kept.verb == "request.merged"
    assert on_kept.details == {
        "merged": merged.pk,
        "chosen": ["full_name"],
        "merge": made.pk,
        "from": "new",
        "to": "in_progress",
        "revision": 2,
    }
    assert on_merged.verb == "request.merged_into"
    assert on_merged.details == {"kept": kept.pk, "merge": made.pk, "from": "new", "to": "closed", "revision": 2}


def test_what_was_said_of_messages_goes_with_the_address(reception):
    kept, merged = make_request(), make_request(email="other@example.org", wants_details=True)
    merged = moved(merged, "set_reminders", by=None, wants_reminders=False)
    workflow.email_came_back(merged, by=reception.as_actor())
    kept, _merged = joined(kept, merged, reception, email="other")
    assert (kept.email, kept.wants_details, kept.wants_reminders) == ("other@example.org", True, False)
    assert kept.bounced_at is not None


def test_arrival_and_promise_are_the_earlier_and_urgency_the_higher(reception, hours):
    with time_machine.travel(MONDAY_MORNING, tick=False) as clock:
        early = make_request()
        clock.shift(timedelta(hours=1))
        late = make_request(is_urgent=True)
        kept, _merged = joined(early, late, reception)
        assert (kept.created_at, kept.is_urgent) == (MONDAY_MORNING, True)
        assert kept.due_at == MONDAY_MORNING + timedelta(hours=3)
        workflow.recompute_due()
        kept.refresh_from_db()
        assert kept.due_at == MONDAY_MORNING + timedelta(hours=3)


def test_an_earlier_ordinary_promise_is_not_shortened_by_the_urgency_of_the_other(reception, hours):
    with time_machine.travel(MONDAY_MORNING, tick=False) as clock:
        early = make_request()
        clock.shift(timedelta(hours=7))
        late = make_request(is_urgent=True)
        late_due = late.due_at
        kept, _merged = joined(late, early, reception)
        assert kept.due_at == MONDAY_MORNING + timedelta(hours=8) < late_due
        assert workflow.recompute_due() == 0


def test_what_is_still_owed_does_not_wait_for_the_patient(reception, hours):
    with time_machine.travel(MONDAY_MORNING, tick=False) as clock:
        waiting = make_request(status=Status.WAITING, by=reception)
        clock.shift(timedelta(hours=2))
        fresh = make_request()
        kept, _merged = joined(waiting, fresh, reception)
        assert kept.status == Status.IN_PROGRESS
        assert kept.due_at == fresh.due_at
        assert kept.offers.open().count() == 2


def test_an_agreed_time_stays_agreed(reception):
    agreed, fresh = make_request(status=Status.AGREED, by=reception), make_request()
    kept, _merged = joined(agreed, fresh, reception)
    assert kept.status == Status.AGREED
    assert kept.offers.agreed().count() == 1


@pytest.mark.parametrize("answered_is_kept", [True, False])
def test_the_first_answer_is_the_earlier_and_counts_from_the_earlier_arrival(reception, hours, answered_is_kept):
    with time_machine.travel(MONDAY_MORNING, tick=False) as clock:
        early = make_request()
        clock.shift(timedelta(hours=1))
        answered = make_request()
        clock.shift(timedelta(hours=1))
        answered = moved(answered, "claim", by=reception)
        answered = moved(answered, "ask", by=reception, question="Which leg?")
        pair = (answered, early) if answered_is_kept else (early, answered)
        kept, _merged = joined(*pair, reception)
        assert kept.first_answered_at == MONDAY_MORNING + timedelta(hours=2)
        assert kept.first_answer_minutes == 120


def test_what_the_other_one_still_offered_asked_and_had_to_say_is_taken_back(reception):
    merged = claimed_request(reception, email="")
    merged = moved(merged, "ask", by=reception, question="Which leg?")
    merged = moved(merged, "offer", by=reception, times=[make_time()])
    written = make_request()
    kept, _written = joined(make_request(), written, reception)
    assert Message.objects.about(written).get().state == State.CANCELLED
    assert Message.objects.about(kept).get().state == State.WAITING
    kept, merged = joined(kept, merged, reception)
    assert not merged.offers.current().exists()
    assert not merged.clinic_questions.open().exists()
    assert not merged.phone_tasks.exists()
    assert workflow.calls_about(merged) == ([], [])


def test_a_message_that_could_not_be_sent_is_no_call_any_more_unless_somebody_made_it(reception):
    merged, called = make_request(), make_request()
    Message.objects.update(state=State.UNDELIVERABLE)
    keys = {call.key for call in workflow.calls_about(called)[0]}
    reached(called, keys, by=reception)
    kept, merged = joined(make_request(), merged, reception)
    kept, called = joined(kept, called, reception)
    assert workflow.calls_about(merged)[0] == workflow.calls_about(called)[0] == []
    assert Message.objects.about(called).get().state == State.UNDELIVERABLE
    assert not workflow.to_be_called(AppointmentRequest.objects.all()).exists()


# What is refused


def refused(kept, merged, by):
    """Return the reason why two requests cannot be joined, after making sure that nothing changed."""
    before, events = everything(kept, merged), Event.objects.count()
    with pytest.raises(Refused) as caught:
        joined(kept, merged, by)
    assert everything(kept, merged) == before
    assert (Event.objects.count(), Merge.objects.count()) == (events, 0)
    return str(caught.value.reason)


def test_a_request_is_not_joined_with_itself(reception):
    request = make_request()
    assert "one and the same" in refused(request, request, reception)


def test_what_somebody_else_holds_is_not_joined_either_way(reception, reception2):
    held, free = claimed_request(reception2), make_request()
    assert f"Ruben Rask holds {held.reference}" in refused(held, free, reception)
    assert f"Ruben Rask holds {held.reference}" in refused(free, held, reception)


def test_what_somebody_held_who_left_waits_for_nobody(reception, reception2):
    held, free = claimed_request(reception2), make_request()
    reception2.is_active = False
    reception2.save()
    kept, _merged = joined(held, free, reception)
    assert kept.holder == reception


def test_who_does_not_answer_requests_joins_none(editor, auditor):
    for user in (editor, auditor):
        assert refused(make_request(), make_request(), user) == "Your role does not allow this."


def test_practice_is_not_joined_with_what_patients_sent(reception):
    real, training = make_request(), make_request()
    AppointmentRequest.objects.filter(pk=training.pk).update(kind=Kind.PRACTICE)
    for pair in ((real, training), (training, real)):
        with pytest.raises(Refused):
            joined(*pair, reception)
    assert not Merge.objects.exists()


@pytest.mark.parametrize("status", [Status.ANSWERED, Status.DECLINED, Status.WITHDRAWN, Status.CLOSED])
def test_only_open_requests_are_joined(reception, status):
    ended, free = make_request(status=status, by=reception), make_request()
    assert "Only open requests" in refused(ended, free, reception)
    assert "Only open requests" in refused(free, ended, reception)


def test_what_is_held_as_spam_is_judged_first(reception):
    held, free = make_request(), make_request()
    AppointmentRequest.objects.filter(pk=held.pk).update(held_because=HeldBecause.DECOY)
    assert "held as spam" in refused(held, free, reception)
    assert "held as spam" in refused(free, held, reception)


def test_an_agreed_time_to_come_is_not_closed_away_but_one_that_is_past_is(reception):
    agreed, free = make_request(status=Status.AGREED, by=reception), make_request()
    assert "agreed time still to come" in refused(free, agreed, reception)
    with time_machine.travel(timezone.now() + timedelta(days=8)):
        _kept, merged = joined(free, agreed, reception)
    assert merged.merged_into == free


def test_what_is_joined_is_joined_once(reception):
    _kept, merged = joined(make_request(), make_request(), reception)
    third = make_request()
    for pair in ((third, merged), (merged, third)):
        with pytest.raises(Refused, match="already"):
            joined(*pair, reception)


def test_a_way_to_reach_the_patient_stays(reception):
    by_phone, by_mail = make_request(email=""), make_request(phone="")
    with pytest.raises(Unfit):
        joined(by_phone, by_mail, reception, phone="other")
    assert not Merge.objects.exists()


@pytest.mark.parametrize("choice", ["", "both", None, 1])
def test_a_choice_is_one_of_the_two(reception, choice):
    with pytest.raises(Unfit):
        joined(make_request(), make_request(), reception, full_name=choice)


@pytest.mark.parametrize("changed", ["kept", "merged"])
def test_joining_on_an_old_look_is_refused(reception, changed):
    pair = {"kept": make_request(), "merged": make_request()}
    moved(pair[changed], "add", by=None, words="More.")
    with pytest.raises(Stale):
        workflow.merge(pair["kept"], pair["merged"], choices={}, by=reception.as_actor(), seen_revision=1, seen_other=1)
    assert not Merge.objects.exists()


def test_the_same_press_twice_joins_once(reception):
    pair = make_request(), make_request()
    for _press in range(2):
        workflow.merge(*pair, choices={}, by=reception.as_actor(), seen_revision=1, seen_other=1)
    assert (Merge.objects.count(), Event.objects.filter(verb="request.merged").count()) == (1, 1)


def test_joined_requests_take_no_move_of_staff(reception):
    _kept, merged = joined(make_request(), make_request(), reception)
    for name in workflow.moves_of("staff"):
        assert not workflow.can_move(merged, name, by=reception.as_actor())


# Where the other one leads


def test_its_private_links_show_the_one_that_stays_and_act_on_it(client, reception):
    kept, merged = make_request(phone=""), make_request(procedure="", email="")
    token = link_to(merged)
    kept, merged = joined(kept, merged, reception)
    page = client.get(f"/appointments/track/{token}/")
    text = page.content.decode()
    assert kept.reference in text
    assert merged.reference not in text
    done = client.post(f"{page.request['PATH_INFO']}add/", {"words": "I walk with a stick."})
    assert done.status_code == 303
    assert kept.amendments.get().words == "I walk with a stick."
    assert not merged.amendments.exists()


def test_a_press_on_a_page_that_was_open_before_acts_on_the_one_that_stays(reception):
    kept, merged = make_request(), make_request()
    seen = AppointmentRequest.objects.get(pk=merged.pk)
    kept, merged = joined(kept, merged, reception)
    moved_one = workflow.move_by_patient(seen, "withdraw", by=Actor.patient())
    assert (moved_one.pk, moved_one.status) == (kept.pk, Status.WITHDRAWN)


def test_a_chain_leads_to_its_end_in_one_step(client, reception):
    first, second, third = make_request(), make_request(), make_request()
    token = link_to(first)
    joined(second, first, reception)
    joined(third, second, reception)
    for each in (first, second):
        each.refresh_from_db()
        assert each.merged_into == third
    text = client.get(f"/appointments/track/{token}/", follow=True).content.decode()
    assert third.reference in text
    with pytest.raises(Refused, match=second.reference):
        workflow.unmerge(first, by=reception.as_actor())
    workflow.unmerge(second, by=reception.as_actor())
    for each in (first, second):
        each.refresh_from_db()
    assert (first.merged_into, second.merged_into) == (second, None)
    workflow.unmerge(first, by=reception.as_actor())
    first.refresh_from_db()
    assert first.merged_into is None


def test_the_form_of_the_other_one_sent_again_changes_the_one_that_stays(reception):
    token, answers = new_token(), make_answers(full_name="Ana Maria", matter="My leg.")
    merged = submit(answers, token=token).request
    kept, merged = joined(make_request(), merged, reception)
    same = submit(answers, token=token)
    assert (same.request, same.outcome) == (kept, "same")
    assert workflow.was_sent(answers, token=token)
    other = answers | {"matter": "My leg, and my foot."}
    changed = submit(other, token=token)
    assert (changed.request, changed.outcome) == (kept, "amended")
    kept.refresh_from_db()
    assert kept.matter == "My leg, and my foot."
    assert kept.amendments.get().before["matter"] == "My back hurts since I fell."
    assert submit(other, token=token).outcome == "same"
    assert submit(answers, token=token).outcome == "amended"
    assert AppointmentRequest.objects.count() == 2


def test_the_form_of_the_one_that_stays_is_known_again_though_another_name_was_chosen(reception):
    token, answers = new_token(), make_answers(full_name="Ana Obrien")
    kept = submit(answers, token=token).request
    joined(kept, make_request(full_name="Ana O’Brien"), reception, full_name="other")
    assert submit(answers | {"matter": "Worse."}, token=token).outcome == "amended"
    assert submit(answers | {"full_name": "Bea Well"}, token=token).outcome == "another"


def test_a_lost_link_of_the_other_one_is_sent_to_the_one_that_stays(reception):
    kept, merged = joined(make_request(), make_request(email="old@example.org"), reception)
    Message.objects.all().delete()
    workflow.send_link(reference=merged.reference, contact="old@example.org", by=Actor.visitor())
    sent = Message.objects.get()
    assert (sent.recipient, sent.about_id) == ("ana@example.org", str(kept.pk))
    assert kept.reference in sent.text
    assert merged.reference not in sent.text


# Taken apart


def made_rich(reception):
    """Return two requests with times, questions, calls and messages of all kinds."""
    kept = make_request(status=Status.WAITING, by=reception, preferences={"times": ["0-morning"], "sooner": True})
    merged = claimed_request(reception, full_name="Ana Maria", date_of_birth="1950-02-01", helper={"full_name": "Bo"})
    merged = moved(merged, "ask", by=reception, question="Which leg?")
    merged = moved(merged, "offer", by=reception, times=[make_time(days=5), make_time(days=6)])
    Message.objects.about(merged).filter(purpose="received").update(state=State.UNDELIVERABLE, attempts=9)
    workflow.email_came_back(merged, by=reception.as_actor())
    merged = moved(merged, "snooze", by=reception, until={"until": timezone.now() + timedelta(days=2)})
    return kept, merged


def test_taking_apart_brings_both_back_exactly(reception, hours):
    with time_machine.travel(MONDAY_MORNING, tick=False) as clock:
        kept, merged = made_rich(reception)
        before = everything(kept, merged)
        clock.shift(timedelta(hours=5))
        joined(kept, merged, reception, **dict.fromkeys(workflow.CHOSEN, "other"))
        assert everything(kept, merged) != before
        clock.shift(timedelta(hours=5))
        workflow.unmerge(merged, by=reception.as_actor())
        assert everything(kept, merged) == before
    made = Merge.objects.get()
    assert (made.undone_at, made.before) == (MONDAY_MORNING + timedelta(hours=10), {})
    assert [Event.objects.about(each).first().verb for each in (kept, merged)] == ["request.unmerged"] * 2
    with pytest.raises(Refused, match="not joined"):
        workflow.unmerge(merged, by=reception.as_actor())


def test_what_was_taken_apart_can_be_joined_again_the_other_way_round(reception):
    one, other = make_request(), make_request()
    joined(one, other, reception)
    workflow.unmerge(other, by=reception.as_actor())
    kept, merged = joined(other, one, reception)
    assert merged.merged_into == kept == other


def test_a_message_that_left_meanwhile_is_not_sent_twice(reception):
    kept, merged = make_request(), make_request()
    joined(kept, merged, reception)
    Message.objects.about(merged).update(state=State.SENT, sent_at=timezone.now())
    workflow.unmerge(merged, by=reception.as_actor())
    assert Message.objects.about(merged).get().state == State.SENT


def test_hours_that_changed_meanwhile_count_for_both(reception, hours):
    with time_machine.travel(MONDAY_MORNING, tick=False):
        kept, merged = make_request(), make_request()
        joined(kept, merged, reception)
        Closure.objects.create(date="2026-11-23")
        workflow.recompute_due()
        workflow.unmerge(merged, by=reception.as_actor())
        assert workflow.recompute_due() == 0


def test_a_first_answer_by_telephone_since_is_not_forgotten(reception):
    kept, merged = claimed_request(reception, email=""), make_request()
    kept = moved(kept, "ask", by=reception, question="Which leg?")
    joined(kept, merged, reception)
    call = next(call for call in workflow.calls_about(kept)[0] if call.purpose == "question")
    reached(kept, {call.key}, by=reception)
    workflow.unmerge(merged, by=reception.as_actor())
    kept.refresh_from_db()
    assert kept.first_answered_at is not None
    assert kept.status == Status.WAITING


def test_after_another_move_the_other_one_is_opened_again_beside_it(reception):
    kept, merged = make_request(), make_request(full_name="Ana Maria")
    before = everything(merged)[0]
    kept, merged = joined(kept, merged, reception, full_name="other")
    kept = moved(kept, "add", by=None, words="More.")
    with pytest.raises(Refused, match=f"open {merged.reference} again"):
        workflow.unmerge(merged, by=reception.as_actor())
    merged = workflow.unmerge(merged, by=reception.as_actor(), keeps=True)
    assert everything(merged)[0] == before
    kept.refresh_from_db()
    assert (kept.full_name, kept.holder, kept.status) == ("Ana Maria", reception, Status.IN_PROGRESS)


def test_who_does_not_answer_requests_takes_none_apart(reception, editor):
    _kept, merged = joined(make_request(), make_request(), reception)
    with pytest.raises(Refused):
        workflow.unmerge(merged, by=editor.as_actor())
    merged.refresh_from_db()
    assert merged.merged_into is not None


@pytest.mark.parametrize("is_second_into_first", [True, False])
def test_what_was_joined_last_is_taken_apart_first(reception, is_second_into_first):
    kept, first, second = make_request(full_name="Ana Uno"), make_request(full_name="Ana Dos"), make_request()
    before = everything(kept, first, second)
    joined(kept, first, reception, full_name="other")
    last = (
        joined(kept, second, reception, full_name="other") if is_second_into_first else joined(second, kept, reception)
    )
    for merged in (last[1], first):
        workflow.unmerge(merged, by=reception.as_actor())
    assert everything(kept, first, second) == before


# They are two


def test_siblings_with_one_address_stay_two(reception, reception2):
    one, other = make_request(full_name="Ana Lee"), make_request(full_name="Bo Lee")
    for user in (reception, reception2):
        workflow.not_duplicate(other, one, by=user.as_actor())
    said = NotDuplicate.objects.get()
    assert (said.first, said.second, said.said_by) == (one, other, reception)
    assert Event.objects.filter(verb="request.not_duplicate").count() == 2
    assert {each.status for each in AppointmentRequest.objects.all()} == {Status.NEW}


# At once


@pytest.mark.django_db(transaction=True)
def test_of_two_people_who_join_crosswise_one_wins():
    rosa, ruben = make_staff("rosa", "reception"), make_staff("ruben", "reception")
    one, other = make_request(), make_request()

    def join(kept, merged, by):
        seen = {"seen_revision": 1, "seen_other": 1}
        return lambda: workflow.merge(kept, merged, choices={}, by=by.as_actor(), **seen)

    came_of = at_once(join(one, other, rosa), join(other, one, ruben))
    assert sorted(type(each).__name__ for each in came_of) == ["AppointmentRequest", "Stale"]
    assert Merge.objects.count() == 1
    assert AppointmentRequest.objects.filter(merged_into=None).count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_patient_who_presses_while_two_are_joined_is_heard():
    rosa = make_staff("rosa", "reception")
    kept, merged = make_request(), make_request()
    seen = {"seen_revision": 1, "seen_other": 1}
    came_of = at_once(
        lambda: workflow.merge(kept, merged, choices={}, by=rosa.as_actor(), **seen),
        lambda: workflow.move_by_patient(merged, "add", by=Actor.patient(), words="More."),
    )
    assert not isinstance(came_of[1], Exception), came_of
    # Whoever joins has seen what the patient said, or the patient said it of the one that stays.
    where = merged if isinstance(came_of[0], Stale) else kept
    assert where.amendments.get().words == "More."


@pytest.mark.django_db(transaction=True)
def test_two_who_take_apart_at_once_do_it_once():
    rosa = make_staff("rosa", "reception")
    kept, merged = make_request(), make_request()
    workflow.merge(kept, merged, choices={}, by=rosa.as_actor(), seen_revision=1, seen_other=1)
    part = lambda: workflow.unmerge(merged, by=rosa.as_actor())  # noqa: E731
    came_of = at_once(part, part)
    assert sorted(type(each).__name__ for each in came_of) == ["AppointmentRequest", "Refused"]
    assert Event.objects.filter(verb="request.unmerged").count() == 2


# At the desk


@pytest.fixture
def desk(client, reception):
    client.force_login(reception)
    return client


def page_of(request):
    return f"/admin/appointments/appointmentrequest/{request.pk}/duplicates/"


def join_at_the_desk(desk, asked, other, *, keep, **choices):
    seen = desk.get(f"{page_of(asked)}?with={other.reference}").context
    data = {"other": other.pk, "seen_revision": seen["asked"].revision, "seen_other": seen["other"].revision}
    data |= {name: field.initial for name, field in seen["form"].fields.items()}
    return desk.post(f"{page_of(asked)}join/", data | {"keep": keep.pk} | choices)


@pytest.mark.parametrize("keeps_this_one", [True, False])
def test_the_desk_joins_two_by_choosing_values(desk, reception, keeps_this_one):
    asked, other = make_request(matter="My back."), make_request(full_name="Ana Maria", phone="", matter="My leg.")
    page = desk.get(page_of(asked)).content.decode()
    for words in ("My back.", "My leg.", "Ana Maria", "What both say"):
        assert words in page
    kept, merged = (asked, other) if keeps_this_one else (other, asked)
    done = join_at_the_desk(desk, asked, other, keep=kept, full_name=other.pk)
    assert done.url == address(kept)
    for each in (kept, merged):
        each.refresh_from_db()
    assert (kept.full_name, kept.phone, merged.merged_into) == ("Ana Maria", "(206) 555-0123", kept)
    kept_sheet, merged_sheet = (desk.get(address(each)).content.decode() for each in (kept, merged))
    assert "Joined with this request" in kept_sheet
    for words in ("My back.", "My leg.", merged.reference):
        assert words in kept_sheet
    assert f"This request is joined with {kept.reference}" in merged_sheet
    assert f'href="{address(kept)}' in merged_sheet
    assert "My leg." in merged_sheet or "My back." in merged_sheet


def test_what_the_one_that_stays_said_itself_can_still_be_read(desk, reception):
    kept = make_request(
        full_name="Ana Obrien", date_of_birth="1950-02-01", helper={"full_name": "Bo"}, phone="555 7777"
    )
    merged = make_request(full_name="Ana O’Brien", wish="question")
    kept, _merged = joined(kept, merged, reception, **dict.fromkeys(workflow.CHOSEN, "other"))
    page = desk.get(address(kept)).content.decode()
    for words in ("What this request said itself until then", "Ana Obrien", "Feb 1, 1950", "Bo", "555 7777"):
        assert words in page
    assert (kept.full_name, kept.helper, kept.date_of_birth) == ("Ana O’Brien", None, None)


def test_the_desk_takes_apart_and_says_what_happened_in_words(desk, reception):
    kept, merged = joined(make_request(), make_request(), reception)
    assert "Both will be as they were before" in desk.get(page_of(merged)).content.decode()
    assert desk.post(f"{page_of(merged)}apart/").url == address(merged)
    merged.refresh_from_db()
    assert merged.merged_into is None
    page = desk.get(address(merged)).content.decode()
    for words in ("Joined it with another request", "Took two joined requests apart"):
        assert words in page
    assert "Joined another request with it" in desk.get(address(kept)).content.decode()


def test_the_desk_opens_the_other_one_again_when_the_first_moved_on(desk, reception):
    kept, merged = joined(make_request(), make_request(), reception)
    moved(kept, "add", by=None, words="More.")
    page = desk.get(page_of(merged)).content.decode()
    assert "Both will be as they were" not in page
    assert f"Open {merged.reference} again beside it" in page
    assert desk.post(f"{page_of(merged)}apart/").status_code == 409
    assert desk.post(f"{page_of(merged)}beside/").url == address(merged)
    merged.refresh_from_db()
    assert merged.status == Status.NEW


def test_all_links_that_open_the_one_that_stays_are_listed_and_revoked_beside_its_messages(client, desk, reception):
    kept, merged = make_request(), make_request()
    token = link_to(merged)
    kept, merged = joined(kept, merged, reception)
    link = merged.tracking_links.latest("pk")
    assert link.pk in {line["pk"] for line in desk.get(messages_of(kept)).context["links"]}
    desk.post(f"/admin/appointments/appointmentrequest/{kept.pk}/links/{link.pk}/revoke/")
    assert client.get(f"/appointments/track/{token}/").status_code == 404
    other = make_request().tracking_links.first()
    assert desk.post(f"/admin/appointments/appointmentrequest/{kept.pk}/links/{other.pk}/revoke/").status_code == 404


def test_a_refused_joining_shows_the_page_again_with_what_was_chosen(desk, reception2):
    asked, other = make_request(), make_request(full_name="Ana Maria")
    seen = desk.get(page_of(asked)).context
    moved(other, "claim", by=reception2)
    data = {"other": other.pk, "seen_revision": 1, "seen_other": 1, "keep": asked.pk, "full_name": other.pk}
    answer = desk.post(f"{page_of(asked)}join/", data)
    assert answer.status_code == 409
    text = answer.content.decode()
    assert "Nothing was changed" in text
    assert f"Ruben Rask holds {other.reference}" in text
    assert seen["other"] == other
    assert answer.context["form"]["full_name"].value() == str(other.pk)
    assert not Merge.objects.exists()


@pytest.mark.parametrize("typed", [{}, {"full_name": "x"}, {"full_name": "999999"}])
def test_a_joining_without_all_choices_asks_for_them(desk, typed):
    asked, other = make_request(), make_request(full_name="Ana Maria")
    data = {"other": other.pk, "seen_revision": 1, "seen_other": 1, "keep": asked.pk}
    answer = desk.post(f"{page_of(asked)}join/", data | typed)
    assert answer.status_code == 422
    assert "Choose one" in answer.content.decode()
    assert not Merge.objects.exists()


def test_choosing_no_way_to_reach_the_patient_is_said_beside_the_choice(desk):
    asked, other = make_request(email=""), make_request(phone="")
    answer = join_at_the_desk(desk, asked, other, keep=asked, phone=other.pk, email=asked.pk)
    assert answer.status_code == 422
    assert "Keep an email address or a telephone number" in str(answer.context["form"].errors["phone"])


@pytest.mark.parametrize("other", ["", "0", "abc", "999999999999", "itself"])
def test_a_press_about_no_other_request_is_not_found(desk, other):
    asked = make_request()
    data = {"other": asked.pk if other == "itself" else other, "seen_revision": 1, "seen_other": 1, "keep": 1}
    for name in ("join", "two"):
        assert desk.post(f"{page_of(asked)}{name}/", data).status_code == 404
    assert desk.post(f"{page_of(asked)}explode/").status_code == 404


@pytest.mark.parametrize("typed", ["XXXX-XXXX", "<b>", "x" * 300])
def test_a_reference_that_leads_nowhere_says_so(desk, typed):
    asked = make_request()
    answer = desk.get(page_of(asked), {"with": typed})
    assert answer.status_code == 200
    assert "No other request has this reference." in answer.content.decode()


def test_the_page_is_a_reading_of_both(desk, reception):
    asked, other = make_request(), make_request()
    desk.get(page_of(asked))
    desk.head(page_of(asked))
    for each in (asked, other):
        assert Event.objects.about(each).filter(verb="request.read", actor_id=reception.pk).count() == 1
    assert desk.get(f"{page_of(asked)}join/").status_code == 302


def test_the_desk_says_that_they_are_two(desk):
    asked, other = make_request(), make_request()
    assert desk.post(f"{page_of(asked)}two/", {"other": other.pk}).status_code == 302
    assert "May be the same" not in desk.get(address(asked)).content.decode()
    again = desk.get(page_of(asked), {"with": other.reference}).content.decode()
    assert "that these are two" in again


def test_a_sealed_other_one_leads_back_to_the_queue(desk):
    asked, other = make_request(), make_request()
    with connection.cursor() as cursor:
        cursor.execute("UPDATE appointments_appointmentrequest SET matter = 'spoilt' WHERE id = %s", [other.pk])
    answer = desk.get(page_of(asked), follow=True)
    assert answer.redirect_chain == [("/admin/appointments/appointmentrequest/", 302)]
    assert desk.get(address(asked)).status_code == 200


def test_a_press_on_the_sheet_of_a_joined_request_is_refused_in_words(desk, reception):
    kept, merged = joined(make_request(), make_request(), reception)
    assert press(desk, merged, "reopen").status_code == 409
    found = desk.get("/admin/appointments/appointmentrequest/", {"q": merged.reference}).content.decode()
    assert f"Joined with {kept.reference}" in found


def test_names_that_look_like_markup_are_shown_as_typed(desk):
    asked, other = make_request(full_name="<b>Ana</b>"), make_request(full_name="<i>Ana</i>")
    page = desk.get(page_of(asked)).content.decode()
    assert "&lt;b&gt;Ana" in page
    assert "<i>Ana" not in page
    assert other.reference in page

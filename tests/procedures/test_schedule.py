"""Publishing at a time: who sets it, what ends it, and what the sender does when it has come."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction
from django.utils import timezone, translation

from audit.models import Event
from clinic import status
from outbox import chores
from outbox.models import Message
from procedures import publishing
from procedures.models import ProcedureVersion, State
from procedures.publishing import going_live
from procedures.sections import section_named
from tests.at_once import at_once
from tests.procedures.desk import press, signed_in
from tests.procedures.factories import (
    COMMAND,
    figure,
    make_condition,
    make_draft,
    make_in_review,
    make_page,
    make_procedure,
    make_published,
    make_signed_off,
    save,
)

pytestmark = pytest.mark.django_db

HERE = ZoneInfo("America/Los_Angeles")
NOW = datetime(2026, 10, 1, 9, tzinfo=HERE)
AT = NOW + timedelta(hours=1)


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False) as clock:
        yield clock


def schedule(*versions, by, at=AT):
    return publishing.schedule(versions=versions, at=at, by=by.as_actor())


def now(version):
    return type(version).objects.get(pk=version.pk)


def pair(**spanish):
    subject = make_procedure()
    return make_signed_off(make_page(subject)), make_signed_off(make_page(subject, language="es"), **spanish)


def verbs(version):
    return list(Event.objects.about(version).values_list("verb", flat=True))


def trouble():
    return {part.name: part.trouble for part in status.parts()}["schedules"]


# Setting a time


def test_a_manager_sets_a_time_and_the_sender_publishes_then_on_their_behalf(manager, clock):
    [version] = schedule(make_signed_off(), by=manager)
    assert (version.state, version.publish_at, version.publish_at_by) == (State.SIGNED_OFF, AT, manager)
    assert publishing.publish_due() == 0
    clock.move_to(AT)
    assert dict(chores.chores())["publish what is due"]() == 1
    assert publishing.publish_due() == 0
    live = now(version)
    assert (live.state, live.publish_at, live.publish_at_by, live.publish_group) == (State.PUBLISHED, None, None, None)
    event = Event.objects.get(verb="version.published")
    assert (event.actor_kind, event.actor_name, event.actor_id, event.actor_role) == (
        *("command", "publish_due", manager.pk, "manager"),
    )
    assert event.actor_words == f"publish_due for staff number {manager.pk}"
    assert "version.unscheduled" not in verbs(version)


def test_the_command_publishes_what_is_due_and_says_how_much(manager, clock, capsys):
    schedule(make_signed_off(make_page(make_condition())), by=manager)
    clock.move_to(AT)
    call_command("publish_due")
    assert capsys.readouterr().out == "Published: 1.\n"


@pytest.mark.parametrize("make", [make_draft, make_in_review, make_published])
def test_only_what_is_signed_off_gets_a_time(make, manager):
    with pytest.raises(publishing.Refused, match="cannot be done now"):
        schedule(make(), by=manager)


@pytest.mark.parametrize("who", ["editor", "reviewer", "reception", "auditor"])
def test_who_may_not_publish_sets_no_time_and_takes_none_back(who, request, manager):
    person, version = request.getfixturevalue(who), make_signed_off()
    with pytest.raises(publishing.Refused, match="role"):
        schedule(version, by=person)
    schedule(version, by=manager)
    with pytest.raises(publishing.Refused, match="role"):
        publishing.unschedule(version=version, by=person.as_actor())
    assert now(version).publish_at == AT


def test_a_command_sets_no_time_since_nobody_would_answer_for_it():
    with pytest.raises(publishing.Refused, match="answers for it"):
        publishing.schedule(versions=[make_signed_off()], at=AT, by=COMMAND)


@pytest.mark.parametrize("at", [NOW, NOW - timedelta(seconds=1), NOW + timedelta(days=366)])
def test_the_time_lies_in_the_coming_year(manager, at):
    with pytest.raises(publishing.Unfit) as refused:
        schedule(make_signed_off(), by=manager, at=at)
    assert refused.value.field == "day"


def test_what_could_not_be_published_now_gets_no_time(manager):
    english, spanish = pair(sections={"figures": [figure(high=90)]})
    publishing.publish(versions=[spanish], by=COMMAND)
    with pytest.raises(publishing.Refused, match="figures differ"):
        schedule(english, by=manager)


def test_a_time_for_something_else_than_was_seen_is_refused(manager):
    version = make_signed_off()
    with pytest.raises(publishing.Stale):
        publishing.schedule(
            versions=[version], at=AT, by=manager.as_actor(), seen_revisions={version.pk: version.revision - 1}
        )


def test_another_time_replaces_the_first(manager, clock):
    version = make_signed_off()
    schedule(version, by=manager)
    schedule(version, by=manager, at=AT + timedelta(hours=1))
    clock.move_to(AT)
    assert publishing.publish_due() == 0
    clock.move_to(AT + timedelta(hours=1))
    assert publishing.publish_due() == 1


# What ends it


@pytest.mark.parametrize(
    "end",
    [
        lambda version, by: publishing.unschedule(version=version, by=by),
        lambda version, by: publishing.ask_for_changes(version=version, words="No.", by=by),
    ],
)
def test_what_ends_a_time_ends_it_for_all_languages_with_an_event(end, manager, clock):
    english, spanish = schedule(*pair(), by=manager)
    end(english, manager.as_actor())
    clock.move_to(AT)
    assert publishing.publish_due() == 0
    assert now(spanish).publish_at is None
    assert "version.unscheduled" in verbs(english)
    assert "version.unscheduled" in verbs(spanish)


def test_publishing_by_hand_ends_the_time(manager, clock):
    [version] = schedule(make_signed_off(), by=manager)
    publishing.publish(versions=[version], by=manager.as_actor())
    assert verbs(version)[:2] == ["version.published", "version.unscheduled"]
    clock.move_to(AT)
    assert publishing.publish_due() == 0


def test_a_page_that_is_withdrawn_does_not_come_back_by_itself(manager, clock):
    live = make_published()
    [version] = schedule(make_signed_off(live.page), by=manager)
    publishing.withdraw_page(page=live.page, by=manager.as_actor())
    clock.move_to(AT)
    assert (publishing.publish_due(), now(version).publish_at) == (0, None)


def test_no_time_is_taken_back_where_none_is_set(manager):
    with pytest.raises(publishing.Refused, match="No time is set"):
        publishing.unschedule(version=make_signed_off(), by=manager.as_actor())


# When it has come


def test_versions_that_were_scheduled_together_go_together(manager, clock):
    english, spanish = schedule(*pair(), by=manager)
    clock.move_to(AT)
    assert publishing.publish_due() == 2
    assert now(english).published_at == now(spanish).published_at == AT


def make_refused(version):
    """Let a scheduled version be one that cannot be published any more."""
    ProcedureVersion.objects.filter(pk=version.pk).update(summary="")


def test_one_refusal_holds_back_its_own_languages_and_nothing_else(manager, clock):
    english, spanish = schedule(*pair(), by=manager)
    [other] = schedule(make_signed_off(), by=manager)
    make_refused(spanish)
    clock.move_to(AT)
    assert publishing.publish_due() == 1
    assert now(other).state == State.PUBLISHED
    for version in map(now, (english, spanish)):
        assert (version.state, version.publish_at, version.publish_refused_at) == (State.SIGNED_OFF, AT, AT)
        assert "Write the summary" in str(version.publish_refusal)
    with translation.override("es"):
        assert str(now(english).publish_refusal) == str(now(english).publish_refusal["es"])
        assert "summary" not in str(now(english).publish_refusal)
    assert verbs(english)[0] == "version.schedule_refused"
    assert Message.objects.get(purpose="page_not_published").recipient == manager.email


def test_a_refusal_is_not_tried_again_until_somebody_decides(manager, clock):
    [version] = schedule(make_signed_off(), by=manager)
    make_refused(version)
    clock.move_to(AT)
    publishing.publish_due()
    ProcedureVersion.objects.filter(pk=version.pk).update(summary=version.summary)
    assert publishing.publish_due() == 0
    schedule(version, by=manager, at=AT + timedelta(hours=1))
    assert not trouble()
    clock.move_to(AT + timedelta(hours=1))
    assert publishing.publish_due() == 1


@pytest.mark.parametrize("leaves", [lambda user: setattr(user, "is_active", False), lambda user: user.set_roles([])])
def test_the_time_of_somebody_who_may_no_longer_publish_does_not_fire(leaves, manager, clock):
    [version] = schedule(make_signed_off(), by=manager)
    leaves(manager)
    manager.save()
    clock.move_to(AT)
    assert publishing.publish_due() == 0
    assert "may no longer publish" in str(now(version).publish_refusal)
    assert trouble()


def test_a_failure_of_one_holds_up_nothing_else_and_is_tried_again(manager, clock, monkeypatch):
    [first] = schedule(make_signed_off(), by=manager)
    [second] = schedule(make_signed_off(), by=manager)
    freeze = going_live.freeze

    def fail(version):
        if version.pk == first.pk:
            raise OSError("the disk is full")
        return freeze(version)

    clock.move_to(AT)
    with monkeypatch.context() as broken:
        broken.setattr(going_live, "freeze", fail)
        assert publishing.publish_due() == 1
    assert (now(first).state, now(first).publish_at, now(second).state) == (State.SIGNED_OFF, AT, State.PUBLISHED)
    assert publishing.publish_due() == 1


def test_a_sender_that_was_down_publishes_late_and_once(manager, clock):
    [version] = schedule(make_signed_off(), by=manager)
    clock.move_to(AT + timedelta(minutes=10))
    assert not trouble()
    clock.move_to(AT + timedelta(days=3))
    assert trouble() == "1 versions of pages were not published at their time. The editorial desk says why."
    assert [publishing.publish_due(), publishing.publish_due()] == [1, 0]
    assert (now(version).published_at, trouble()) == (timezone.now(), "")


@pytest.mark.django_db(transaction=True)
def test_two_senders_at_once_publish_once(manager, clock):
    schedule(*pair(), by=manager)
    clock.move_to(AT)
    came_of = at_once(publishing.publish_due, publishing.publish_due, publishing.publish_due)
    assert sum(each for each in came_of if isinstance(each, int)) == 2
    if connection.vendor == "postgresql":
        assert sorted(came_of) == [0, 0, 2]
    assert Event.objects.filter(verb="version.published").count() == 2


@pytest.mark.django_db(transaction=True)
def test_a_sender_and_whoever_takes_the_time_back_do_not_pass_each_other(manager, clock):
    [version] = schedule(make_signed_off(), by=manager)
    clock.move_to(AT)
    at_once(publishing.publish_due, lambda: publishing.unschedule(version=version, by=manager.as_actor()))
    assert now(version).publish_at is None
    assert ("version.published" in verbs(version)) != ("version.unscheduled" in verbs(version))


def test_the_database_keeps_no_time_for_what_is_not_signed_off(manager):
    draft = make_draft()
    with pytest.raises(IntegrityError), transaction.atomic():
        ProcedureVersion.objects.filter(pk=draft.pk).update(publish_at=AT, publish_at_by=manager)


# At the desk


def test_a_manager_sets_a_time_at_the_desk_and_takes_it_back(manager):
    version, client = make_signed_off(), signed_in(manager)
    page = press(client, version, "schedule", day="2026-10-02", time="07:30")
    assert page.status_code == 302
    text = client.get(page.url).content.decode()
    assert now(version).publish_at == datetime(2026, 10, 2, 7, 30, tzinfo=HERE)
    assert "To be published" in text
    assert "Mara Moss" in text
    assert press(client, now(version), "unschedule").status_code == 302
    assert now(version).publish_at is None


def test_all_languages_get_one_time_together(manager):
    english, spanish = pair()
    press(signed_in(manager), english, "schedule_together", day="2026-10-02", time="07:30")
    assert now(english).publish_group == now(spanish).publish_group is not None


@pytest.mark.parametrize(
    ("day", "time", "words"),
    [
        ("2027-03-14", "02:30", "Clocks skip this time"),
        ("2026-11-01", "01:30", "Clocks show this time twice"),
        ("2026-09-30", "10:00", "yet to come"),
        ("9999-12-31", "23:59", "within the next 365 days"),
        ("tomorrow", "noon", "Enter the day, such as"),
        ("", "", "Enter the time."),
    ],
)
def test_a_time_that_cannot_be_is_told_beside_its_field_and_kept(day, time, words, manager):
    version = make_signed_off()
    page = press(signed_in(manager), version, "schedule", day=day, time=time)
    assert page.status_code == 422
    text = page.content.decode()
    assert words in text
    assert f'value="{day}"' in text or not day
    assert now(version).publish_at is None


@pytest.mark.parametrize("name", ["schedule", "schedule_together", "unschedule"])
def test_no_button_sets_a_time_for_an_editor(name, editor, manager):
    english, _spanish = schedule(*pair(), by=manager)
    page = press(signed_in(editor), english, name, day="2026-10-02", time="07:30")
    assert (page.status_code, now(english).publish_at) == (409, AT)
    if name != "unschedule":
        assert "2026-10-02 07:30" in page.content.decode()


def test_a_missed_time_is_told_on_the_version_with_what_to_do(manager, clock):
    [version] = schedule(make_signed_off(), by=manager)
    make_refused(version)
    clock.move_to(AT)
    publishing.publish_due()
    text = signed_in(manager).get(f"/admin/procedures/procedureversion/{version.pk}/change/").content.decode()
    for words in ("not published at its time", "Write the summary", "ask for changes"):
        assert words in text


def test_a_draft_shows_no_button_for_a_time(manager):
    text = signed_in(manager).get(f"/admin/procedures/procedureversion/{make_draft().pk}/change/").content.decode()
    assert "Set a time" not in text


def test_a_clinical_change_takes_the_time_back_and_a_harmless_one_keeps_it(manager, editor):
    [version] = schedule(make_signed_off(), by=manager)
    names = section_named(version, "names").read(version)
    version = save(version, "names", names | {"synonyms": ["balloon"]}, by=editor.as_actor())
    assert (version.state, version.publish_at) == (State.SIGNED_OFF, AT)
    version = save(version, "names", names | {"summary": "It heals all."}, by=editor.as_actor())
    assert (version.state, version.publish_at) == (State.DRAFT, None)

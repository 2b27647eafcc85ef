"""Removing a request wholly: all that hangs on it goes, nothing of others does, and events stay."""

import pytest
from django.db import connection, models
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from appointments import workflow
from appointments.models import (
    Alert,
    AppointmentRequest,
    LinkAsked,
    NotDuplicate,
    PhoneTask,
    SentForm,
)
from appointments.references import new_token
from appointments.removing import remove_requests
from audit.models import Event
from outbox.models import Message
from tests.appointments.factories import claimed_request, link_to, make_request, moved, submit

pytestmark = pytest.mark.django_db

# What is told of a request by more than a row that is deleted with it.
BESIDES = {
    "appointments.SentForm.request": models.SET_NULL,
    "appointments.AppointmentRequest.merged_into": models.PROTECT,
}


def relations():
    """Return each foreign key that leads to a request."""
    return [each.field for each in AppointmentRequest._meta.related_objects]


def joined(kept, merged, by):
    for each in (kept, merged):
        each.refresh_from_db()
    seen = {"seen_revision": kept.revision, "seen_other": merged.revision}
    workflow.merge(kept, merged, choices={}, by=by.as_actor(), **seen)


def make_rich(by):
    """Return a request on which all sorts of things hang."""
    asked = claimed_request(by, full_name="Ana Removed")
    for name in ("ask", "reply", "add"):
        words = {"ask": {"question": "Since when?"}, "reply": {"reply": "May."}, "add": {"words": "More."}}
        asked = moved(asked, name, by=by, **words.get(name, {}))
    workflow.write_note(asked, "She called.", by=by.as_actor(), token=new_token())
    PhoneTask.objects.create(request=asked, purpose="x", because="no_email", message=Message.objects.first())
    Alert.objects.create(request=asked, kind="urgent", of_turn=timezone.now())
    LinkAsked.objects.create(reference=asked.reference, contact="ana@example.org")
    link_to(asked)
    return asked


def test_every_way_to_a_request_is_one_that_removing_goes():
    for field in relations():
        expected = BESIDES.get(f"{field.model._meta.label}.{field.name}", models.CASCADE)
        assert field.remote_field.on_delete is expected, field


def test_all_that_hangs_on_it_goes_and_events_stay(reception):
    asked, other = make_rich(reception), claimed_request(reception)
    NotDuplicate.objects.create(first=asked, second=other, said_by=reception)
    events = Event.objects.count()
    assert remove_requests([asked.pk]) == 1
    for field in relations():
        assert not field.model._base_manager.filter(**{field.name: asked.pk}).exists(), field
    assert not Message.objects.about(asked).exists()
    assert not LinkAsked.objects.exists()
    assert Event.objects.count() == events
    assert AppointmentRequest.of_every_kind.get() == other
    assert Message.objects.about(other).exists()


def test_a_form_that_was_sent_stays_known_so_that_it_makes_no_second_request():
    asked = submit(token="once").request
    remove_requests([asked.pk])
    assert SentForm.objects.get().request is None
    with pytest.raises(workflow.Erased):
        submit(token="once")
    assert not AppointmentRequest.of_every_kind.exists()


@pytest.mark.parametrize("gone", [{"kept"}, {"merged"}, {"kept", "merged"}])
def test_what_is_joined_goes_together_or_leads_nowhere(reception, gone):
    rows = {"kept": claimed_request(reception), "merged": claimed_request(reception)}
    joined(**rows, by=reception)
    assert remove_requests([rows[name].pk for name in gone]) == len(gone)
    left = AppointmentRequest.of_every_kind.values_list("pk", "merged_into")
    assert dict(left) == {row.pk: None for name, row in rows.items() if name not in gone}


def test_what_no_key_opens_is_removed_too(reception):
    asked = make_rich(reception)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE appointments_appointmentrequest SET full_name = 'spoilt', matter = 'spoilt'")
        cursor.execute("UPDATE outbox_message SET text = 'spoilt', recipient = 'spoilt'")
    assert remove_requests([asked.pk]) == 1


def test_nothing_to_remove_is_nothing_done(django_assert_num_queries):
    with django_assert_num_queries(3):
        assert remove_requests([0]) == 0


def test_it_costs_as_many_questions_for_many_as_for_few(reception):
    few, many = [make_request() for _each in range(2)], [make_request() for _each in range(6)]
    with CaptureQueriesContext(connection) as for_few:
        remove_requests([each.pk for each in few])
    with CaptureQueriesContext(connection) as for_many:
        remove_requests([each.pk for each in many])
    assert len(for_many) == len(for_few)

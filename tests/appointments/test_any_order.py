"""Whatever staff and patients do, and in whatever order: what must hold of requests holds after each step."""

import pytest
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from appointments import workflow
from appointments.admin.queue.views import VIEWS
from appointments.models import AppointmentRequest, Status
from appointments.references import new_token
from appointments.workflow import MOVES, Refused
from appointments.workflow.calling import still_stands
from outbox.models import Message, State
from tests.appointments.factories import inputs_of, is_doubly_booked, make_request, moved
from tests.clinic.factories import make_hours, make_profile

pytestmark = pytest.mark.django_db


class Desk:
    """Two requests of one patient and two people at the desk; each step is refused, or leaves all as it must be."""

    def __init__(self, people, *, email):
        self.people = people
        self.keys = [make_request(email=email).pk for _each in range(2)]

    def request(self, number):
        return AppointmentRequest.of_every_kind.get(pk=self.keys[number])

    def step(self, name, number, who):
        request, by = self.request(number), self.people[who]
        try:
            if name in MOVES:
                moved(request, name, by=by, **inputs_of(name, request))
            else:
                getattr(self, name)(request, self.request(1 - number), by.as_actor())
        except Refused:
            pass

    def undo(self, request, other, by):
        workflow.undo(request, by=by, seen_revision=request.revision)

    def merge(self, request, other, by):
        seen = {"seen_revision": request.revision, "seen_other": other.revision}
        workflow.merge(request, other, choices={"email": "other"}, by=by, **seen)

    def unmerge(self, request, other, by):
        workflow.unmerge(request, by=by)

    def unmerge_beside(self, request, other, by):
        workflow.unmerge(request, by=by, keeps=True)

    def log_call(self, request, other, by):
        said = [call.key for call in workflow.calls_about(request)[0]]
        workflow.log_call(request, "reached", by=by, token=new_token(), said=said)

    def take_back_call(self, request, other, by):
        attempt = request.contact_attempts.filter(taken_back_at=None).last()
        workflow.take_back_call(request, attempt.pk if attempt else 0, by=by)

    def call_not_made(self, request, other, by):
        for call in workflow.calls_about(request)[1]:
            workflow.call_not_made(request, call.key, by=by)

    def email_came_back(self, request, other, by):
        workflow.email_came_back(request, by=by)

    def email_arrives(self, request, other, by):
        workflow.email_arrives(request, by=by)

    def send(self, request, other, by):
        Message.objects.unsent().update(state=State.SENT, sent_at=timezone.now())


STEPS = [*MOVES, "undo", *(name for name in vars(Desk) if name[0] != "_" and name not in ("request", "step", "undo"))]
# What changes most is tried most.
OFTEN = ["claim", "offer", "agree", "ask", "undo", "merge", "unmerge", "log_call", "email_came_back", "stop_waiting"]


def check(steps):
    """Say what must hold, whatever was done."""
    assert workflow.recompute_due() == 0, steps
    requests = AppointmentRequest.of_every_kind.all()
    for request in requests:
        agreed = request.offers.agreed().count()
        assert agreed <= 1, steps
        assert (request.status == Status.AGREED) <= (agreed == 1), steps
        unsent = [*Message.objects.about(request).unsent().values_list("purpose", flat=True)]
        to_say = [call.purpose for call in workflow.calls_about(request)[0]]
        assert not request.bounced_at or not unsent, steps
        for purpose in (*unsent, *to_say):
            assert still_stands(request, purpose), (purpose, steps)
    assert not is_doubly_booked(), steps


def check_views(people):
    every = set(AppointmentRequest.of_every_kind.values_list("pk", flat=True))
    rows = AppointmentRequest.of_every_kind.all()
    shown = {pk for view in VIEWS.values() for pk in view.keep(rows, people[0]).values_list("pk", flat=True)}
    assert shown == every


moves = st.tuples(st.sampled_from([*STEPS, *OFTEN * 2]), st.integers(0, 1), st.sampled_from([0, 0, 0, 1]))


@given(st.lists(moves, min_size=6, max_size=14), st.booleans(), st.booleans())
@settings(max_examples=7, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_must_hold_holds_in_any_order(reception, reception2, steps, has_email, has_hours):
    with transaction.atomic():
        make_profile(promise_hours=8, urgent_promise_hours=2)
        if has_hours:
            make_hours()
        desk = Desk([reception, reception2], email="ana@example.org" if has_email else "")
        for step in steps:
            desk.step(*step)
        check(steps)
        check_views(desk.people)
        transaction.set_rollback(True)

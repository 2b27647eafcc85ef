"""The queue at any size: no query of it reads all requests, whichever view, page, search or press asks."""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from appointments import demonstration, workflow
from appointments.admin.queue import views
from appointments.bulk_requests import load_many
from appointments.models import AppointmentRequest, Status
from tests.appointments.factories import make_request
from tests.matrices import crossed

pytestmark = pytest.mark.django_db
QUEUE = reverse("admin:appointments_appointmentrequest_changelist")
TABLE = AppointmentRequest._meta.db_table
IS_SQLITE = connection.vendor == "sqlite"
READS_ALL = re.compile(rf"SCAN {TABLE}" if IS_SQLITE else rf"Seq Scan on {TABLE}\b")
# All queries but those of log-in, and of the audit.
OF_REQUESTS = re.compile(rf'(?<!INSERT INTO )"{TABLE}"')


@pytest.fixture
def desk(client, reception):
    """Reception's browser, signed in."""
    client.force_login(reception)
    return client


def plan_of(sql):
    """Return how the database goes about a query, as a text."""
    with connection.cursor() as cursor:
        if IS_SQLITE:
            cursor.execute(f"EXPLAIN QUERY PLAN {sql}")
            return "\n".join(row[3] for row in cursor.fetchall())
        # Of a table with few rows PostgreSQL reads all; asked not to, it does so only where no index serves.
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(f"EXPLAIN {sql}")
        return "\n".join(row[0] for row in cursor.fetchall())


def plans(act):
    """Return the plan of each query on requests that `act` runs, with its text."""
    with CaptureQueriesContext(connection) as queries:
        act()
    asked = [each["sql"] for each in queries if OF_REQUESTS.search(each["sql"])]
    return [(sql, plan_of(sql)) for sql in asked if sql.startswith("SELECT")]


def reads_all(act):
    """Return the queries that read all requests, with their plans; there must be some query at all."""
    found = plans(act)
    assert found
    return [each for each in found if READS_ALL.search(each[1])]


def a_few():
    """Make a request in each state, with dates of their own."""
    for number in range(3):
        request = make_request(email=f"{number}@example.org")
        due_at = timezone.now() + timedelta(hours=number)
        AppointmentRequest.objects.filter(pk=request.pk).update(due_at=due_at, is_urgent=number == 1)


@pytest.mark.parametrize("view", views.VIEWS)
def test_no_view_reads_all_requests(desk, view):
    a_few()
    assert reads_all(lambda: desk.get(QUEUE, {"view": view})) == []


@pytest.mark.parametrize(("view", "name"), crossed(views.VIEWS, ["after", "before"]))
def test_no_deep_page_reads_all_requests(desk, view, name):
    a_few()
    key = "-".join("1" if step.kind == "flag" else "1700000000000000" for step in views.VIEWS[view].order)
    assert reads_all(lambda: desk.get(QUEUE, {"view": view, name: key})) == []


@pytest.mark.parametrize(
    "query",
    [
        {"holder": "me"},
        {"holder": "nobody"},
        {"soon": "overdue"},
        {"soon": "urgent", "view": "all"},
        {"procedure": "none", "view": "closed"},
        {"procedure": "kyphoplasty", "view": "all"},
        {"location": "none", "view": "all"},
    ],
)
def test_no_filter_reads_all_requests(desk, query):
    a_few()
    assert reads_all(lambda: desk.get(QUEUE, query)) == []


@pytest.mark.parametrize(
    "typed", ["0@example.org", "(206) 555-0123", "nobody@example.org", "ABCD-2345", "{reference}", "ana obr"]
)
def test_no_search_reads_all_requests(desk, typed):
    a_few()
    typed = typed.format(reference=make_request().reference)
    assert reads_all(lambda: desk.post(QUEUE, {"q": typed}, follow=True)) == []


def test_the_next_one_is_claimed_without_reading_all_requests(reception):
    a_few()
    assert reads_all(lambda: workflow.claim_next(by=reception.as_actor())) == []


def test_the_desk_is_counted_without_reading_all_requests(desk):
    a_few()
    assert reads_all(lambda: desk.get(reverse("admin:index"))) == []


@pytest.mark.skipif(not IS_SQLITE, reason="PostgreSQL names the table in its plans, whatever a query calls it")
def test_the_numbers_beside_the_views_are_counted_on_indexes_alone(reception):
    a_few()
    ((_sql, plan),) = plans(lambda: views.counts(reception))
    scanned = {line for line in plan.splitlines() if line.startswith("SCAN ")}
    assert scanned <= {"SCAN counted", "SCAN U0 USING INDEX phone_task_to_do"}
    found_by_index = [line for line in plan.splitlines() if "USING INDEX request_" in line]
    assert found_by_index == [], "each row would be opened"


@pytest.mark.skipif(not IS_SQLITE, reason="PostgreSQL sorts as few rows as these by hand")
def test_views_are_served_in_their_order_where_they_may_be_long(reception):
    rows = AppointmentRequest.of_every_kind.not_heartbeat().visible_to(reception)
    sorted_by_hand = set()
    for name, view in views.VIEWS.items():
        kept = view.keep(rows, reception).order_by(*(step.term for step in view.order))
        ((_sql, plan),) = plans(lambda kept=kept: list(kept.values_list("pk", flat=True)[:51]))
        if re.search(r"USE TEMP B-TREE|Sort", plan):
            sorted_by_hand.add(name)
    # Each of these holds little: what one person has, the calls to make, the days to come, what looks like spam.
    assert sorted_by_hand <= {"mine", "calls", "agreed", "held", "spam", "practice"}


def test_the_queue_asks_no_more_with_many_requests(desk, settings):
    settings.DEMO = True
    make_request()
    few = {view: _queries(desk, view) for view in views.VIEWS}
    load_many(60, words=demonstration.words_in_bulk(), signs={"en": [], "es": []})
    assert AppointmentRequest.objects.filter(status=Status.CLOSED).exists()
    many = {view: _queries(desk, view) for view in views.VIEWS}
    # Where there was no row, none was looked up.
    assert all(many[view] <= min(few[view] + 1, 12) for view in views.VIEWS)


def _queries(desk, view):
    with CaptureQueriesContext(connection) as queries:
        desk.get(QUEUE, {"view": view})
    return len(queries)

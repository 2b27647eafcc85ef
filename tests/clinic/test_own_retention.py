"""The audit trail goes by the table of what is kept, too, and a trail that is not whole goes not at all."""

from datetime import UTC, datetime

import pytest
import time_machine

from audit.models import Event
from clinic import retention
from tests.audit.factories import by_hand, linked_on

pytestmark = pytest.mark.django_db


@pytest.fixture
def trail():
    """Return the line of the table that is about the trail, which holds a month of seven years ago and one of now."""
    with time_machine.travel(datetime(2026, 11, 20, 12, tzinfo=UTC), tick=False) as clock:
        linked_on("2019-03-02", "2019-03-15", "2026-11-05")
        clock.move_to(datetime(2026, 11, 20, 12, tzinfo=UTC))
        yield retention.rule_of("audit")


def before(rule):
    return rule.span.before(datetime.now(UTC))


def test_whole_months_go_after_six_years(trail):
    assert trail.holding.count(before(trail)) == 2
    assert trail.holding.remove(before(trail), 100).number == 2
    assert Event.objects.filter(verb="thing.happened").count() == 1
    assert trail.holding.remove(before(trail), 100).number == 0


def test_a_trail_that_is_not_whole_stays_and_stops_no_other_line(trail, caplog):
    by_hand("UPDATE audit_event SET verb = 'other' WHERE position = 2")
    assert trail.holding.remove(before(trail), 100).number == 0
    assert Event.objects.filter(position__lte=3).count() == 3
    assert "Run manage.py verify_audit." in caplog.text

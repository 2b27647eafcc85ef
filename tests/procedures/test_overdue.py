"""A page past its review date: readers are warned where the clinic chose, and no date is false."""

from datetime import date, datetime, time, timedelta

import pytest
import time_machine
from django.utils import timezone
from pytest_django.asserts import assertContains, assertNotContains

from clinic.models import WhenOverdue
from tests.procedures.published import make_clinic, make_condition, make_procedure, publish_page

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clinic")]

OVERDUE = {"reviewed_on": date(2020, 1, 1), "next_review_due": date(2021, 3, 4)}


@pytest.mark.parametrize(
    ("chosen", "order"),
    [
        ("dates", ["</h1>", 'class="lead"', "<footer", "Next check was due", "March 4, 2021"]),
        ("foot", ["</h1>", 'class="lead"', "<footer", "due to be checked again", "on March 4, 2021"]),
        ("top", ["</h1>", "due to be checked again", "on March 4, 2021", 'class="lead"', "Next check was due"]),
    ],
)
@pytest.mark.parametrize("make", [make_procedure, make_condition])
def test_the_clinic_chooses_where_readers_are_warned_of_a_page_past_its_review_date(client, make, chosen, order):
    make_clinic(when_overdue=chosen)
    page = publish_page(make(), **OVERDUE)
    words = client.get(page.get_absolute_url()).content.decode()
    place = 0
    for each in order:
        place = words.index(each, place)
    assert words.count("due to be checked again") == (chosen != "dates")
    assert "Next check due" not in words


@pytest.mark.parametrize("chosen", WhenOverdue.values)
def test_a_page_that_is_not_yet_due_warns_of_nothing(client, kyphoplasty, chosen):
    make_clinic(when_overdue=chosen)
    publish_page(kyphoplasty, next_review_due=timezone.localdate() + timedelta(days=1))
    response = client.get("/procedures/kyphoplasty/")
    assertContains(response, "Next check due", count=1)
    assertNotContains(response, "was due")


@pytest.mark.parametrize(("chosen", "said"), [("dates", "Next check was due"), ("foot", "again"), ("top", "again")])
def test_a_kept_page_becomes_overdue_at_midnight_although_nothing_was_saved(client, kyphoplasty, chosen, said):
    make_clinic(when_overdue=chosen)
    today = timezone.localdate()
    publish_page(kyphoplasty, reviewed_on=today - timedelta(days=30), next_review_due=today)
    late = timezone.make_aware(datetime.combine(today, time(23, 59, 59)))
    with time_machine.travel(late, tick=False) as clock:
        first = client.get("/procedures/kyphoplasty/")
        kept = {"if-none-match": first.headers["ETag"]}
        assertContains(first, "Next check due")
        assert client.get("/procedures/kyphoplasty/", headers=kept).status_code == 304
        clock.shift(1)
        response = client.get("/procedures/kyphoplasty/", headers=kept)
    assertContains(response, said)
    assertNotContains(response, "Next check due")


def test_a_change_of_what_readers_are_told_shows_at_once(client, kyphoplasty, manager):
    publish_page(kyphoplasty, **OVERDUE)
    kept = {"if-none-match": client.get("/procedures/kyphoplasty/").headers["ETag"]}
    client.force_login(manager)
    address = "/admin/clinic/clinicprofile/1/change/"
    form = client.get(address).context["adminform"].form
    fields = {bound.html_name: bound.value() for bound in form if isinstance(bound.value(), str | int)}
    assert client.post(address, fields | {"when_overdue": "top", "strapline_en": "Backs"}).status_code == 302
    client.logout()
    response = client.get("/procedures/kyphoplasty/", headers=kept)
    assert response.content.index(b"due to be checked again") < response.content.index(b'class="lead"')


@pytest.mark.parametrize("chosen", WhenOverdue.values)
def test_what_readers_are_told_of_an_overdue_page_costs_no_question_to_the_database(
    client, kyphoplasty, chosen, django_assert_num_queries
):
    make_clinic(when_overdue=chosen)
    publish_page(kyphoplasty, **OVERDUE)
    with django_assert_num_queries(6):
        client.get("/procedures/kyphoplasty/")


def test_a_reader_of_spanish_is_told_too(client, kyphoplasty):
    make_clinic(when_overdue="dates")
    publish_page(kyphoplasty, language="es", slug="cifoplastia", **OVERDUE)
    assertContains(client.get("/es/procedures/cifoplastia/"), "La siguiente revisión debía hacerse")

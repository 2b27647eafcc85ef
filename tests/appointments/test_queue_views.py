"""The views of the queue: what stands in each, in which order, with which number, and page by page."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone

from appointments.admin.queue import pages, views
from appointments.models import AppointmentRequest, HeldBecause, Kind, Status
from tests.appointments.at_the_desk import address
from tests.appointments.factories import claimed_request, closed_request, make_request, make_time, moved
from tests.matrices import crossed

pytestmark = pytest.mark.django_db
QUEUE = "/admin/appointments/appointmentrequest/"


@pytest.fixture
def desk(client, reception):
    """Reception's browser, signed in."""
    client.force_login(reception)
    return client


def change(request, **columns):
    AppointmentRequest.of_every_kind.filter(pk=request.pk).update(**columns)
    return request


def shown(desk, query):
    return [row.pk for row in desk.get(query if query.startswith(QUEUE) else QUEUE + query).context["cl"].result_list]


def number_beside(page, label):
    return re.search(rf">{label} \(([^)]*)\)</a>", page.content.decode())[1]


@pytest.fixture
def house(reception, reception2):
    """One request of each sort, by name."""
    now = timezone.now()
    aside = {"snoozed_until": now + timedelta(days=1)}
    at_eight = {"agree": {"time": make_time(days=8)}}
    asked = moved(claimed_request(reception2), "ask", by=reception2, question="Have you had a scan?")
    return {
        "new": make_request(),
        "mine": claimed_request(reception),
        "theirs": claimed_request(reception2),
        "overdue": change(make_request(), due_at=now - timedelta(hours=1)),
        "aside": change(make_request(), **aside),
        "late aside": change(make_request(), due_at=now - timedelta(hours=1), **aside),
        "back": change(make_request(), snoozed_until=now - timedelta(minutes=1)),
        "offered": make_request(status=Status.WAITING, by=reception),
        "asked": asked,
        "agreed": make_request(status=Status.AGREED, by=reception2),
        "news": moved(
            make_request(status=Status.AGREED, by=reception2, inputs=at_eight), "add", by=None, words="I walk slowly."
        ),
        "answered": make_request(status=Status.ANSWERED, by=reception),
        "declined": make_request(status=Status.DECLINED, by=reception),
        "withdrawn": make_request(status=Status.WITHDRAWN, by=reception),
        "closed": closed_request(reception),
        "held": change(make_request(), held_because=HeldBecause.DECOY),
        "spam": change(closed_request(reception), held_because=HeldBecause.STAFF),
        "practice": change(make_request(), kind=Kind.PRACTICE),
        "heartbeat": change(make_request(), kind=Kind.HEARTBEAT),
    }


IN_VIEW = {
    "clinic": {"new", "mine", "theirs", "overdue", "back"},
    "mine": {"mine", "offered"},
    "unclaimed": {"new", "overdue", "back"},
    "overdue": {"overdue", "late aside"},
    "calls": set(),
    "news": {"news"},
    "patient": {"offered", "asked"},
    "offered": {"offered"},
    "agreed": {"agreed", "news"},
    "snoozed": {"aside", "late aside"},
    "answered": {"answered"},
    "closed": {"declined", "withdrawn", "closed"},
    "held": {"held"},
    "spam": {"spam"},
    "practice": {"practice"},
}


def test_each_view_holds_its_requests_and_says_how_many(desk, house):
    assert {*IN_VIEW, "all"} == set(views.VIEWS)
    names = {request.pk: name for name, request in house.items()}
    everything = set(house) - {"held", "spam", "practice", "heartbeat"}
    for view, expected in (IN_VIEW | {"all": everything}).items():
        page = desk.get(QUEUE, {"view": view})
        assert {names[row.pk] for row in page.context["cl"].result_list} == expected, view
        assert number_beside(page, views.VIEWS[view].label) == str(len(expected)), view
        assert page.content.decode().count('aria-current="page"') == 1


def test_each_view_costs_at_most_12_queries(desk, house, django_assert_max_num_queries):
    # The first look of a minute is noted; see `presence.saw_queue`.
    desk.get(QUEUE)
    for view in views.VIEWS:
        with django_assert_max_num_queries(12):
            desk.get(QUEUE, {"view": view})
    key = pages.page_of(AppointmentRequest.objects.all(), views.IN_QUEUE_ORDER, size=3).next
    with django_assert_max_num_queries(12):
        desk.get(QUEUE, {"after": key})


def test_numbers_stop_at_more_than_a_thousand(desk, monkeypatch):
    monkeypatch.setattr(views, "MOST_COUNTED", 1)
    for number in range(3):
        make_request(email=f"{number}@example.org")
    page = desk.get(QUEUE)
    assert number_beside(page, "Unclaimed") == "more than 1"
    assert views.counts(page.wsgi_request.user)["all"] == 2


def test_what_is_agreed_comes_in_the_order_of_its_days(desk, reception):
    later, sooner = (
        make_request(status=Status.AGREED, by=reception, inputs={"agree": {"time": make_time(days=days)}})
        for days in (9, 8)
    )
    assert shown(desk, "?view=agreed") == [sooner.pk, later.pk]


def test_what_i_have_to_do_comes_before_what_its_patients_have_to_do(desk, reception):
    waiting = change(make_request(status=Status.WAITING, by=reception), is_urgent=True)
    without_date = change(make_request(status=Status.WAITING, by=reception), due_at=None)
    mine = claimed_request(reception)
    assert shown(desk, "?view=mine") == [mine.pk, waiting.pk, without_date.pk]


def test_what_was_joined_stands_among_the_closed_and_says_with_which(desk, reception):
    kept, joined = make_request(), closed_request(reception)
    change(joined, merged_into=kept)
    page = desk.get(QUEUE, {"view": "closed"})
    assert f"Joined with {kept.reference}" in page.content.decode()


def test_what_is_put_aside_says_until_when(desk, house):
    assert "Put aside until" in desk.get(QUEUE, {"view": "snoozed"}).content.decode()


def test_a_search_finds_what_no_view_shows_and_a_view_ends_it(desk, house):
    for name in ("held", "spam", "practice", "aside", "closed"):
        page = desk.post(QUEUE, {"q": house[name].reference}, follow=True)
        assert [row.pk for row in page.context["cl"].result_list] == [house[name].pk]
        assert 'aria-current="page"' not in page.content.decode()
        assert 'href="?view=mine"' in page.content.decode()
    page = desk.post(QUEUE, {"q": house["heartbeat"].reference}, follow=True)
    assert not page.context["cl"].result_list


def test_views_keep_the_other_filters(desk):
    page = desk.get(QUEUE, {"view": "mine", "soon": "urgent"}).content.decode()
    assert 'href="?soon=urgent&amp;view=closed"' in page


# Page by page


@pytest.fixture
def short_pages(monkeypatch):
    """Pages of two rows."""
    monkeypatch.setattr("appointments.admin.AppointmentRequestAdmin.list_per_page", 2)


def many(number=7):
    """Return requests with two of each urgency, and equal dates, in the order of the queue."""
    now = timezone.now()
    made = [make_request(email=f"{each}@example.org") for each in range(number)]
    for place, request in enumerate(made):
        change(request, is_danger=place < 2, is_urgent=place < 4, due_at=now + timedelta(hours=place // 3))
    return [request.pk for request in AppointmentRequest.objects.in_queue_order()]


@pytest.mark.parametrize("view", ["clinic", "all", "unclaimed"])
def test_pages_lead_forth_and_back_through_every_row_once(desk, short_pages, view):
    expected = many()
    if view == "all":
        expected.sort(reverse=True)
    there, back, url = [], [], f"{QUEUE}?view={view}"
    while url:
        page = desk.get(url).context["cl"]
        there.append([row.pk for row in page.result_list])
        last, url = url, page.next_page and QUEUE + page.next_page
    assert [pk for each in there for pk in each] == expected
    assert [len(each) for each in there] == [2, 2, 2, 1]
    url = last
    while url:
        page = desk.get(url).context["cl"]
        back.insert(0, [row.pk for row in page.result_list])
        url = page.previous_page and QUEUE + page.previous_page
    assert back == there


def test_every_view_can_be_paged(desk, short_pages, house, reception):
    for view in views.VIEWS:
        seen, url = [], f"{QUEUE}?view={view}"
        while url:
            page = desk.get(url).context["cl"]
            seen += [row.pk for row in page.result_list]
            url = page.next_page and QUEUE + page.next_page
        assert len(seen) == len(set(seen)), view
        assert len(seen) == views.counts(reception)[view], view


def test_a_request_that_is_gone_in_between_takes_no_other_from_the_next_page(desk, short_pages):
    expected = many()
    following = desk.get(QUEUE).context["cl"].next_page
    change(AppointmentRequest.objects.get(pk=expected[1]), status=Status.CLOSED)
    change(AppointmentRequest.objects.get(pk=expected[0]), is_danger=False, is_urgent=False)
    assert shown(desk, following) == expected[2:4]


def test_a_page_that_is_empty_by_now_leads_to_the_first(desk, short_pages):
    expected = many(4)
    following = desk.get(QUEUE).context["cl"].next_page
    AppointmentRequest.objects.filter(pk__in=expected[2:]).update(status=Status.CLOSED)
    assert shown(desk, following) == expected[:2]


@pytest.mark.parametrize(
    ("key", "name"),
    crossed(
        ["", "1", "1-1-1-1-1", "2-0-1-1", "0-0-1-", "a-b-c-d", "9" * 40, "0-0-" + "9" * 16 + "-" + "9" * 16, "١-0-1-1"],
        ["after", "before"],
    ),
)
def test_hostile_keys_show_the_first_page(desk, name, key):
    reference = make_request().reference
    page = desk.get(QUEUE, {name: key})
    assert page.status_code == 200
    assert reference in page.content.decode()


def test_the_way_back_from_a_sheet_leads_to_the_same_page_and_view(desk, short_pages, reception):
    many()
    following = desk.get(f"{QUEUE}?view=unclaimed").context["cl"].next_page
    page = desk.get(QUEUE + following)
    sheet = re.search(rf'href="({re.escape(QUEUE)}\d+/change/\?[^"]+)"', page.content.decode())[1]
    back = desk.get(sheet.replace("&amp;", "&")).content.decode()
    assert f'href="{QUEUE}{following.replace("&", "&amp;")}"' in back


def test_another_view_or_filter_begins_at_its_first_page(desk, short_pages):
    many()
    page = desk.get(QUEUE + desk.get(QUEUE).context["cl"].next_page).content.decode()
    assert not re.search(r'class="view-groups".*(after|before)=.*class="fewer"', page, re.DOTALL)


def test_no_page_tells_a_name_in_its_address(desk, short_pages):
    many()
    following = desk.get(QUEUE).context["cl"].next_page
    assert re.fullmatch(r"\?after=[\d-]+", following)


def test_a_sheet_is_found_from_the_queue(desk, house):
    page = desk.get(QUEUE, {"view": "mine"}).content.decode()
    assert address(house["mine"]) in page

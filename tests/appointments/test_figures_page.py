"""The manager's page of figures: who opens it, what it says and draws, and the file to take along."""

import csv
from datetime import timedelta
from io import StringIO
from xml.etree import ElementTree

import pytest
import time_machine
from django.urls import reverse
from django.utils import timezone, translation
from pytest_django.asserts import assertContains, assertNotContains

from appointments.admin import charts
from appointments.figures import Row
from appointments.models import AppointmentRequest
from appointments.spreadsheets import csv_of, harmless
from audit.models import Event
from tests.appointments.arrivals import arrive, local
from tests.clinic.factories import make_hours, make_location, make_profile
from tests.journeys.walking import fits, log_in

PAGE = "/admin/appointments/appointmentrequest/figures/"
EXPORT = f"{PAGE}export/"
NOW = local("2026-11-18 12:00")
pytestmark = pytest.mark.django_db


@pytest.fixture
def clinic(db):
    """A clinic with hours, and requests of three weeks, at two places; few of them in Spanish."""
    make_profile()
    make_hours()
    north, south = make_location(), make_location("southside")
    for week in range(3):
        came = NOW - timedelta(weeks=week, days=2)
        arrive(came, 30, 60, 90, 120, 150, 200, location=north)
        arrive(came, 60, 60, 60, 60, 60, None, location=south)
    arrive(NOW - timedelta(days=2), 15, 15, language="es", location=north)


@pytest.fixture
def desk(client, manager, clinic):
    """A browser in which a manager is logged in, on a Wednesday at noon."""
    with time_machine.travel(NOW, tick=False):
        client.force_login(manager)
        yield client


# Who may


@pytest.mark.parametrize("role", ["reception", "nurse", "editor", "reviewer", "auditor"])
def test_others_than_managers_see_no_figures_and_no_way_to_them(client, request, role):
    client.force_login(request.getfixturevalue(role))
    assert client.get(PAGE).status_code == 403
    assert client.post(EXPORT).status_code == 403
    assertNotContains(client.get("/admin/"), PAGE)
    assert not Event.objects.filter(verb="figures.exported").exists()


def test_managers_and_superusers_find_them_on_the_first_page(client, manager, superuser):
    for user in (manager, superuser):
        client.force_login(user)
        assertContains(client.get("/admin/"), f'href="{PAGE}"')
        assert client.get(PAGE).status_code == 200


def test_whoever_is_not_logged_in_is_led_to_the_log_in(client, db):
    assert client.get(PAGE).status_code == 302


def test_looking_changes_nothing_and_the_page_is_kept_by_nobody(desk):
    events = Event.objects.count()
    response = desk.get(PAGE)
    assert "no-store" in response["Cache-Control"]
    assert Event.objects.count() == events
    assert desk.post(PAGE).status_code == 405
    assert desk.get(EXPORT).status_code == 405


# What it says


def test_the_page_opens_on_30_days_and_another_period_stands_in_the_address(desk):
    assert desk.get(PAGE).context["report"].whole.received == 38
    assert desk.get(PAGE, {"period": "week"}).context["report"].whole.received == 14
    assert desk.get(PAGE, {"period": "year"}).context["report"].whole.received == 38
    for odd in ("forever", "", "%00", "month'--"):
        assert desk.get(PAGE, {"period": odd}).context["period"] == "month"


def test_the_page_says_the_figures_in_hours_and_minutes_and_hides_small_groups(desk):
    response = desk.get(PAGE)
    assertContains(response, "<dd>1\u00a0h</dd>")
    assertContains(response, '<tr><th scope="row">Spanish</th><td colspan="3">not shown</td></tr>', html=True)
    assertContains(response, '<tr><th scope="row">English</th><td colspan="3">not shown</td></tr>', html=True)
    assertContains(response, "<td>20</td><td>1\u00a0h 30\u00a0min</td><td>3\u00a0h 20\u00a0min</td>")
    assertContains(response, "We answer within 8 working hours.")


def test_what_waits_now_leads_to_it_in_the_queue(desk):
    waiting = {each["label"]: each for each in desk.get(PAGE).context["waiting"]}
    assert {label: each["number"] for label, each in waiting.items()} == {
        "Overdue": 3,
        "New": 3,
        "In progress": 0,
        "Waiting for the patient": 0,
    }
    for each in waiting.values():
        assert desk.get(each["url"]).status_code == 200


def test_too_few_requests_give_no_figures_at_all(desk):
    AppointmentRequest.objects.filter(pk__gt=AppointmentRequest.objects.order_by("pk")[3].pk).delete()
    response = desk.get(PAGE)
    assertContains(response, "Fewer than 5 requests came: too few for figures.")
    assertNotContains(response, "<svg viewBox")
    assertNotContains(response, "<table")
    AppointmentRequest.objects.all().delete()
    assertContains(desk.get(PAGE), "No request came.")


def test_the_page_is_whole_in_spanish(desk):
    response = desk.get(f"/es{PAGE}")
    assertContains(response, "La mitad")
    assertContains(response, "no se muestra")
    assertContains(response, "Respondemos en un plazo de 8 horas de trabajo.")


def test_the_page_asks_as_often_however_many_requests_there_are(desk, django_assert_num_queries):
    asked = []
    for number in (1, 60):
        arrive(NOW - timedelta(days=3), *range(number), None)
        with django_assert_num_queries(asked[0] if asked else 14) as captured:
            desk.get(PAGE, {"period": "year"})
        asked.append(len(captured))


def test_what_the_text_of_a_place_says_stays_text(desk):
    AppointmentRequest.objects.first().location.__class__.objects.update(name="<b>&North")
    assertContains(desk.get(PAGE), "&lt;b&gt;&amp;North")


# What it draws


def pictures(response):
    """Return the pictures of a page as XML."""
    text = response.content.decode()
    parts = text.split("<svg viewBox")[1:]
    return [ElementTree.fromstring("<svg viewBox" + part.split("</svg>")[0] + "</svg>") for part in parts]  # noqa: S314 -- ours


def test_each_picture_has_a_name_and_words_and_stays_within_its_frame(desk):
    drawn = pictures(desk.get(PAGE))
    # Two over time; by procedure, place and weekday; none by language, where nothing may be shown.
    assert len(drawn) == 5
    names = set()
    for picture in drawn:
        title, words = picture.find("title"), picture.find("desc")
        assert picture.get("role") == "img"
        assert picture.get("aria-labelledby") == f"{title.get('id')} {words.get('id')}"
        assert title.text
        assert words.text
        names.add(title.get("id"))
        _x, _y, width, height = map(int, picture.get("viewBox").split())
        for bar in picture.findall("rect"):
            assert bar.get("class") in ("half", "nine", "open")
            assert 0 < int(bar.get("width")) <= width - int(bar.get("x"))
            assert 0 < int(bar.get("height")) <= height - int(bar.get("y"))
    assert len(names) == 5


def test_a_picture_says_in_words_who_is_soonest_and_latest():
    rows = [Row("North", 9, 60, 90), Row("South", 9, 30, float("inf")), Row("West", None), Row("East", 5, None, None)]
    chart = charts.rows_of_bars("place", "First answer", rows)
    assert chart.description == (
        "Nine in ten were answered soonest for North: 1\u00a0h 30\u00a0min. Latest for South: not yet."
    )
    assert [(bar.look, bar.width) for bar in chart.bars[2:]] == [
        ("nine", 175),
        ("half", 117),
        ("open", 175),
        ("half", 58),
    ]
    assert "West" not in str(chart.labels)


def test_a_hidden_week_is_a_gap_in_the_picture():
    rows = [Row("1", 10), Row("2", None), Row("3", 5), Row("4", 0)]
    chart = charts.columns_of_requests("requests", "Requests", rows)
    assert [(bar.x, bar.width, bar.height) for bar in chart.bars] == [(0, 89, 120), (180, 89, 60)]


@pytest.mark.parametrize(
    ("rows", "is_drawn"), [([], False), ([Row("1", 10, 5, 5)], False), ([Row("1", 9, 5, 5), Row("2", 9, 9, 9)], True)]
)
def test_columns_are_drawn_where_there_is_something_to_compare(rows, is_drawn):
    assert (charts.columns_of_requests("a", "A", rows) is not None) is is_drawn
    assert (charts.columns_of_answers("a", "A", rows) is not None) is is_drawn


def test_answers_at_once_and_answers_never_can_be_drawn():
    rows = [Row("1", 9, 0, 0), Row("2", 9, float("inf"), float("inf"))]
    assert [bar.width for bar in charts.rows_of_bars("a", "A", rows).bars[2:]] == [1, 1, 175, 175]
    assert charts.columns_of_answers("a", "A", [rows[1], rows[1]]).bars


@pytest.mark.parametrize(
    ("minutes", "words"),
    [(0, "0\u00a0min"), (59, "59\u00a0min"), (60, "1\u00a0h"), (200, "3\u00a0h 20\u00a0min"), (None, "too few")],
)
def test_minutes_are_told_in_hours_and_minutes(minutes, words):
    assert charts.spelled(minutes) == words


# The file


def lines(response):
    text = response.content.decode("utf-8")
    assert text.startswith("\ufeff")
    return list(csv.reader(StringIO(text[1:], newline="")))


def test_the_file_holds_the_figures_of_the_page_and_is_recorded(desk, manager):
    response = desk.post(EXPORT, {"period": "week"})
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    assert response["Content-Disposition"] == 'attachment; filename="figures-week-2026-11-18.csv"'
    assert "no-store" in response["Cache-Control"]
    heading, *rows = lines(response)
    assert heading[:5] == ["From", "Until", "Table", "Group", "Requests"]
    assert {len(row) for row in rows} == {7}
    assert {tuple(row[:2]) for row in rows} == {("2026-11-16T00:00-08:00", "2026-11-18T12:00-08:00")}
    assert ["All requests", "", "14", "60", "200"] in [row[2:] for row in rows]
    assert ["Place", "Northside", "8", "60", "200"] in [row[2:] for row in rows]
    assert ["Language", "Spanish", "not shown", "", ""] in [row[2:] for row in rows]
    event = Event.objects.get(verb="figures.exported")
    assert event.actor_id == manager.pk
    assert event.details == {"period": "week", "rows": len(rows)}


def test_the_file_speaks_the_managers_language(desk):
    assert lines(desk.post(f"/es{EXPORT}"))[0][2:4] == ["Tabla", "Grupo"]


@pytest.mark.parametrize(
    ("cell", "stands"),
    [
        ("=1+1", "'=1+1"),
        ("+1", "'+1"),
        ("-1", "'-1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", "'\t=1"),
        ("\r=1", "'\r=1"),
        ("\n=1", "'\n=1"),
        (" =1", "' =1"),
        ("＝1", "'＝1"),
        ("a=1", "a=1"),
        ("", ""),
        (-5, -5),
        (None, ""),
    ],
)
def test_no_cell_is_taken_for_a_formula(cell, stands):
    assert harmless(cell) == stands


def test_a_place_named_like_a_formula_does_no_harm(desk):
    AppointmentRequest.objects.first().location.__class__.objects.filter(key="northside").update(
        name='=HYPERLINK("http://x.example";"Press, here")'
    )
    groups = [row[3] for row in lines(desk.post(EXPORT))]
    assert '\'=HYPERLINK("http://x.example";"Press, here")' in groups
    assert not [group for group in groups if group.startswith("=")]


def test_commas_quotes_and_line_ends_stay_in_their_cell():
    rows = [["a,b", 'c"d', "e\r\nf", "ñ"]]
    assert list(csv.reader(StringIO(csv_of(rows)[1:], newline=""))) == rows


# In a browser


@pytest.mark.parametrize(
    "mode",
    [
        {"color_scheme": "light"},
        pytest.param({"color_scheme": "dark"}, marks=pytest.mark.wide),
        pytest.param({"forced_colors": "active"}, marks=pytest.mark.wide),
    ],
)
def test_the_page_works_for_everybody_and_fits_a_telephone(new_context, axe, manager, mode):
    make_profile()
    make_hours()
    place = make_location(name="A place with a rather long name")
    for week in range(5):
        arrive(timezone.now() - timedelta(weeks=week, days=1), *range(30, 600, 60), location=place)
    page = new_context(viewport={"width": 390, "height": 800}, accept_downloads=True, **mode).new_page()
    log_in(page, "manager")
    page.get_by_role("link", name="Figures: what waits, and how soon you answer").click()
    page.get_by_role("link", name="The last 12 months").click()
    page.get_by_role("img", name="Requests, week by week").wait_for()
    page.get_by_text("How this is reckoned").click()
    page.locator("summary", has_text="The numbers: Week by week").click()
    assert fits(page)
    axe(page)
    with page.expect_download() as download:
        page.get_by_role("button", name="Download the figures").click()
    assert download.value.suggested_filename.startswith("figures-year-")
    with translation.override("es"):
        page.goto(reverse("admin:appointments_appointmentrequest_figures"))
    page.get_by_role("heading", name="Primera respuesta").first.wait_for()
    assert fits(page)
    axe(page)


def test_weeks_without_a_request_beside_hidden_ones_give_no_empty_picture():
    rows = [Row("1", None), Row("2", 0), Row("3", 0), Row("4", None)]
    assert charts.columns_of_requests("requests", "Requests", rows) is None

"""The table of how long things are kept: what may be chosen, who chooses, and that patients read it at once."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth import get_user_model
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone, translation

from audit.models import Event
from clinic import retention
from clinic.models import PageStamp, RetentionRule, Unit
from clinic.personal_data import our_models, personal_fields
from clinic.refusals import Refused, Unfit
from clinic.retention import Holding, Removed, Span, change_rule, rule_of
from tests.clinic.factories import make_profile
from tests.reading import level
from tests.staff import make_staff

pytestmark = pytest.mark.django_db

WHY = {"en": "We want to know.", "es": "Queremos saberlo."}
TABLE = reverse("admin:clinic_retentionrule_changelist")


HISTORY = "admin:clinic_retentionrule_history"


def url_of(code):
    return reverse("admin:clinic_retentionrule_change", args=[code])


def chosen(by, code="requests", number=2, unit=Unit.YEARS, why=WHY):
    return change_rule(code, span=Span(number, unit), why=why, by=by.as_actor())


@pytest.fixture
def desk(client, manager):
    client.force_login(manager)
    return client


# Each model


@pytest.mark.parametrize(
    "model", [model for model in our_models() if personal_fields(model)], ids=lambda model: model._meta.label
)
def test_of_whatever_holds_personal_data_it_is_said_how_long_it_is_kept(model):
    assert retention.said_of(model), f"Register a Holding that covers {model._meta.label}, or say why none does."


@pytest.mark.parametrize("holding", retention.holdings(), ids=lambda each: each.code)
def test_each_line_has_its_words_and_its_bounds(holding):
    assert holding.least.days <= holding.usual.days <= holding.most.days
    assert holding.is_fixed or (holding.least_because and holding.most_because and holding.remove)
    assert "%(span)s" in str(holding.lasts)
    with translation.override("es"):
        spanish = [str(each) for each in (holding.what, holding.lasts, holding.why)]
    assert not set(spanish) & {str(holding.what), str(holding.why)}


# Times


@pytest.mark.parametrize(
    ("span", "moment", "before"),
    [
        (Span(30, Unit.DAYS), (2026, 3, 1), (2026, 1, 30)),
        (Span(1, Unit.MONTHS), (2026, 3, 31), (2026, 2, 28)),
        (Span(13, Unit.MONTHS), (2026, 1, 15), (2024, 12, 15)),
        (Span(1, Unit.YEARS), (2028, 2, 29), (2027, 2, 28)),
        (Span(12, Unit.MONTHS), (2026, 12, 31), (2025, 12, 31)),
    ],
)
def test_months_and_years_go_by_the_calendar(span, moment, before):
    assert span.before(datetime(*moment, 3, 4, tzinfo=UTC)) == datetime(*before, 3, 4, tzinfo=UTC)


def test_a_time_is_said_in_the_readers_language():
    assert [str(Span(number, Unit.MONTHS)) for number in (1, 13)] == ["1 month", "13 months"]
    with translation.override("es"):
        assert [str(Span(number, Unit.YEARS)) for number in (1, 2)] == ["1 año", "2 años"]


# Choosing


def test_a_manager_chooses_and_the_event_names_the_fields_alone(manager):
    stamp = PageStamp.current()
    chosen(manager)
    assert rule_of("requests").lasts == "2 years after it ended"
    event = Event.objects.get(verb="retention.changed")
    assert (event.object_id, event.details) == ("requests", {"fields": ["number", "unit", "why"]})
    assert PageStamp.current() == stamp + 1
    chosen(manager)
    assert Event.objects.filter(verb="retention.changed").count() == 1


@pytest.mark.parametrize("role", ["reception", "nurse", "editor", "reviewer", "auditor"])
def test_others_do_not(request, role):
    with pytest.raises(Refused):
        chosen(make_staff(f"{role}-x", role))
    assert not RetentionRule.objects.exists()


@pytest.mark.parametrize(
    ("code", "number", "unit", "says"),
    [
        ("requests", 12, "months", "Keep it for 13 months at least. The figures of the last 12 months"),
        ("requests", 390, "days", "Keep it for 13 months at least."),
        ("requests", 0, "years", "Keep it for 13 months at least."),
        ("requests", -5, "years", "Keep it for 13 months at least."),
        ("requests", 11, "years", "Keep it for 10 years at most."),
        ("requests", 9999, "years", "Keep it for 10 years at most."),
        ("spam", 13, "days", "Keep it for 14 days at least. A patient who was taken for spam"),
        ("feedback", 91, "days", "The site itself needs it for 90 days."),
    ],
)
def test_too_short_and_too_long_are_refused_with_the_reason(manager, code, number, unit, says):
    with pytest.raises(Unfit) as unfit:
        chosen(manager, code, number, unit)
    assert str(unfit.value.reason).startswith(says)
    assert not RetentionRule.objects.exists()


@pytest.mark.parametrize("why", [{}, {"en": "We want to."}, {"en": "We want to.", "es": "  "}])
def test_a_reason_stands_in_each_language(manager, why):
    with pytest.raises(Unfit) as unfit:
        chosen(manager, why=why)
    assert unfit.value.field == "why"


def test_what_a_release_demands_holds_for_what_was_chosen_before_it():
    RetentionRule.objects.create(code="requests", number=1, unit=Unit.DAYS, why=WHY)
    assert rule_of("requests").span == Span(13, Unit.MONTHS)
    RetentionRule.objects.update(number=30, unit=Unit.YEARS)
    assert rule_of("requests").span == Span(10, Unit.YEARS)


def test_the_database_keeps_no_time_of_nothing():
    RetentionRule.objects.create(code="a", number=1, unit=Unit.DAYS, why=WHY)
    with pytest.raises(IntegrityError), transaction.atomic():
        RetentionRule.objects.create(code="b", number=0, unit=Unit.DAYS, why=WHY)


# The screens


def form_of(desk, code, **changes):
    form = desk.get(url_of(code)).context["adminform"].form
    values = {name: form[name].value() for name in ("number", "unit")}
    why = {f"why_{language}": text for language, text in form["why"].value().items()}
    return values | why | {"accepted": "", "snapshot": form.snapshot} | changes


def test_the_table_shows_each_line_chosen_or_usual(desk, manager):
    chosen(manager, "spam", 60, Unit.DAYS)
    page = desk.get(TABLE).content.decode()
    for holding in retention.holdings():
        assert url_of(holding.code) in page
    assert "60 days after we closed it" in page
    assert "13 months after it ended" in page


def test_a_line_is_changed_on_its_screen_and_its_history_tells_it(desk):
    assert desk.post(url_of("spam"), form_of(desk, "spam", number=45)).status_code == 302
    assert rule_of("spam").span == Span(45, Unit.DAYS)
    assert Event.objects.get(verb="retention.changed").details == {"fields": ["number"]}
    assert "retention.changed" in desk.get(reverse(HISTORY, args=["spam"])).content.decode()


def test_staff_read_a_line_by_its_words_wherever_it_is_named(desk):
    shown = [desk.get(url_of("spam")), desk.get(reverse(HISTORY, args=["spam"]))]
    shown.append(desk.post(url_of("spam"), form_of(desk, "spam", number=45), follow=True))
    for response in shown:
        page = response.content.decode()
        assert "A request that we found to be spam" in page
        assert not re.search(r"[>“] ?spam ?[<”]", page)


def test_what_is_wrong_stands_beside_its_box(desk):
    response = desk.post(url_of("requests"), form_of(desk, "requests", number=3))
    assert list(response.context["adminform"].form.errors) == ["number"]
    assert "Keep it for 13 months at least." in response.content.decode()


@pytest.mark.parametrize("number", ["", "x", "-1", "1.5", "99999999999999999999", "\x00", "१३"])
def test_no_number_is_an_error_of_ours(desk, number):
    assert desk.post(url_of("requests"), form_of(desk, "requests", number=number)).status_code in (200, 302)
    assert rule_of("requests").span.number in (13,)


def test_a_fixed_line_is_only_read(desk):
    assert "nobody changes it" in desk.get(url_of("feedback")).content.decode()
    assert desk.post(url_of("feedback"), {"number": 5, "unit": "days"}).status_code == 403


@pytest.mark.parametrize("code", ["nothing", "requests ", "%00", "1"])
def test_a_line_that_there_is_not_is_not_found(desk, code):
    address = reverse("admin:clinic_retentionrule_change", args=["x"]).replace("/x/", f"/{code}/")
    assert desk.get(address).status_code in (302, 404)


def test_nobody_adds_or_removes_a_line(desk, superuser):
    RetentionRule.objects.create(code="spam", number=20, unit=Unit.DAYS, why=WHY)
    desk.force_login(superuser)
    assert desk.get(reverse("admin:clinic_retentionrule_add")).status_code == 403
    assert desk.post(reverse("admin:clinic_retentionrule_delete", args=["spam"]), {"post": "yes"}).status_code == 403


def test_somebody_elses_change_is_compared_first(desk, manager):
    chosen(manager, "spam", 60, Unit.DAYS)
    typed = form_of(desk, "spam", number=45)
    chosen(manager, "spam", 90, Unit.DAYS)
    assert "Somebody changed this" in desk.post(url_of("spam"), typed).content.decode()
    assert rule_of("spam").span.number == 90


@pytest.fixture
def counted(desk):
    """A line of the table about staff accounts, of which there are three older than 10 days."""
    past = get_user_model().objects.filter
    line = Holding(
        "test",
        *("What", "%(span)s", "Why"),
        usual=Span(30, Unit.DAYS),
        least=Span(1, Unit.DAYS),
        most=Span(1, Unit.YEARS),
        count=lambda before: past(date_joined__lt=before).count(),
        remove=lambda before, at_most: Removed(0),
    )
    retention.register(line)
    get_user_model().objects.update(date_joined=timezone.now() - timedelta(days=11))
    yield line
    del retention._holdings["test"]


def test_a_change_that_would_remove_more_says_how_many_and_is_saved_at_the_second_press(desk, counted):
    typed = form_of(desk, "test", number=10, why_en="Why", why_es="Por qué")
    asked = desk.post(url_of("test"), typed)
    assert "1 row would be removed at the next purge." in asked.content.decode()
    assert not RetentionRule.objects.exists()
    accepted = asked.context["adminform"].form["accepted"].value()
    assert desk.post(url_of("test"), typed | {"accepted": accepted, "number": 9}).status_code == 200
    assert desk.post(url_of("test"), typed | {"accepted": accepted}).status_code == 302
    assert rule_of("test").span == Span(10, Unit.DAYS)


@pytest.mark.parametrize("number", [11 + 3, 40])
def test_a_change_that_removes_no_more_is_saved_at_once(desk, counted, number):
    typed = form_of(desk, "test", number=number, why_en="Why", why_es="Por qué")
    assert desk.post(url_of("test"), typed).status_code == 302


# What patients read


def privacy(client, language=""):
    return client.get(f"{language}/privacy/").content.decode()


def test_patients_read_the_table_as_it_is_at_once(client, manager):
    make_profile()
    tag = client.get("/privacy/")["ETag"]
    assert "13 months after it ended." in privacy(client)
    chosen(manager)
    assert client.get("/privacy/", headers={"if-none-match": tag}).status_code == 200
    assert "2 years after it ended.<br>We want to know." in privacy(client)
    assert "2 años después de que termine.<br>Queremos saberlo." in privacy(client, "/es")


def test_patients_are_not_told_of_what_is_about_staff(client):
    for holding in retention.holdings():
        assert (str(holding.what) in privacy(client).replace("&#x27;", "'")) is holding.is_told


def test_the_page_asks_for_the_table_once(client, django_assert_max_num_queries):
    make_profile()
    with django_assert_max_num_queries(5) as asked:
        privacy(client)
    assert sum("retentionrule" in each["sql"] for each in asked.captured_queries) == 1


def test_the_page_says_who_sees_it_which_cookies_and_what_one_may_ask(client):
    make_profile()
    page = privacy(client)
    for heading in ("Who sees it", "Cookies", "What you can ask us"):
        assert f"<h2>{heading}</h2>" in page


@pytest.mark.parametrize(("language", "reads"), [("en", lambda score: score <= 8), ("es", lambda score: score >= 55)])
def test_its_sentences_are_easy_to_read(language, reads):
    with translation.override(language):
        told = [rule for rule in retention.rules() if rule.holding.is_told]
        text = "\n\n".join(f"{rule.holding.what}.\n\n{rule.why}" for rule in told)
    assert reads(level(text, language).score)

"""The manager's screens: a change shows on public pages at once, moves the promise where it must, and is recorded."""

from datetime import date, time, timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from audit.models import Event
from clinic import hours
from clinic.models import (
    Accreditation,
    Clinician,
    ClinicProfile,
    Closure,
    GeneralWarningSign,
    Location,
    OpeningHours,
    PageStamp,
)
from tests.appointments.factories import make_request
from tests.clinic.factories import make_closure, make_hours, make_location, make_profile

MODELS = (ClinicProfile, Location, OpeningHours, Closure, Clinician, Accreditation, GeneralWarningSign)


@pytest.fixture
def desk(client, manager):
    client.force_login(manager)
    return client


@pytest.fixture
def told(monkeypatch):
    """Note each time that due times are to be set anew."""
    calls = []
    monkeypatch.setattr(hours, "_on_change", [lambda: calls.append(PageStamp.current())])
    return calls


def address(model, what, *args):
    return reverse(f"admin:clinic_{model._meta.model_name}_{what}", args=args)


def recorded():
    """Return (verb, kind of thing, details) of what was recorded about the clinic, in order."""
    events = Event.objects.filter(verb__startswith="clinic.").order_by("id")
    return list(events.values_list("verb", "object_type", "details"))


def form_of(desk, url, **changes):
    """Return what a browser would post from the form at `url`, with some fields changed."""
    form = desk.get(url).context["adminform"].form
    data = {"snapshot": form.snapshot}
    for field in form:
        value = field.value()
        if hasattr(field.field, "fields"):
            data |= {f"{field.html_name}_{code}": (value or {}).get(code, "") for code in ("en", "es")}
        elif value is not None and value is not False:
            data[field.html_name] = value
    return data | changes


def test_a_changed_profile_shows_at_once_and_is_recorded_by_field_names_only(desk):
    profile, stamp = make_profile(), PageStamp.current()
    url = address(ClinicProfile, "change", 1)
    response = desk.post(url, form_of(desk, url, name="New Name", strapline_es="Cuidamos su espalda"))
    assert response.status_code == 302
    profile.refresh_from_db()
    assert (profile.name, profile.strapline) == ("New Name", {"es": "Cuidamos su espalda"})
    assert PageStamp.current() == stamp + 1
    assert recorded() == [("clinic.changed", "clinic.clinicprofile", {"fields": ["name", "strapline"]})]


def test_the_history_of_a_row_says_who_changed_which_fields(desk, manager):
    place = make_location()
    url = address(Location, "change", place.pk)
    desk.post(url, form_of(desk, url, telephone="(206) 555-0101"))
    page = desk.get(address(Location, "history", place.pk)).content.decode()
    assert "Mara Moss" in page
    assert "clinic.changed" in page
    assert "<td>telephone</td>" in page
    assert desk.get(address(Location, "history", 999)).status_code == 302


def test_a_save_without_a_change_is_no_event(desk):
    make_profile()
    url = address(ClinicProfile, "change", 1)
    desk.post(url, form_of(desk, url))
    assert recorded() == []


def test_a_new_site_gets_its_profile_on_the_same_screen(desk):
    assert desk.get(address(ClinicProfile, "changelist")).url == address(ClinicProfile, "change", 1)
    url = address(ClinicProfile, "change", 1)
    assert desk.post(url, form_of(desk, url, name="First", telephone="(206) 555-0100")).status_code == 302
    assert ClinicProfile.current().name == "First"


def test_there_is_one_profile_which_nobody_adds_or_removes(desk, superuser):
    make_profile()
    desk.force_login(superuser)
    assert desk.get(reverse("admin:clinic_clinicprofile_add")).status_code == 403
    assert desk.post(address(ClinicProfile, "delete", 1), {"post": "yes"}).status_code == 403


def test_a_place_is_added_changed_and_removed_and_each_is_recorded(desk):
    url = address(Location, "add")
    desk.post(url, form_of(desk, url, name="Northside", key="northside", address="1 North Street"))
    place = Location.objects.get()
    url = address(Location, "change", place.pk)
    assert "key" not in desk.get(url).context["adminform"].form.fields
    desk.post(url, form_of(desk, url, telephone="(206) 555-0101"))
    desk.post(address(Location, "delete", place.pk), {"post": "yes"})
    assert not Location.objects.exists()
    assert [(verb, details.get("fields")) for verb, _kind, details in recorded()] == [
        ("clinic.added", ["address", "key", "name"]),
        ("clinic.changed", ["telephone"]),
        ("clinic.removed", None),
    ]


def test_a_refused_form_changes_nothing_and_says_what_to_do(desk):
    profile, stamp = make_profile(), PageStamp.current()
    url = address(ClinicProfile, "change", 1)
    response = desk.post(url, form_of(desk, url, telephone="ask inside", name="Kept as typed"))
    assert b"Write a telephone number with digits." in response.content
    assert b'value="Kept as typed"' in response.content
    profile.refresh_from_db()
    assert profile.telephone == "(206) 555-0199"
    assert (PageStamp.current(), recorded()) == (stamp, [])


def test_a_failure_in_the_middle_leaves_no_change_and_no_event(desk, monkeypatch):
    place, stamp = make_location(), PageStamp.current()
    url = address(Location, "change", place.pk)
    data = form_of(desk, url, name="Other")
    monkeypatch.setattr(hours, "_on_change", [])
    monkeypatch.setattr(Event, "record", lambda *args, **kwargs: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        desk.post(url, data)
    place.refresh_from_db()
    assert (place.name, PageStamp.current()) == ("Northside", stamp)


def test_a_change_of_hours_sets_due_times_anew(desk, told):
    span = make_hours(days=[0])[0]
    url = address(OpeningHours, "change", span.pk)
    desk.post(url, form_of(desk, url, closes="18:00"))
    span.refresh_from_db()
    assert (span.closes, len(told)) == (time(18), 1)
    desk.post(address(OpeningHours, "delete", span.pk), {"post": "yes"})
    assert len(told) == 2


def test_a_closure_sets_due_times_anew_when_it_comes_moves_or_goes(desk, told):
    url = address(Closure, "add")
    desk.post(url, form_of(desk, url, date="2026-11-26", reason_en="Thanksgiving Day"))
    closure = Closure.objects.get()
    url = address(Closure, "change", closure.pk)
    desk.post(url, form_of(desk, url, date="2026-11-27"))
    desk.post(url, form_of(desk, url, reason_es="Día de Acción de Gracias"))
    assert len(told) == 2
    desk.post(address(Closure, "delete", closure.pk), {"post": "yes"})
    assert len(told) == 3


def test_a_day_off_gives_a_waiting_request_its_later_date(desk):
    make_hours(days=range(7), opens=time(0), closes=time(23, 59))
    request = make_request()
    before = request.due_at
    for day in range(3):
        url = address(Closure, "add")
        desk.post(url, form_of(desk, url, date=(timezone.localdate() + timedelta(days=day)).isoformat()))
    request.refresh_from_db()
    assert request.due_at >= before + timedelta(days=1)


def test_only_a_changed_promise_of_the_profile_sets_due_times_anew(desk, told):
    make_profile()
    url = address(ClinicProfile, "change", 1)
    desk.post(url, form_of(desk, url, name="Other"))
    assert told == []
    desk.post(url, form_of(desk, url, promise_hours="4"))
    assert len(told) == 1


def test_days_and_times_are_typed_without_a_script(desk):
    closure = make_closure(date(2026, 11, 26))
    page = desk.get(address(Closure, "change", closure.pk)).content.decode()
    assert 'type="date" name="date" value="2026-11-26"' in page
    page = desk.get(address(OpeningHours, "change", make_hours(days=[0])[0].pk)).content.decode()
    assert 'type="time" name="opens" value="08:00"' in page


def test_a_clinicians_languages_are_ticked(desk, reviewer):
    url = address(Clinician, "change", reviewer.clinician.pk)
    desk.post(url, form_of(desk, url, languages=["es", "ase"]))
    clinician = Clinician.objects.get()
    assert clinician.languages == ["es", "ase"]
    assert [str(name) for name in clinician.language_names] == ["Spanish", "American Sign Language"]


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.model_name)
@pytest.mark.parametrize("role", ["reception", "nurse", "editor", "reviewer", "auditor"])
def test_only_managers_keep_the_house(client, request, role, model):
    client.force_login(request.getfixturevalue(role))
    assert client.get(address(model, "changelist")).status_code == 403
    assert client.get(address(model, "change", 1)).status_code == 403
    assert client.post(address(model, "change", 1), {"name": "x"}).status_code == 403
    assert recorded() == []


@pytest.mark.parametrize("model", MODELS[1:], ids=lambda model: model._meta.model_name)
def test_every_list_and_form_opens_for_the_manager_and_is_never_kept(desk, model):
    for url in (address(model, "changelist"), address(model, "add")):
        response = desk.get(url)
        assert response.status_code == 200
        assert "no-store" in response["Cache-Control"]


def test_a_list_takes_the_same_queries_however_long_it_is(desk, django_assert_max_num_queries):
    for number in range(2):
        make_hours(location=make_location(f"place-{number}"), days=range(7))
        with django_assert_max_num_queries(9):
            assert desk.get(address(OpeningHours, "changelist")).status_code == 200


def test_a_form_opened_before_a_colleague_saved_undoes_nothing_unseen(desk):
    clinician = Clinician.objects.create(key="ana", name="Ana", role={"en": "Doctor"}, languages=["es"])
    url = address(Clinician, "change", clinician.pk)
    mine, theirs = form_of(desk, url, biography_en="Ana was born here."), form_of(desk, url, role_es="Médica")
    assert desk.post(url, theirs | {"languages": ["es", "en"]}).status_code == 302
    response = desk.post(url, mine)
    page = response.content.decode()
    for words in ("Somebody changed this while you had it open.", "Ana was born here.", "es: Médica", "Spanish"):
        assert words in page
    compared = response.context["adminform"].form.compared
    assert [(row.label, row.mine) for row in compared] == [("Role", "en: Doctor"), ("Languages spoken", "Spanish")]
    clinician.refresh_from_db()
    assert (clinician.role["es"], clinician.biography) == ("Médica", {})
    knowingly = form_of(desk, url, biography_en="Ana was born here.")
    assert desk.post(url, knowingly).status_code == 302
    clinician.refresh_from_db()
    assert (clinician.role["es"], clinician.biography["en"]) == ("Médica", "Ana was born here.")

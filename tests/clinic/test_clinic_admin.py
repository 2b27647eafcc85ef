"""The manager's screens: a change shows on public pages at once, moves the promise where it must, and is recorded."""

from datetime import date, time, timedelta

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from audit.models import Event
from clinic import hours, stored_files
from clinic.models import (
    Accreditation,
    Clinician,
    ClinicProfile,
    Closure,
    GeneralWarningSign,
    Location,
    OpeningHours,
    PageStamp,
    StoredFile,
)
from tests.appointments.factories import make_request
from tests.clinic.factories import make_closure, make_hours, make_location, make_profile
from tests.clinic.uploads import PDF, png, upload
from tests.matrices import crossed

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


@pytest.mark.parametrize(
    ("model", "role"),
    crossed(MODELS, ["reception", "nurse", "editor", "reviewer", "auditor"]),
    ids=lambda each: each if isinstance(each, str) else each._meta.model_name,
)
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


# Marks and photos


@pytest.fixture
def award(media_root, db):
    """An accreditation with a mark that is described."""
    mark = stored_files.store_picture(upload(png(), "mark.png"))
    return Accreditation.objects.create(
        key="award", name="Clear Words", body="A council", picture=mark, alternative_text={"en": "A green tick"}
    )


def kept(media_root):
    return [path for path in media_root.rglob("*") if path.is_file()]


@pytest.mark.parametrize(
    ("decision", "words", "is_decorative"),
    [
        ({"alternative_text_en": "A green tick"}, {"en": "A green tick"}, False),
        ({"is_decorative": "on"}, {}, True),
    ],
)
def test_a_mark_is_added_with_a_decision_on_its_words(desk, media_root, decision, words, is_decorative):
    award = Accreditation.objects.create(key="award", name="Clear Words", body="A council")
    url, stamp = address(Accreditation, "change", award.pk), PageStamp.current()
    assert desk.post(url, form_of(desk, url, picture=upload(png(), "Mark.PNG"), **decision)).status_code == 302
    award.refresh_from_db()
    assert (award.picture.name, award.picture.width, award.picture.height) == ("mark.png", 20, 10)
    assert (award.alternative_text, award.is_decorative) == (words, is_decorative)
    assert PageStamp.current() == stamp + 1
    assert "picture" in recorded()[-1][2]["fields"]


@pytest.mark.parametrize(
    "undecided",
    [
        {},
        {"alternative_text_en": "A green tick", "is_decorative": "on"},
        {"alternative_text_es": "Una marca verde"},
        {"alternative_text_en": "   "},
    ],
)
def test_a_mark_without_a_decision_on_its_words_is_refused_and_not_kept(desk, media_root, undecided):
    url = address(Accreditation, "add")
    data = form_of(desk, url, name="Clear Words", key="clear", body="A council", picture=upload(png()), **undecided)
    page = desk.post(url, data).content.decode()
    assert "Describe the picture, or mark it decorative: one of the two." in page
    assert "Choose the picture again: it was not kept." in page
    assert not Accreditation.objects.exists()
    assert not StoredFile.objects.exists()


def test_the_database_holds_no_picture_without_a_decision_either(award):
    with pytest.raises(IntegrityError), transaction.atomic():
        Accreditation.objects.filter(pk=award.pk).update(is_decorative=True)
    with pytest.raises(IntegrityError), transaction.atomic():
        Accreditation.objects.filter(pk=award.pk).update(alternative_text={})


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", "Choose a picture (PNG, JPEG or WebP)."),
        (PDF, "Choose a picture (PNG, JPEG or WebP)."),
        (png()[:-4], "This picture is broken."),
        (b"", "This file is empty."),
        (png() + b"0" * 5_300_000, "This file is too big."),
    ],
    ids=["svg", "pdf", "broken", "empty", "too big"],
)
def test_what_is_no_picture_is_refused_as_a_mark(desk, award, content, reason):
    url = address(Accreditation, "change", award.pk)
    page = desk.post(url, form_of(desk, url, picture=upload(content, "mark.png"))).content.decode()
    assert reason in page
    assert award.picture.get_absolute_url() in page
    assert Accreditation.objects.get().picture == award.picture


@pytest.mark.django_db(transaction=True)
def test_a_mark_that_is_replaced_is_gone_for_good(desk, award, media_root):
    url = address(Accreditation, "change", award.pk)
    desk.post(url, form_of(desk, url, picture=upload(png(width=30), "new.png")))
    assert Accreditation.objects.get().picture.width == 30
    assert StoredFile.objects.count() == len(kept(media_root)) == 1


@pytest.mark.django_db(transaction=True)
def test_a_mark_is_taken_off_with_one_tick_and_its_file_is_gone(desk, award, media_root):
    url = address(Accreditation, "change", award.pk)
    assert b"Take this picture off" in desk.get(url).content
    desk.post(url, form_of(desk, url) | {"picture-clear": "on"})
    assert Accreditation.objects.get().picture is None
    assert (StoredFile.objects.count(), kept(media_root)) == (0, [])


@pytest.mark.django_db(transaction=True)
def test_a_file_goes_only_with_the_last_that_shows_it(desk, award, media_root):
    clinician = Clinician.objects.create(key="ada", name="Dr. Ada", picture=award.picture, is_decorative=True)
    desk.post(address(Accreditation, "delete", award.pk), {"post": "yes"})
    assert len(kept(media_root)) == 1
    desk.post(address(Clinician, "delete", clinician.pk), {"post": "yes"})
    assert (StoredFile.objects.count(), kept(media_root)) == (0, [])


def test_a_picture_is_not_both_replaced_and_taken_off(desk, award):
    url = address(Accreditation, "change", award.pk)
    page = desk.post(url, form_of(desk, url, picture=upload(png(width=30))) | {"picture-clear": "on"})
    assert b"Choose another picture, or take this one off: one of the two." in page.content
    assert Accreditation.objects.get().picture == award.picture


def test_a_picture_that_somebody_else_replaced_meanwhile_is_not_undone_unseen(desk, award):
    url = address(Accreditation, "change", award.pk)
    mine = form_of(desk, url, picture=upload(png(width=30), "mine.png"))
    theirs = stored_files.store_picture(upload(png(width=40), "theirs.png"))
    Accreditation.objects.update(picture=theirs)
    page = desk.post(url, mine).content.decode()
    assert "Somebody changed this while you had it open." in page
    assert f"theirs.png ({theirs.hash[:8]})" in page
    assert Accreditation.objects.get().picture == theirs


def test_saving_a_row_again_keeps_its_picture_and_is_no_event(desk, award):
    url = address(Accreditation, "change", award.pk)
    assert desk.post(url, form_of(desk, url)).status_code == 302
    assert Accreditation.objects.get().picture == award.picture
    assert recorded() == []

"""The demonstration clinic: made once, then left to its staff; never beside a real one."""

import pytest
from django.core.management import CommandError, call_command

from audit.models import Event
from clinic import demo, demonstration
from clinic.models import (
    Accreditation,
    Clinician,
    ClinicProfile,
    Closure,
    GeneralWarningSign,
    Location,
    OpeningHours,
    PageStamp,
    reception_hours,
)

pytestmark = pytest.mark.django_db
MODELS = (ClinicProfile, Location, OpeningHours, Closure, Clinician, Accreditation, GeneralWarningSign)


def test_the_whole_clinic_is_there_in_both_languages():
    assert demonstration.load() == f"{sum(model.objects.count() for model in MODELS)} rows made"
    clinic = ClinicProfile.current()
    assert clinic.is_demonstration
    for model in MODELS:
        for row in model.objects.all():
            row.full_clean()
            texts = [getattr(row, field.name) for field in model._meta.fields if hasattr(field, "long")]
            assert not [text for text in texts if text and text.is_missing("es")]
    assert {place.hours.exists() for place in Location.objects.all()} == {True}
    assert {person.locations.exists() for person in Clinician.objects.all()} == {True}
    assert {sign.urgency for sign in GeneralWarningSign.objects.all()} == {"emergency", "urgent"}
    assert len(reception_hours().spans) == 5


def test_a_second_time_nothing_is_made_and_what_staff_changed_stays():
    demonstration.load()
    Clinician.objects.filter(key="tomas-iriarte").update(name="Dr. T. Iriarte")
    Accreditation.objects.filter(key="clear-words-award").delete()
    stamp = PageStamp.current()
    assert demonstration.load() == "0 rows made"
    assert Clinician.objects.get(key="tomas-iriarte").name == "Dr. T. Iriarte"
    assert Accreditation.objects.count() == 1
    assert PageStamp.current() == stamp
    assert Event.objects.filter(verb="clinic.demonstration_loaded").count() == 1


def test_a_failure_in_the_middle_leaves_nothing(monkeypatch):
    monkeypatch.setattr(demonstration.PageStamp, "move", lambda: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        demonstration.load()
    assert not any(model.objects.exists() for model in MODELS)


def test_the_command_calls_each_room_in_order_and_says_a_line_for_each(settings, monkeypatch, capsys):
    settings.DEMO = True
    rooms = [demo.Loader(name, lambda count, name=name: f"{name} {count}") for name in ("low", "high")]
    monkeypatch.setattr(demo, "_loaders", rooms)
    call_command("load_demo", "--requests", "5")
    assert capsys.readouterr().out == "low: low 5\nhigh: high 5\n"


def test_rooms_are_loaded_from_the_lowest_up():
    names = [loader.name for loader in demo.loaders()]
    assert names[:2] == ["clinic", "staff"]


def test_a_real_clinic_gets_no_demonstration(settings):
    settings.DEMO = False
    with pytest.raises(CommandError, match="Set DEMO=on to load it"):
        call_command("load_demo")
    assert not ClinicProfile.objects.exists()


def test_a_number_below_nothing_is_refused(settings):
    settings.DEMO = True
    with pytest.raises(CommandError, match="from 0 upwards"):
        call_command("load_demo", "--requests", "-1")

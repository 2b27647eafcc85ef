"""The clinic as tests need it: plain functions with good defaults."""

from datetime import time

from clinic.models import ClinicProfile, Closure, Location, OpeningHours


def make_profile(**values):
    """Return the saved profile of a small clinic."""
    told = {"name": "Test Clinic", "telephone": "(206) 555-0199", "email": "desk@clinic.example"}
    return ClinicProfile.objects.create(**told | values)


def make_hours(*, days=range(5), opens=time(8), closes=time(17), location=None):
    """Return one saved span a day, Monday to Friday from 8 to 17 unless told otherwise; reception's without a place."""
    return [OpeningHours.objects.create(location=location, weekday=day, opens=opens, closes=closes) for day in days]


def make_closure(date, **values):
    """Return a saved day off of the whole clinic."""
    return Closure.objects.create(date=date, **values)


def make_location(key="northside", **values):
    """Return a saved place."""
    return Location.objects.create(key=key, **{"name": key.title(), "address": "1 North Street\nFernmouth"} | values)

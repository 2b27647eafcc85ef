"""The demonstration's requests: some by the real workflow from `requests.toml`, and any number more in bulk."""

import tomllib
from datetime import time, timedelta
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.utils import timezone, translation

from accounts.models import User
from appointments import workflow
from appointments.bulk_requests import LOADER, load_many, next_workday
from appointments.models import AppointmentRequest
from appointments.references import new_token
from appointments.signs import signs_to_ask
from audit.actors import PATIENT, Actor
from clinic.hours import moment_of
from clinic.models import Clinician, Location

FILE = Path(__file__).parent / "demonstration" / "requests.toml"
ANSWERS = (
    *("full_name", "email", "phone", "date_of_birth", "wish", "procedure", "location", "matter"),
    *("preferences", "helper", "wants_details"),
)


def load(requests=0):
    """Make those of the file where there are none yet, then as many as are missing from `requests` more.

    Returns a sentence on what was made. Run again, it makes nothing.
    """
    if not settings.DEMO:
        return "no made-up requests: DEMO is off"
    made = 0 if AppointmentRequest.of_every_kind.exists() else load_told()
    if requests:
        signs = {code: _signs(code) for code, _name in settings.LANGUAGES}
        made += load_many(requests, words=words_in_bulk(), signs=signs)
    return f"{made} made-up requests"


@transaction.atomic
def load_told():
    """Make the requests of the file by the moves that staff would make; return how many."""
    rows = _told()["requests"]
    for row in rows:
        _make(row)
    return len(rows)


def _told():
    return tomllib.loads(FILE.read_text(encoding="utf-8"))


def words_in_bulk():
    """Return the names and sentences of which `load_many` makes people, by language."""
    return _told()["bulk"]


def _make(row):
    answers = {name: row[name].strip() if name == "matter" else row[name] for name in ANSWERS if name in row}
    answers["signs"] = _signs(row["language"], row.get("procedure", ""), row.get("ticked", []))
    made = workflow.submit(answers, token=new_token(), by=LOADER, language=row["language"]).request
    _move_back(made, timedelta(hours=row["hours_ago"]))
    for move in row.get("moves", []):
        made = _moved(made, move, by=row["by"])


def _moved(made, move, *, by):
    """Return the request after a move of the file: by this member of staff, or by the patient where it is theirs."""
    inputs = {name: _input(made, name, value) for name, value in move.items() if name != "name"}
    if workflow.MOVES[move["name"]].made_by == PATIENT:
        return workflow.move_by_patient(made, move["name"], by=Actor.patient(), **inputs)
    actor = User.objects.get(username=by).as_actor()
    return workflow.move(made, move["name"], by=actor, seen_revision=made.revision, **inputs)


def _input(made, name, value):
    """Return what the workflow takes for what the file says of a move."""
    if name == "times":
        return [_time(row) for row in value]
    if name == "time":
        return _time(value)
    # Of the times that are offered, the file names one by its place among them.
    return made.offers.open()[value].pk if name == "offer" else value


def _time(row):
    """Return a time so many days on which the clinic works from now, at a time of the clinic's clocks."""
    day, zone = timezone.localdate(), timezone.get_default_timezone()
    for _day in range(row["workdays"]):
        day = next_workday(day)
    starts_at, _is_twice = moment_of(day, time.fromisoformat(row["at"]), zone=zone)
    place, clinician = Location.objects.get(key=row["location"]), Clinician.objects.get(key=row["clinician"])
    return workflow.ProposedTime(place, clinician, starts_at, row["minutes"])


def _signs(language, procedure="", ticked=()):
    """Return the warning signs as a request keeps them."""
    with translation.override(language):
        asked = signs_to_ask(procedure)
    kept = [{name: sign[name] for name in ("key", "text", "urgency")} for sign in asked]
    return [sign | {"ticked": sign["key"] in ticked} for sign in kept]


def _move_back(made, age):
    """Let a request have come `age` ago, due as it would have been."""
    came = timezone.now() - age
    due = workflow.due_from(came, urgent=made.is_urgent)
    AppointmentRequest.objects.filter(pk=made.pk).update(
        created_at=came, status_since=came, promised_from=came, due_at=due
    )
    made.refresh_from_db()

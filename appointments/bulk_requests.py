"""Any number of made-up requests, in bulk: what a clinic has after two years, without events, messages or links."""

import json
import random
import sys
from datetime import datetime, time, timedelta
from functools import cache

from django.db import connection, transaction
from django.db.models import Max
from django.utils import timezone

from accounts.models import User
from appointments import workflow
from appointments.models import (
    AppointmentRequest,
    ClinicQuestion,
    DeclineReason,
    HeldBecause,
    NameToken,
    OfferState,
    Source,
    Status,
    TimeOffer,
    Wish,
    normalise_email,
    normalise_phone,
)
from appointments.models.name_tokens import tokens_of
from appointments.references import new_reference
from appointments.workflow.danger import danger_in
from audit.actors import Actor
from audit.models import Event
from clinic.encryption import index_of
from clinic.hours import working_minutes
from clinic.models import Clinician, ClinicProfile, Location, reception_hours
from procedures.models import Procedure

LOADER = Actor.command("load_demo")
LOADED = "request.demonstration_loaded"
BATCH = 5000

# In a hundred. Most of what a clinic keeps is done with; what waits came in the last days.
SHARES = {
    Status.CLOSED: 76,
    Status.ANSWERED: 8,
    Status.DECLINED: 6,
    Status.WITHDRAWN: 4,
    Status.NEW: 2,
    Status.IN_PROGRESS: 2,
    Status.WAITING: 1,
    Status.AGREED: 1,
}
NEED_TIMES = (Status.WAITING, Status.AGREED)
NOT_ANSWERED = (Status.NEW, Status.WITHDRAWN)
STILL_OPEN = (Status.NEW, Status.IN_PROGRESS, Status.WAITING)
SPAM = (Status.NEW, Status.CLOSED)
DOORS = {Source.WEB: 80, Source.TELEPHONE: 12, Source.WALK_IN: 5, Source.PAPER: 3}
MEAN_MINUTES = 160
ASKED_SHARE = 0.3
OPEN_FOR_AT_MOST, KEPT_FOR_DAYS = timedelta(days=3), 730
URGENT_SHARE, UNSURE_SHARE, DANGER_SHARE, SPAM_SHARE, ASIDE_SHARE = 0.06, 0.2, 0.005, 0.002, 0.03
WEEKEND_SHARE = 0.3
# How many ask in each hour of the day, from midnight on.
BY_HOUR = [1, 1, 1, 1, 1, 2, 4, 8, 14, 16, 15, 13, 11, 11, 12, 11, 9, 7, 6, 6, 5, 4, 3, 2]

TIMES = [f"{day}-{part}" for day in range(5) for part in ("morning", "afternoon")]
AREA_CODES = (206, 253, 360, 425, 509)
WORKDAYS = range(5)
SAME_NAME = 30


def load_many(count, words, signs):
    """Make as many requests as are missing from `count`, all runs together, a batch at a time; return how many.

    `words` are those of the demonstration, `signs` the warning signs by language. A run that was broken off goes on
    where it stopped. Progress shows on a terminal.
    """
    batches = Event.objects.filter(actor_kind=LOADER.kind, actor_name=LOADER.name, verb=LOADED)
    missing = max(0, count - sum(details["rows"] for details in batches.values_list("details", flat=True)))
    maker = RequestMaker(words, signs) if missing else None
    for start in range(0, missing, BATCH):
        _load(maker, min(BATCH, missing - start))
        if sys.stderr.isatty():
            done = min(start + BATCH, missing)
            sys.stderr.write(f"\r{done:,} of {missing:,} requests" + ("\n" if done == missing else ""))
    return missing


@transaction.atomic
def _load(maker, size):
    made = [maker.make(reference) for reference in _free_references(size)]
    writer = _Writer()
    writer.write(made)
    # Few have more than their row; those are looked up by the reference, since so many rows return no keys.
    more = {row["reference"]: row for row in made if row["status"] in NEED_TIMES}
    kept = AppointmentRequest.of_every_kind.filter(reference__in=more).defer(*writer.sealed).order_by("id")
    kept = list(kept)
    writer.write_tokens(made)
    TimeOffer.objects.bulk_create([offer for request in kept for offer in maker.times_of(request)])
    ClinicQuestion.objects.bulk_create([each for request in kept for each in maker.questions_of(request)])
    Event.record(LOADED, by=LOADER, rows=size)


def _free_references(count):
    """Return `count` new references that no request has."""
    free = set()
    while len(free) < count:
        drawn = {new_reference() for _missing in range(count - len(free))}
        taken = AppointmentRequest.of_every_kind.filter(reference__in=drawn).values_list("reference", flat=True)
        free |= drawn - set(taken)
    return free


@cache
def _sealed(name, text):
    """Return a text as an encrypted field keeps it: once for each text, where the site draws each anew."""
    return AppointmentRequest._meta.get_field(name).shut(text)


@cache
def _index(value, source):
    normalise = {"email": normalise_email, "phone": normalise_phone}[source]
    return index_of(normalise(value), source)


@cache
def _tokens(name):
    return tokens_of(name)


class _Writer:
    """Writes rows given as dictionaries, past the objects: those would take most of the time."""

    sealed = ("full_name", "email", "phone", "matter", "preferences", "signs", "answer", "danger_because")

    def __init__(self):
        fields = [field for field in AppointmentRequest._meta.concrete_fields if not field.primary_key]
        empty = AppointmentRequest()
        self.names = [field.attname for field in fields]
        self.usual = {
            field.attname: field.get_db_prep_save(getattr(empty, field.attname), connection) for field in fields
        }
        quote = connection.ops.quote_name
        columns = ", ".join(quote(field.column) for field in fields)
        places = ", ".join(["%s"] * len(fields))
        table = quote(AppointmentRequest._meta.db_table)
        self.sql = f"INSERT INTO {table} ({columns}) VALUES ({places})"  # noqa: S608  # nosec B608  # names of ours

    def write(self, rows):
        """Insert these rows."""
        with connection.cursor() as cursor:
            cursor.executemany(self.sql, [self._values(row) for row in rows])

    def write_tokens(self, rows):
        """Insert the tokens of the names of these rows, which are stored already."""
        names = {row["reference"]: row["full_name"] for row in rows}
        stored = AppointmentRequest.of_every_kind.filter(reference__in=names).values_list("pk", "reference")
        tokens = [(pk, token) for pk, reference in stored for token in _tokens(names[reference])]
        table = connection.ops.quote_name(NameToken._meta.db_table)
        with connection.cursor() as cursor:
            cursor.executemany(f"INSERT INTO {table} (request_id, token) VALUES (%s, %s)", tokens)  # noqa: S608  # nosec B608

    def _values(self, row):
        found = self.usual | row
        for name in self.sealed:
            value = row.get(name)
            if value is not None:
                found[name] = _sealed(name, value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))
        for name in ("email", "phone"):
            found[f"{name}_index"] = _index(row[name], name) if row[name] else ""
        adapt = connection.ops.adapt_datetimefield_value
        return [adapt(value) if isinstance(value := found[name], datetime) else value for name in self.names]


class RequestMaker:
    """Makes rows that look like a clinic's; the first ones go through all states in turn."""

    def __init__(self, words, signs):
        self.dice = random.Random()  # noqa: S311  # nosec B311  # made-up people, nothing secret
        self.now, self.words, self.signs = timezone.now(), words, signs
        self.midnight = timezone.localtime(self.now).replace(hour=0, minute=0, second=0, microsecond=0)
        self.hours, self.profile = reception_hours(), ClinicProfile.current()
        self.procedures = list(Procedure.objects.values_list("pk", flat=True))
        self.locations = list(Location.objects.filter(is_open=True))
        self.staff = list(User.objects.filter(username__in=["reception", "reception2", "nurse"]))
        self.clinicians = list(Clinician.objects.filter(is_shown=True))
        # Without people and places there are no times.
        can_meet = self.staff and self.clinicians and self.locations
        self.shares = {status: share for status, share in SHARES.items() if can_meet or status not in NEED_TIMES}
        self.states = list(self.shares)
        self.diary = self._free_times()
        self.count = 0

    def make(self, reference):
        """Return one row: its columns by name, those left out as they usually are."""
        status = self._status()
        created_at = self._came_at(status)
        status_since = created_at if status == Status.NEW else created_at + self.dice.random() * (self.now - created_at)
        is_urgent = self._happens(URGENT_SHARE)
        what = self._what(status, is_urgent)
        is_urgent = is_urgent or what["is_danger"]
        holder = self.dice.choice(self.staff) if status != Status.NEW and self.staff else None
        due_at = workflow.due_from(created_at, urgent=is_urgent, hours=self.hours, profile=self.profile)
        spam = HeldBecause.TOO_FAST.value if status in SPAM and self._may_be_odd() and self._happens(SPAM_SHARE) else ""
        aside = status == Status.IN_PROGRESS and self._may_be_odd() and self._happens(ASIDE_SHARE)
        return what | {
            "reference": reference,
            "source": self._drawn(DOORS).value,
            "status": status.value,
            "is_urgent": is_urgent,
            "created_at": created_at,
            "promised_from": created_at,
            "status_since": status_since,
            "due_at": due_at,
            "holder_id": holder.pk if holder else None,
            "held_since": status_since if holder else None,
            "snoozed_until": self.now + self.dice.random() * timedelta(days=14)
            if aside and not what["is_danger"]
            else None,
            "held_because": spam,
            "decline_reason": self.dice.choice(DeclineReason.values) if status == Status.DECLINED else "",
            **self._first_answer(status, created_at),
        }

    def times_of(self, request):
        """Return the unsaved times of a saved request: one where a time is agreed, some where the patient chooses."""
        how_many = {Status.AGREED: 1, Status.WAITING: self.dice.randrange(1, workflow.MOST_TIMES + 1)}
        state = OfferState.AGREED if request.status == Status.AGREED else OfferState.OPEN
        agreed_at = request.status_since if state == OfferState.AGREED else None
        return [
            TimeOffer(
                request=request,
                location_id=request.location_id or self.dice.choice(self.locations).pk,
                made_by_id=request.holder_id,
                made_at=request.status_since,
                state=state,
                agreed_at=agreed_at,
                **next(self.diary),
            )
            for _time in range(how_many.get(request.status, 0))
        ]

    def questions_of(self, request):
        """Return the unsaved question that a saved request waits for, if any."""
        if request.status != Status.WAITING or not self._happens(ASKED_SHARE):
            return []
        words = self.words[request.language]["question"]
        asked = {"asked_by_id": request.holder_id, "asked_at": request.status_since}
        return [ClinicQuestion(request=request, text=words, **asked)]

    def _free_times(self):
        """Yield clinicians and half hours to come, none of them twice, behind all that is in their diaries."""
        taken = TimeOffer.objects.aggregate(last=Max("ends_at"))["last"]
        day, zone = timezone.localtime(max(taken or self.now, self.now)).date(), timezone.get_default_timezone()
        while True:
            day = next_workday(day)
            for minutes in range(9 * 60, 16 * 60, 30):
                starts_at = datetime.combine(day, time(*divmod(minutes, 60)), tzinfo=zone)
                span = {"starts_at": starts_at, "ends_at": starts_at + timedelta(minutes=30)}
                for clinician in self.clinicians:
                    yield {"clinician": clinician, **span}

    def _came_at(self, status):
        """Return when it came: what still waits within days, the rest within two years, most in the clinic's hours."""
        if status in STILL_OPEN:
            return self.now - self.dice.random() * OPEN_FOR_AT_MOST
        day = self.midnight - timedelta(days=self.dice.randrange(1, KEPT_FOR_DAYS))
        if day.weekday() not in WORKDAYS and not self._happens(WEEKEND_SHARE):
            day -= timedelta(days=self.dice.randrange(2, 5))
        (hour,) = self.dice.choices(range(24), weights=BY_HOUR)
        return day + timedelta(hours=hour, seconds=self.dice.randrange(3600))

    def _first_answer(self, status, created_at):
        """Return when the clinic first answered, most often within some hours of its day; nothing where it did not."""
        if status in NOT_ANSWERED:
            return {}
        takes = timedelta(minutes=self.dice.expovariate(1 / MEAN_MINUTES))
        answered_at = min(self.hours.add(created_at, takes) if self.hours.spans else created_at + takes, self.now)
        minutes = working_minutes(self.hours, created_at, answered_at)
        return {"first_answered_at": answered_at, "first_answer_minutes": minutes}

    def _status(self):
        self.count += 1
        return self._drawn(self.shares) if self._may_be_odd() else self.states[self.count - 1]

    def _may_be_odd(self):
        """Say whether the states have all had their turn."""
        return self.count > len(self.states)

    def _what(self, status, is_urgent):
        """Return who asks for what, in their language."""
        language = "es" if self._happens(0.2) else "en"
        words = self.words[language]
        first, last = self.dice.choice(words["first_names"]), self.dice.choice(words["last_names"])
        phone = f"({self.dice.choice(AREA_CODES)}) 555-01{self.dice.randrange(100):02}"
        matters = words["dangers"] if self._happens(DANGER_SHARE) else words["matters"]
        matter = self.dice.choice(matters).format(days=self.dice.randrange(2, 90))
        return {
            "language": language,
            "wish": (Wish.QUESTION if self._happens(0.25) else Wish.APPOINTMENT).value,
            "procedure_id": self._one_or_none(self.procedures),
            "location_id": self._one_or_none([location.pk for location in self.locations]),
            "full_name": f"{first} {last}",
            "email": f"{first}.{last}.{self.dice.randrange(SAME_NAME)}@example.org".lower(),
            "phone": phone if self._happens(0.8) else "",
            "matter": matter,
            "preferences": self._preferences(),
            "signs": self._ticked(self.signs[language], is_urgent),
            "answer": words["answer"] if status in (Status.ANSWERED, Status.CLOSED) else "",
            **_danger_in(matter),
        }

    def _preferences(self):
        times = self.dice.sample(TIMES, k=3) if self._happens(0.6) else ["any"]
        return {"times": sorted(times), "reach_by": "either", "leave_message": self._happens(0.7)}

    def _one_or_none(self, things):
        return self.dice.choice(things) if things and not self._happens(UNSURE_SHARE) else None

    def _ticked(self, signs, is_urgent):
        urgent = [sign["key"] for sign in signs if sign["urgency"] == "urgent"] if is_urgent else []
        ticked = self.dice.choice(urgent) if urgent else None
        return [sign | {"ticked": sign["key"] == ticked} for sign in signs]

    def _happens(self, share):
        return self.dice.random() < share

    def _drawn(self, shares):
        return self.dice.choices(list(shares), weights=shares.values())[0]


@cache
def _danger_in(matter):
    return danger_in(matter)


def next_workday(day):
    """Return the next day, from Monday to Friday, after this one."""
    day += timedelta(days=1)
    return day if day.weekday() in WORKDAYS else next_workday(day)

"""The demonstration's requests: some by the real workflow from `requests.toml`, and any number more in bulk."""

import random
import sys
import tomllib
from datetime import datetime, time, timedelta
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.db.models import Max
from django.utils import timezone, translation

from accounts.models import User
from appointments import workflow
from appointments.models import AppointmentRequest, ClinicQuestion, DeclineReason, OfferState, Status, TimeOffer, Wish
from appointments.references import new_reference, new_token
from appointments.signs import signs_to_ask
from audit.actors import PATIENT, Actor
from audit.models import Event
from clinic.hours import moment_of, working_minutes
from clinic.models import Clinician, ClinicProfile, Location, reception_hours
from procedures.models import Procedure

FILE = Path(__file__).parent / "demonstration" / "requests.toml"
LOADER = Actor.command("load_demo")
WORKDAYS = range(5)
ANSWERS = (
    *("full_name", "email", "phone", "date_of_birth", "wish", "procedure", "location", "matter"),
    *("preferences", "helper", "wants_details"),
)


def load(requests=0):
    """Make those of the file where there are none yet, then `requests` more; return a sentence on what was made."""
    if not settings.DEMO:
        return "no made-up requests: DEMO is off"
    made = 0 if AppointmentRequest.of_every_kind.exists() else load_told()
    return f"{made + load_many(requests)} made-up requests"


@transaction.atomic
def load_told():
    """Make the requests of the file by the moves that staff would make; return how many."""
    rows = _told()["requests"]
    for row in rows:
        _make(row)
    return len(rows)


def _told():
    return tomllib.loads(FILE.read_text(encoding="utf-8"))


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
        day = _next_workday(day)
    starts_at, _is_twice = moment_of(day, time.fromisoformat(row["at"]), zone=zone)
    place, clinician = Location.objects.get(key=row["location"]), Clinician.objects.get(key=row["clinician"])
    return workflow.ProposedTime(place, clinician, starts_at, row["minutes"])


def _next_workday(day):
    day += timedelta(days=1)
    return day if day.weekday() in WORKDAYS else _next_workday(day)


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


# In bulk: what a clinic has after some years, in its shares of states, without events or messages

BATCH = 1000
SHARES = {
    Status.CLOSED: 70,
    Status.ANSWERED: 9,
    Status.DECLINED: 6,
    Status.NEW: 5,
    Status.IN_PROGRESS: 4,
    Status.WITHDRAWN: 3,
    Status.WAITING: 2,
    Status.AGREED: 1,
}
NOT_ANSWERED = (Status.NEW, Status.WITHDRAWN)
MEAN_MINUTES = 160
NEED_TIMES = (Status.WAITING, Status.AGREED)
ASKED_SHARE = 0.3
OPEN_FOR_AT_MOST = timedelta(days=3)
KEPT_FOR = timedelta(days=730)
URGENT_SHARE, UNSURE_SHARE = 0.06, 0.2

TIMES = [f"{day}-{part}" for day in range(5) for part in ("morning", "afternoon")]
AREA_CODES = (206, 253, 360, 425, 509)


def load_many(count):
    """Make `count` requests in all states, a batch at a time; return how many. Progress shows on a terminal."""
    maker = RequestMaker()
    for start in range(0, count, BATCH):
        size = min(BATCH, count - start)
        rows = [maker.make(reference) for reference in _free_references(size)]
        with transaction.atomic():
            AppointmentRequest.objects.bulk_create(rows)
            TimeOffer.objects.bulk_create([time for row in rows for time in maker.times_of(row)])
            ClinicQuestion.objects.bulk_create([question for row in rows for question in maker.questions_of(row)])
            Event.record("request.demonstration_loaded", by=LOADER, rows=size)
        if sys.stderr.isatty():
            sys.stderr.write(f"\r{start + size:,} of {count:,} requests" + ("\n" if start + size == count else ""))
    return count


def _free_references(count):
    """Return `count` new references that no request has."""
    free = set()
    while len(free) < count:
        drawn = {new_reference() for _missing in range(count - len(free))}
        free |= drawn - set(
            AppointmentRequest.of_every_kind.filter(reference__in=drawn).values_list("reference", flat=True)
        )
    return free


class RequestMaker:
    """Makes unsaved requests that look like a clinic's; the first ones go through all states in turn."""

    def __init__(self):
        self.dice = random.Random()  # noqa: S311 -- made-up people, nothing secret
        self.now, self.words = timezone.now(), _told()["bulk"]
        self.hours, self.profile = reception_hours(), ClinicProfile.current()
        self.procedures, self.locations = list(Procedure.objects.all()), list(Location.objects.filter(is_open=True))
        self.staff = list(User.objects.filter(username__in=["reception", "reception2", "nurse"]))
        self.signs = {code: _signs(code) for code, _name in settings.LANGUAGES}
        self.count = 0
        self.clinicians = list(Clinician.objects.filter(is_shown=True))
        # Without people and places there are no times.
        can_meet = self.staff and self.clinicians and self.locations
        self.shares = {status: share for status, share in SHARES.items() if can_meet or status not in NEED_TIMES}
        self.states = list(self.shares)
        self.diary = self._free_times()

    def make(self, reference):
        """Return one unsaved request."""
        status = self._status()
        is_open = status in (Status.NEW, Status.IN_PROGRESS, Status.WAITING)
        created_at = self.now - self.dice.random() * (OPEN_FOR_AT_MOST if is_open else KEPT_FOR)
        status_since = created_at if status == Status.NEW else created_at + self.dice.random() * (self.now - created_at)
        is_urgent = self.dice.random() < URGENT_SHARE
        holder = self.dice.choice(self.staff) if status != Status.NEW and self.staff else None
        return AppointmentRequest(
            reference=reference,
            status=status,
            is_urgent=is_urgent,
            created_at=created_at,
            promised_from=created_at,
            status_since=status_since,
            due_at=workflow.due_from(created_at, urgent=is_urgent, hours=self.hours, profile=self.profile),
            holder=holder,
            held_since=status_since if holder else None,
            decline_reason=self.dice.choice(DeclineReason.values) if status == Status.DECLINED else "",
            **self._first_answer(status, created_at),
            **self._what(status, is_urgent),
        )

    def times_of(self, request):
        """Return the unsaved times of a saved request: one where a time is agreed, some where the patient chooses."""
        how_many = {Status.AGREED: 1, Status.WAITING: self.dice.randrange(1, workflow.MOST_TIMES + 1)}
        state = OfferState.AGREED if request.status == Status.AGREED else OfferState.OPEN
        agreed_at = request.status_since if state == OfferState.AGREED else None
        return [
            TimeOffer(
                request=request,
                location=request.location or self.dice.choice(self.locations),
                made_by=request.holder,
                made_at=request.status_since,
                state=state,
                agreed_at=agreed_at,
                **next(self.diary),
            )
            for _time in range(how_many.get(request.status, 0))
        ]

    def questions_of(self, request):
        """Return the unsaved question that a saved request waits for, if any."""
        if request.status != Status.WAITING or self.dice.random() > ASKED_SHARE:
            return []
        words = self.words[request.language]["question"]
        return [ClinicQuestion(request=request, text=words, asked_by=request.holder, asked_at=request.status_since)]

    def _free_times(self):
        """Yield clinicians and half hours to come, none of them twice, behind all that is in their diaries."""
        taken = TimeOffer.objects.aggregate(last=Max("ends_at"))["last"]
        day, zone = timezone.localtime(max(taken or self.now, self.now)).date(), timezone.get_default_timezone()
        while True:
            day = _next_workday(day)
            for minutes in range(9 * 60, 16 * 60, 30):
                starts_at = datetime.combine(day, time(*divmod(minutes, 60)), tzinfo=zone)
                for clinician in self.clinicians:
                    yield {
                        "clinician": clinician,
                        "starts_at": starts_at,
                        "ends_at": starts_at + timedelta(minutes=30),
                    }

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
        if self.count <= len(self.states):
            return self.states[self.count - 1]
        return self.dice.choices(self.states, weights=self.shares.values())[0]

    def _what(self, status, is_urgent):
        """Return who asks for what, in their language."""
        language = self.dice.choices(["en", "es"], weights=[4, 1])[0]
        words = self.words[language]
        first, last = self.dice.choice(words["first_names"]), self.dice.choice(words["last_names"])
        phone = f"({self.dice.choice(AREA_CODES)}) 555-01{self.dice.randrange(100):02}"
        has_answer = status in (Status.ANSWERED, Status.CLOSED)
        return {
            "language": language,
            "wish": self.dice.choices(Wish.values, weights=[3, 1])[0],
            "procedure": self._one_or_none(self.procedures),
            "location": self._one_or_none(self.locations),
            "full_name": f"{first} {last}",
            "email": f"{first}.{last}.{self.dice.randrange(10**6)}@example.org".lower(),
            "phone": phone if self.dice.random() < 0.8 else "",
            "matter": self.dice.choice(words["matters"]).format(days=self.dice.randrange(2, 90)),
            "preferences": self._preferences(),
            "signs": self._ticked(self.signs[language], is_urgent),
            "answer": words["answer"] if has_answer else "",
        }

    def _preferences(self):
        times = self.dice.sample(TIMES, k=3) if self.dice.random() < 0.6 else ["any"]
        return {"times": times, "reach_by": "either", "leave_message": self.dice.random() < 0.7}

    def _one_or_none(self, things):
        return self.dice.choice(things) if things and self.dice.random() > UNSURE_SHARE else None

    def _ticked(self, signs, is_urgent):
        urgent = [sign["key"] for sign in signs if sign["urgency"] == "urgent"] if is_urgent else []
        ticked = self.dice.choice(urgent) if urgent else None
        return [sign | {"ticked": sign["key"] == ticked} for sign in signs]

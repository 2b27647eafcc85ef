"""The table of moves: what staff and patients can do with a request, from which states, and what it leads to."""

from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from appointments.models import OPEN, WAITS_FOR_CLINIC, Status
from audit.actors import PATIENT, STAFF

NOBODY, THE_ONE_WHO_MOVES, AS_BEFORE, THE_CHOSEN = "nobody", "by", "as before", "the chosen one"
ANYBODY, THE_HOLDER = "anybody", "the holder"
WHOEVER_HOLDS_IT = (NOBODY, ANYBODY)

# What is held as spam moves by being judged, and by its patient, who must notice no difference.
NEVER_HELD, HELD_ALONE, HELD_TOO = "never held as spam", "held as spam alone", "held as spam too"

# While the patient has the next move the promise stands still; then it runs on, or begins anew for what is asked anew.
RUNS_ON, BEGINS_ANEW = "runs on", "begins anew"

TRIAGE = "appointments.triage_appointmentrequest"


@dataclass(frozen=True)
class Move:
    """One row of the table: what is pressed, by whom, from which states, and what it leads to ("" is: stays).

    `input` names what is typed for it (`appointments/workflow/inputs.py`), `message` what the patient is told, `spam`
    whether it is for what is held as spam; `frees` says that it is held no longer, `holds` that it is from now on.
    `promise` says how the clock goes on where the move is the clinic's again, `wakes` that it comes back before the
    moment until which it was put aside, `takes_back` that it tells the patient what no longer holds. `corrected_by`
    names the move that tells the patient so when this one was wrong and its message has left.
    """

    label: str
    allowed_from: tuple
    leads_to: str
    may_be_held_by: tuple
    held_after: str
    permission: str
    event: str
    message: str = ""
    input: str = ""
    made_by: str = STAFF
    spam: str = NEVER_HELD
    frees: bool = False
    holds: bool = False
    promise: str = RUNS_ON
    wakes: bool = False
    takes_back: bool = False
    corrected_by: str = ""

    @property
    def is_answer(self):
        """Whether the clinic tells the patient something with it that is more than a receipt."""
        is_told = self.made_by == STAFF and bool(self.message)
        return is_told and self.spam == NEVER_HELD and not self.takes_back


def by_staff(label, *, allowed_from, leads_to, event, held_by=(THE_HOLDER,), held_after=AS_BEFORE, **also):
    """Return a move that staff make, the holder alone where nothing else is said."""
    return Move(label, allowed_from, leads_to, held_by, held_after, TRIAGE, event, **also)


def by_patient(label, *, allowed_from, event, leads_to="", **also):
    """Return a move that the patient makes on the private page, whoever holds the request."""
    also |= {"made_by": PATIENT, "spam": HELD_TOO, "wakes": True}
    return Move(label, allowed_from, leads_to, WHOEVER_HOLDS_IT, AS_BEFORE, "", event, **also)


ENDED = (Status.ANSWERED, Status.DECLINED, Status.WITHDRAWN)

MOVES = {
    "not_spam": by_staff(
        _("Not spam: put it into the queue"),
        allowed_from=(Status.NEW, Status.CLOSED),
        leads_to=Status.NEW,
        held_by=WHOEVER_HOLDS_IT,
        held_after=NOBODY,
        event="request.not_spam",
        message="received",
        spam=HELD_ALONE,
        frees=True,
    ),
    "spam": by_staff(
        _("It is spam: close it"),
        allowed_from=(Status.NEW,),
        leads_to=Status.CLOSED,
        held_by=WHOEVER_HOLDS_IT,
        event="request.judged_spam",
        spam=HELD_ALONE,
    ),
    "suspect": by_staff(
        _("This is spam"),
        allowed_from=WAITS_FOR_CLINIC,
        leads_to=Status.CLOSED,
        held_by=WHOEVER_HOLDS_IT,
        held_after=NOBODY,
        event="request.judged_spam",
        holds=True,
    ),
    "read_news": by_staff(
        _("I have read what is new"),
        allowed_from=(Status.WAITING, Status.AGREED, Status.WITHDRAWN),
        leads_to="",
        held_by=WHOEVER_HOLDS_IT,
        event="request.news_read",
    ),
    "claim": by_staff(
        _("Claim"),
        allowed_from=WAITS_FOR_CLINIC,
        leads_to=Status.IN_PROGRESS,
        held_by=(NOBODY,),
        held_after=THE_ONE_WHO_MOVES,
        event="request.claimed",
    ),
    "hand_over": by_staff(
        _("Hand over"),
        allowed_from=(Status.IN_PROGRESS, Status.WAITING),
        leads_to="",
        held_by=(NOBODY, THE_HOLDER),
        held_after=THE_CHOSEN,
        event="request.handed_over",
        input="colleague",
    ),
    "set_urgency": by_staff(
        _("Say how urgent it is"),
        allowed_from=(*WAITS_FOR_CLINIC, Status.WAITING),
        leads_to="",
        held_by=WHOEVER_HOLDS_IT,
        event="request.urgency_set",
        input="urgency",
        wakes=True,
    ),
    "snooze": by_staff(
        _("Put aside until"),
        allowed_from=(*WAITS_FOR_CLINIC, Status.WAITING),
        leads_to="",
        held_by=(NOBODY, THE_HOLDER),
        event="request.snoozed",
        input="until",
    ),
    "wake": by_staff(
        _("Bring back now"),
        allowed_from=(*WAITS_FOR_CLINIC, Status.WAITING),
        leads_to="",
        held_by=WHOEVER_HOLDS_IT,
        event="request.woken",
        wakes=True,
    ),
    "offer": by_staff(
        _("Offer times"),
        allowed_from=(Status.IN_PROGRESS, Status.WAITING),
        leads_to=Status.WAITING,
        event="request.times_offered",
        message="offer",
        input="times",
        corrected_by="retract",
    ),
    "agree": by_staff(
        _("Agree a time by telephone"),
        allowed_from=(Status.IN_PROGRESS, Status.WAITING),
        leads_to=Status.AGREED,
        event="request.time_agreed",
        message="agreed",
        input="time",
        corrected_by="cancel_time",
    ),
    "change_time": by_staff(
        _("Change the agreed time"),
        allowed_from=(Status.AGREED,),
        leads_to=Status.AGREED,
        held_by=WHOEVER_HOLDS_IT,
        event="request.time_changed",
        message="time_changed",
        input="time",
        corrected_by="change_time",
    ),
    "cancel_time": by_staff(
        _("Cancel the agreed time"),
        allowed_from=(Status.AGREED,),
        leads_to=Status.IN_PROGRESS,
        held_by=WHOEVER_HOLDS_IT,
        held_after=THE_ONE_WHO_MOVES,
        event="request.time_cancelled",
        message="time_cancelled",
        promise=BEGINS_ANEW,
        corrected_by="agree",
    ),
    "ask": by_staff(
        _("Ask the patient"),
        allowed_from=(Status.IN_PROGRESS, Status.WAITING),
        leads_to=Status.WAITING,
        event="request.asked",
        message="question",
        input="question",
        corrected_by="retract",
    ),
    "stop_waiting": by_staff(
        _("Stop waiting for the patient"),
        allowed_from=(Status.WAITING,),
        leads_to=Status.IN_PROGRESS,
        held_by=WHOEVER_HOLDS_IT,
        held_after=THE_ONE_WHO_MOVES,
        event="request.taken_back",
    ),
    "retract": by_staff(
        _("Take back what we wrote, and tell the patient"),
        allowed_from=(Status.WAITING,),
        leads_to=Status.IN_PROGRESS,
        held_by=WHOEVER_HOLDS_IT,
        held_after=THE_ONE_WHO_MOVES,
        event="request.retracted",
        message="retracted",
        takes_back=True,
    ),
    "answer": by_staff(
        _("Send the answer"),
        allowed_from=(Status.IN_PROGRESS,),
        leads_to=Status.ANSWERED,
        event="request.answered",
        message="answered",
        input="answer",
        corrected_by="reopen",
    ),
    "decline": by_staff(
        _("Decline"),
        allowed_from=(Status.IN_PROGRESS,),
        leads_to=Status.DECLINED,
        event="request.declined",
        message="declined",
        input="decline_reason",
        corrected_by="reopen",
    ),
    "release": by_staff(
        _("Release to the queue"),
        allowed_from=(Status.IN_PROGRESS,),
        leads_to=Status.IN_PROGRESS,
        held_after=NOBODY,
        event="request.released",
    ),
    "close": by_staff(
        _("Close"),
        allowed_from=(Status.AGREED, *ENDED),
        leads_to=Status.CLOSED,
        held_by=WHOEVER_HOLDS_IT,
        event="request.closed",
    ),
    "reopen": by_staff(
        _("Open it again, and tell the patient"),
        allowed_from=(*ENDED, Status.CLOSED),
        leads_to=Status.IN_PROGRESS,
        held_by=WHOEVER_HOLDS_IT,
        held_after=THE_ONE_WHO_MOVES,
        event="request.reopened",
        message="reopened",
        takes_back=True,
        promise=BEGINS_ANEW,
    ),
    "accept": by_patient(
        _("Accept this time"),
        allowed_from=(Status.IN_PROGRESS, Status.WAITING),
        leads_to=Status.AGREED,
        event="request.time_accepted",
        message="agreed",
        input="offer",
    ),
    "other_times": by_patient(
        _("Ask for other times"),
        allowed_from=(Status.IN_PROGRESS, Status.WAITING),
        leads_to=Status.IN_PROGRESS,
        event="request.other_times_wanted",
        input="preferences",
        promise=BEGINS_ANEW,
    ),
    "reply": by_patient(
        _("Answer the clinic’s question"),
        allowed_from=(Status.IN_PROGRESS, Status.WAITING),
        leads_to=Status.IN_PROGRESS,
        event="request.replied",
        input="reply",
    ),
    "add": by_patient(_("Add something"), allowed_from=OPEN, event="request.added_to", input="words"),
    "prefer": by_patient(
        _("Change when it suits"),
        allowed_from=(*WAITS_FOR_CLINIC, Status.WAITING),
        event="request.preferences_changed",
        input="preferences",
    ),
    "withdraw": by_patient(
        _("Withdraw the request"),
        allowed_from=OPEN,
        leads_to=Status.WITHDRAWN,
        event="request.withdrawn",
        message="withdrawn",
    ),
    "set_reminders": by_patient(
        _("Turn reminders on or off"),
        allowed_from=OPEN,
        event="request.reminders_set",
        input="wants_reminders",
    ),
    "set_details": by_patient(
        _("Have the treatment named in messages, or not"),
        allowed_from=OPEN,
        event="request.details_set",
        input="wants_details",
    ),
}


def moves_of(kind):
    """Return the moves that staff make, or that patients make, by name."""
    return {name: row for name, row in MOVES.items() if row.made_by == kind}


def state_arrows():
    """Return the arrows of the state diagram: (from, to, label), None standing for "not there yet"."""
    moves = [(start, row.leads_to or start, row.label) for row in MOVES.values() for start in row.allowed_from]
    return [(None, Status.NEW, _("The patient sends it")), *moves]

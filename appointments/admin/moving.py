"""What staff press on the sheet: a form a move, and what they had seen of the request when they pressed it."""

from dataclasses import dataclass
from datetime import datetime

from django import forms
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from appointments import workflow
from appointments.admin.move_forms import FORMS, Choices
from appointments.models import DeclineReason, OfferState, Status
from audit.actors import STAFF
from clinic import forgeries, stale

DONE = {
    "read_news": _("What is new about %(reference)s is read."),
    "not_spam": _("%(reference)s is in the queue now."),
    "spam": _("%(reference)s is closed as spam."),
    "claim": _("%(reference)s is yours now."),
    "release": _("%(reference)s is back in the queue."),
    "offer": _("The patient of %(reference)s can choose a time now."),
    "agree": _("The time of %(reference)s is agreed."),
    "change_time": _("The agreed time of %(reference)s is changed."),
    "ask": _("Your question about %(reference)s is on its way to the patient."),
    "answer": _("%(reference)s is answered."),
    "decline": _("%(reference)s is declined."),
    "close": _("%(reference)s is closed."),
    "cancel_time": _("The agreed time of %(reference)s is cancelled."),
    "stop_waiting": _("%(reference)s is yours now, and no longer waits for the patient."),
    "suspect": _("%(reference)s is closed as spam."),
    "hand_over": _("%(reference)s is with your colleague now."),
    "set_urgency": _("How urgent %(reference)s is has been changed."),
    "snooze": _("%(reference)s is put aside. It comes back by itself."),
    "wake": _("%(reference)s is back."),
    "retract": _("What was written about %(reference)s is taken back. The request is yours now."),
    "reopen": _("%(reference)s is open again, and yours."),
}


# When the sheet is silent about a move, as nobody would look for it.
MAKES_NO_SENSE = {
    "read_news": lambda asked: not asked.has_news,
    "wake": lambda asked: not asked.is_snoozed(),
    "suspect": lambda asked: not asked.waits_for_clinic,
    "retract": lambda asked: asked.status != Status.WAITING,
    "reopen": lambda asked: asked.is_open,
}

# The moves that can be made at the desk.
AT_THE_DESK = {name: row for name, row in workflow.moves_of(STAFF).items() if row.input in FORMS}

# These are opened before they are pressed: what is typed for them takes room, or one press must not be enough.
IN_TWO_PRESSES = {
    "cancel_time": _("Yes, cancel the agreed time"),
    "suspect": _("Yes, it is spam"),
    "retract": _("Yes, take it back"),
    "reopen": _("Yes, open it again"),
}
FOLDED = ("offer", "agree", "change_time", "ask", "hand_over", "set_urgency", "snooze", *IN_TWO_PRESSES)
# These are seldom made, and stand under one line.
SELDOM = ("hand_over", "set_urgency", "snooze", "suspect", "retract", "reopen")

QUIET = ("release", "decline", "close", "spam", "wake", *SELDOM)

BEFORE_THE_PRESS = {
    "cancel_time": _("The patient is told, and loses this time. The request is open again, and is yours."),
    "suspect": _("It is closed, and the patient is told nothing. You can still put it back into the queue."),
    "retract": _(
        "Your open question and the times that you offered are gone. The patient is told not to act on your message. "
        "The request is yours."
    ),
    "reopen": _(
        "The patient is told that what you wrote before no longer holds. Your earlier answer is kept as a note. "
        "The request is yours."
    ),
    "snooze": _("Nobody sees it in the queue until then. By when it is due stays as it is."),
    "change_time": _("The patient keeps the time that is agreed until the new one is, and is told."),
}


class AskAgain(workflow.Refused):
    """A move that is odd but may be meant: nothing was done yet, and the same press again does it."""


def form_for(asked, name, data=None, *, choices=None):
    """Return the form of a move, over what a post says where there is one."""
    return FORMS[workflow.MOVES[name].input](data, asked=asked, name=name, choices=choices)


def press(asked, form, *, by, seen):
    """Make the move of a form that was posted, and return the request as it then stands.

    Raises what `workflow.move` does, in the same order, and AskAgain. A form that says itself what must be mended
    raises Unfit with no field.
    """
    try:
        return _pressed(asked, form, by=by, seen=seen)
    except workflow.Refused:
        if asked.revision == seen.revision:
            _note_if_not_offered(asked, form.move, by=by)
        raise


def _pressed(asked, form, *, by, seen):
    is_valid = form.is_valid()
    if not is_valid or form.open_doubts:
        if asked.revision != seen.revision:
            raise workflow.Stale(workflow.CHANGED_MEANWHILE)
        workflow.check_move(asked, form.move, by=by)
        if not is_valid:
            raise workflow.Unfit("", field=None)
        raise AskAgain(_("Is this right? Then press the button again."))
    return workflow.move(asked, form.move, by=by, seen_revision=seen.revision, **form.inputs())


def _note_if_not_offered(asked, name, *, by):
    """Note a move for which the sheet, of which nothing has changed since, had a reason in place of a button."""
    try:
        workflow.check_move(asked, name, by=by)
    except workflow.Refused:
        forgeries.note(forgeries.MOVE, where=name)


# What was seen: facts without personal data, signed, so that a stale move can say what changed meanwhile.


def snapshot(asked):
    """Return the facts that a move is judged on, signed."""
    return stale.snapshot(_facts(asked), of=_name(asked))


def _facts(asked):
    return {
        "status": asked.status,
        "holder": asked.holder_id,
        "hurry": str(workflow.level_of(asked)),
        "aside": asked.snoozed_until.isoformat() if asked.is_snoozed() else "",
        "times": [[offer.state, offer.starts_at.isoformat()] for offer in asked.offers.all() if offer.is_current],
    }


def _name(asked):
    return f"{asked._meta.label}/{asked.pk}"


@dataclass(frozen=True)
class Seen:
    """The revision and the facts of a request as somebody saw them; no facts when nobody can vouch for them."""

    revision: int
    facts: dict

    @classmethod
    def read(cls, asked, data):
        """Read it back from a post about `asked`. A snapshot that was altered, or of another request, is ignored."""
        facts = stale.read_snapshot(data.get("snapshot", ""), of=_name(asked))
        return cls(stale.read_revision(data.get("seen_revision", "")), facts or {})


def compared(asked, form, *, seen, by):
    """Return rows for the component `stale`: what was seen, what is now, and what the move would have made of it.

    `form` is what was typed, `seen` as posted, `by` the user who pressed. Facts that nobody changed are left out.
    """
    row = workflow.MOVES[form.move]
    held_after = {workflow.THE_ONE_WHO_MOVES: by.pk, workflow.NOBODY: None}
    facts = {"status": "", "holder": "", "hurry": "", "aside": "", "times": []} | seen.facts
    mine = facts | {"holder": held_after.get(row.held_after, facts["holder"])} | form.facts()
    mine["status"] = row.leads_to or facts["status"]
    now = _facts(asked)
    holders = {facts["holder"] or None, mine["holder"] or None, asked.holder_id}
    names = {user.pk: str(user) for user in User.objects.filter(pk__in=holders - {None})}
    labels = {
        "status": gettext("Status"),
        "holder": gettext("Who has it"),
        "hurry": gettext("Urgent"),
        "aside": gettext("Put aside until"),
        "times": gettext("Times"),
    }
    versions = [_in_words(version, names) for version in (facts, now, mine)]
    if row.input:
        labels["typed"], typed = form.typed
        for version, value in zip(versions, ("", getattr(asked, row.input, ""), typed), strict=True):
            version["typed"] = dict(DeclineReason.choices).get(value, value)
    return [row for row in stale.compare(labels, *versions) if row.changed_by != stale.ChangedBy.NOBODY]


def _in_words(facts, names):
    return {
        "status": Status(facts["status"]).label if facts["status"] else "",
        "holder": "" if facts["holder"] == "" else names.get(facts["holder"], gettext("nobody")),
        "hurry": workflow.Level(facts["hurry"]).label if facts["hurry"] in workflow.Level.values else "",
        "aside": _moment_in_words(facts["aside"]) if facts["aside"] else "",
        "times": "\n".join(_time_in_words(*time) for time in facts["times"]),
    }


def _time_in_words(state, starts_at):
    return f"{_moment_in_words(starts_at)} ({OfferState(state).label})"


def _moment_in_words(moment):
    return date_format(timezone.localtime(datetime.fromisoformat(moment)), "SHORT_DATETIME_FORMAT")


# The buttons


@dataclass(frozen=True)
class Button:
    """A move as the sheet shows it: a form to send, or the reason why it cannot be made now.

    `is_wanted` says that something else on the sheet leads to it.
    """

    name: str
    label: str
    form: forms.Form | None
    reason: str = ""
    is_wanted: bool = False

    @property
    def text(self):
        """The words that were typed for it, which must not be lost when it cannot be made."""
        return self.form.in_words if self.form else ""

    @property
    def is_folded(self):
        """Whether it is opened before it is pressed."""
        return self.name in FOLDED

    @property
    def is_quiet(self):
        """Whether it gives the request up, and so should not be the first thing to catch the eye."""
        return self.name in QUIET

    @property
    def is_seldom(self):
        """Whether it stands under "More", unless it was tried just now, or puts right what was done last."""
        return self.name in SELDOM and not (self.is_open or self.is_wanted)

    @property
    def is_open(self):
        """Whether it was tried just now, or somebody came for it."""
        return self.form is not None and (self.form.is_bound or self.form.is_opened)

    @property
    def is_about_times(self):
        """Whether times are typed for it."""
        return workflow.MOVES[self.name].input in ("times", "time")

    @property
    def before(self):
        """What there is to know before it is pressed."""
        return BEFORE_THE_PRESS.get(self.name, "")

    @property
    def final(self):
        """The words on the button itself, where opening it says the label already."""
        return IN_TWO_PRESSES.get(self.name, self.label)


def buttons(asked, *, by, form=None, wanted=""):
    """Return a Button for each move of the table, in its order; what is held as spam has its own, and no others.

    `form` is what was typed for a move; the other moves that can be made get empty forms. `wanted` names the move to
    which another part of the sheet leads.
    """
    made, choices = [], Choices(asked)
    for name, row in AT_THE_DESK.items():
        tried = form if form is not None and form.move == name else None
        if tried is None and (row.spam == workflow.HELD_ALONE) != bool(asked.held_because):
            continue
        if tried is None and name in MAKES_NO_SENSE and MAKES_NO_SENSE[name](asked):
            continue
        try:
            workflow.check_move(asked, name, by=by)
            made.append(
                Button(name, row.label, tried or form_for(asked, name, choices=choices), is_wanted=name == wanted)
            )
        except workflow.Refused as refused:
            made.append(Button(name, row.label, tried, refused.reason))
    return made

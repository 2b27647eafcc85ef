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
from appointments.admin.move_forms import FORMS
from appointments.models import DeclineReason, OfferState, Status
from audit.actors import STAFF
from clinic import stale

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
}


# The moves that can be made at the desk.
AT_THE_DESK = {name: row for name, row in workflow.moves_of(STAFF).items() if row.input in FORMS}

# What is typed for these is shown once somebody asks for it; for the last, that is the first of two presses.
FOLDED = ("offer", "agree", "change_time", "ask", "cancel_time")

QUIET = ("release", "decline", "close")

BEFORE_THE_PRESS = {
    "cancel_time": _("The patient is told, and loses this time. The request is open again, and is yours."),
    "change_time": _("The patient keeps the time that is agreed until the new one is, and is told."),
}


class AskAgain(workflow.Refused):
    """A move that is odd but may be meant: nothing was done yet, and the same press again does it."""


def form_for(asked, name, data=None):
    """Return the form of a move, over what a post says where there is one."""
    return FORMS[workflow.MOVES[name].input](data, asked=asked, name=name)


def press(asked, form, *, by, seen):
    """Make the move of a form that was posted, and return the request as it then stands.

    Raises what `workflow.move` does, in the same order, and AskAgain. A form that says itself what must be mended
    raises Unfit with no field.
    """
    is_valid = form.is_valid()
    if not is_valid or form.open_doubts:
        if asked.revision != seen.revision:
            raise workflow.Stale(workflow.CHANGED_MEANWHILE)
        workflow.check_move(asked, form.move, by=by)
        if not is_valid:
            raise workflow.Unfit("", field=None)
        raise AskAgain(_("Is this right? Then press the button again."))
    return workflow.move(asked, form.move, by=by, seen_revision=seen.revision, **form.inputs())


# What was seen: facts without personal data, signed, so that a stale move can say what changed meanwhile.


def snapshot(asked):
    """Return the facts that a move is judged on, signed."""
    return stale.snapshot(_facts(asked), of=_name(asked))


def _facts(asked):
    return {
        "status": asked.status,
        "holder": asked.holder_id,
        "hurry": asked.is_danger or asked.is_urgent,
        "times": [[offer.state, offer.starts_at.isoformat()] for offer in asked.offers.current()],
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
    facts = seen.facts or {"status": "", "holder": "", "hurry": "", "times": []}
    mine = facts | {"status": row.leads_to, "holder": held_after.get(row.held_after, facts["holder"])}
    now = _facts(asked)
    names = {
        user.pk: str(user) for user in User.objects.filter(pk__in={facts["holder"] or None, asked.holder_id, by.pk})
    }
    labels = {
        "status": gettext("Status"),
        "holder": gettext("Who has it"),
        "hurry": gettext("Urgent"),
        "times": gettext("Times"),
    }
    versions = [_in_words(version, names) for version in (facts, now, mine)]
    if row.input:
        typed = form.data.get(row.input, form.in_words)
        labels["typed"] = form.fields[row.input].label if row.input in form.fields else gettext("What you typed")
        for version, value in zip(versions, ("", getattr(asked, row.input, ""), typed), strict=True):
            version["typed"] = dict(DeclineReason.choices).get(value, value)
    return [row for row in stale.compare(labels, *versions) if row.changed_by != stale.ChangedBy.NOBODY]


def _in_words(facts, names):
    return {
        "status": Status(facts["status"]).label if facts["status"] else "",
        "holder": "" if facts["holder"] == "" else names.get(facts["holder"], gettext("nobody")),
        "hurry": {True: gettext("yes"), False: gettext("no")}.get(facts["hurry"], ""),
        "times": "\n".join(_time_in_words(*time) for time in facts["times"]),
    }


def _time_in_words(state, starts_at):
    when = date_format(timezone.localtime(datetime.fromisoformat(starts_at)), "SHORT_DATETIME_FORMAT")
    return f"{when} ({OfferState(state).label})"


# The buttons


@dataclass(frozen=True)
class Button:
    """A move as the sheet shows it: a form to send, or the reason why it cannot be made now."""

    name: str
    label: str
    form: forms.Form | None
    reason: str = ""

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
        return gettext("Yes, cancel the agreed time") if self.name == "cancel_time" else self.label


def buttons(asked, *, by, form=None):
    """Return a Button for each move of the table, in its order; what is held as spam has its own, and no others.

    `form` is what was typed for a move; the other moves that can be made get empty forms.
    """
    made = []
    for name, row in AT_THE_DESK.items():
        tried = form if form is not None and form.move == name else None
        if tried is None and (row.spam == workflow.HELD_ALONE) != bool(asked.held_because):
            continue
        if tried is None and name == "read_news" and not asked.has_news:
            continue
        try:
            workflow.check_move(asked, name, by=by)
            made.append(Button(name, row.label, tried or form_for(asked, name)))
        except workflow.Refused as refused:
            made.append(Button(name, row.label, tried, refused.reason))
    return made

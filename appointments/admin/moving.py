"""What staff press on the sheet: a form a move, and what they had seen of the request when they pressed it."""

import re
from dataclasses import dataclass

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from appointments import workflow
from appointments.models import DeclineReason, Status
from audit.actors import STAFF
from clinic import stale

NOT_TYPED = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")

DONE = {
    "not_spam": _("%(reference)s is in the queue now."),
    "spam": _("%(reference)s is closed as spam."),
    "claim": _("%(reference)s is yours now."),
    "release": _("%(reference)s is back in the queue."),
    "answer": _("%(reference)s is answered."),
    "decline": _("%(reference)s is declined."),
    "close": _("%(reference)s is closed."),
    "cancel_time": _("The agreed time of %(reference)s is cancelled."),
    "stop_waiting": _("%(reference)s is yours now, and no longer waits for the patient."),
}


class AnswerForm(forms.Form):
    """The words that the patient will read."""

    answer = forms.CharField(
        label=_("Your answer"),
        help_text=_("The patient reads it on the private page of this request. Write it in their language."),
        widget=forms.Textarea(attrs={"rows": 8, "dir": "auto"}),
        strip=False,
        required=False,
    )


class DeclineForm(forms.Form):
    """Why the clinic cannot help."""

    decline_reason = forms.CharField(
        label=_("Reason"),
        help_text=_("The patient reads it on the private page of this request."),
        widget=forms.Select(choices=[("", _("Choose a reason")), *DeclineReason.choices]),
        required=False,
    )


FORMS = {"": forms.Form, "answer": AnswerForm, "decline_reason": DeclineForm}


# The moves that can be made at the desk.
AT_THE_DESK = {name: row for name, row in workflow.moves_of(STAFF).items() if row.input in FORMS}


def typed_in(name, data):
    """Return what a post says for the input of a move, as a dictionary; characters that nobody types are left out."""
    field = workflow.MOVES[name].input
    return {field: NOT_TYPED.sub("", data.get(field, "").replace("\r\n", "\n"))} if field else {}


# What was seen: facts without personal data, signed, so that a stale move can say what changed meanwhile.


def snapshot(asked):
    """Return the facts that a move is judged on, signed."""
    return stale.snapshot(_facts(asked), of=_name(asked))


def _facts(asked):
    return {"status": asked.status, "holder": asked.holder_id, "hurry": asked.is_danger or asked.is_urgent}


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


def compared(asked, name, *, seen, typed, by):
    """Return rows for the component `stale`: what was seen, what is now, and what the move would have made of it.

    `seen` and `typed` are as posted, `by` the user who pressed. Facts that nobody changed are left out (1 query).
    """
    row = workflow.MOVES[name]
    held_after = {workflow.THE_ONE_WHO_MOVES: by.pk, workflow.NOBODY: None}
    facts = seen.facts or {"status": "", "holder": "", "hurry": ""}
    mine = facts | {"status": row.leads_to, "holder": held_after.get(row.held_after, facts["holder"])}
    now = _facts(asked)
    names = {
        user.pk: str(user) for user in User.objects.filter(pk__in={facts["holder"] or None, asked.holder_id, by.pk})
    }
    labels = {"status": gettext("Status"), "holder": gettext("Who has it"), "hurry": gettext("Urgent")}
    versions = [_in_words(version, names) for version in (facts, now, mine)]
    if row.input:
        labels[row.input] = FORMS[row.input].base_fields[row.input].label
        for version, value in zip(versions, ("", getattr(asked, row.input), typed[row.input]), strict=True):
            version[row.input] = dict(DeclineReason.choices).get(value, value)
    return [row for row in stale.compare(labels, *versions) if row.changed_by != stale.ChangedBy.NOBODY]


def _in_words(facts, names):
    return {
        "status": Status(facts["status"]).label if facts["status"] else "",
        "holder": "" if facts["holder"] == "" else names.get(facts["holder"], gettext("nobody")),
        "hurry": {True: gettext("yes"), False: gettext("no")}.get(facts["hurry"], ""),
    }


# The buttons


@dataclass(frozen=True)
class Button:
    """A move as the sheet shows it: a form to send, or the reason why it cannot be made now."""

    name: str
    label: str
    form: forms.Form
    reason: str = ""

    @property
    def text(self):
        """The words that were typed for it, which must not be lost when it cannot be made."""
        return self.form.data.get("answer", "") if self.form.is_bound else ""


def buttons(asked, *, by, form=None, name=""):
    """Return a Button for each move of the table, in its order; what is held as spam has its own, and no others.

    `form` is what was typed for the move `name`; the other moves get empty forms.
    """
    made = []
    for each, row in AT_THE_DESK.items():
        if each != name and (row.spam == workflow.HELD_ALONE) != bool(asked.held_because):
            continue
        each_form = form if each == name else FORMS[row.input]()
        try:
            workflow.check_move(asked, each, by=by)
            made.append(Button(each, row.label, each_form))
        except workflow.Refused as refused:
            made.append(Button(each, row.label, each_form, refused.reason))
    return made

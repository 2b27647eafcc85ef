"""What a patient can change on the private page: one table, with the plain question asked before each change."""

from collections.abc import Callable
from dataclasses import dataclass, field

from django.utils.translation import gettext_lazy as _

from appointments import workflow
from appointments.forms import has_preferences
from appointments.models import OPEN, WAITS_FOR_CLINIC, Status
from appointments.tracking_forms import ReplyForm, WordsForm, other_times_form, preferences_form
from audit.actors import Actor

BEFORE_A_TIME = (*WAITS_FOR_CLINIC, Status.WAITING)


@dataclass(frozen=True)
class Change:
    """One row of the table: its part of the address, the move that it makes, and its words.

    `link` leads to it from the private page, where it is offered in the states `shown_in`; `question` heads its page,
    `says` what comes of it; `button` makes it; `done` is said afterwards. `form` asks for the move's input, which
    `fixed` holds where nothing is asked. `at_risk` marks what cannot be taken back.
    """

    name: str
    move: str
    link: str
    question: str
    says: str
    button: str
    done: str
    shown_in: tuple = OPEN
    form: Callable | None = None
    fixed: dict = field(default_factory=dict)
    at_risk: bool = False

    def inputs(self, form, offer):
        """Return what the move takes: what was typed in a valid form, the offered time, or what is fixed."""
        if self.move == "accept":
            return {"offer": offer}
        if form is None:
            return self.fixed
        name = workflow.MOVES[self.move].input
        return {name: form.cleaned_data if name == "preferences" else form.cleaned_data[name]}

    def form_for(self, asked, data=None, *, is_judged=True):
        """Return the form over `data`, or as it is opened; None where nothing is asked.

        Not judged, it only shows what was typed.
        """
        if self.form is None or data is None or is_judged:
            return self.form and self.form(data, asked=asked)
        form = self.form(asked=asked)
        fields = form.fields.items()
        form.initial = {name: field.widget.value_from_datadict(data, {}, name) for name, field in fields}
        return form

    def check(self, asked):
        """Raise Refused when the patient cannot make this change now."""
        workflow.check_move(asked, self.move, by=Actor.patient())

    def is_done(self, asked, offer):
        """Say whether the request is already as this change would make it."""
        if self.move == "accept":
            return asked.status == Status.AGREED and any(time.pk == offer for time in asked.offers.agreed())
        return self.move == "withdraw" and asked.status == Status.WITHDRAWN

    def still_holds(self, asked):
        """Say whether what is said afterwards is so: the address that says it may be kept, reloaded or made up."""
        if self.fixed:
            return all(getattr(asked, name) == value for name, value in self.fixed.items())
        leads_to = workflow.MOVES[self.move].leads_to
        return not leads_to or asked.status == leads_to


ROWS = (
    Change(
        name="accept",
        move="accept",
        link=_("Choose this time"),
        question=_("Do you want this time?"),
        says=_("If you say yes, it is your appointment. We let the other times that we offered you go."),
        button=_("Yes, I want this time"),
        done=_("You have an appointment."),
        shown_in=(),
    ),
    Change(
        name="other-times",
        move="other_times",
        link=_("Ask for other times"),
        question=_("Do you want other times?"),
        says=_("Tell us when you can come. We let the times that we offered you go, and look for others."),
        button=_("Ask for other times"),
        done=_("We look for other times for you."),
        shown_in=(),
        form=other_times_form,
    ),
    Change(
        name="reply",
        move="reply",
        link=_("Answer our question"),
        question=_("Answer our question"),
        says="",
        button=_("Send my answer"),
        done=_("We have your answer."),
        shown_in=(),
        form=ReplyForm,
    ),
    Change(
        name="when",
        move="prefer",
        link=_("Change what suits you"),
        question=_("Change what suits you"),
        says=_("We use what you choose now in place of what you told us before."),
        button=_("Change it"),
        done=_("We have changed what suits you."),
        shown_in=BEFORE_A_TIME,
        form=preferences_form,
    ),
    Change(
        name="add",
        move="add",
        link=_("Add something to your request"),
        question=_("Add something to your request"),
        says=_("What you wrote before stays as it is. This page does not show it, in case others can see your screen."),
        button=_("Add it"),
        done=_("We have added it to your request."),
        form=WordsForm,
    ),
    Change(
        name="reminders-off",
        move="set_reminders",
        link=_("Turn reminders off"),
        question=_("Turn reminders off?"),
        says=_("We do not remind you of your appointment any more."),
        button=_("Yes, turn them off"),
        done=_("Reminders are off."),
        shown_in=(Status.AGREED,),
        fixed={"wants_reminders": False},
    ),
    Change(
        name="reminders-on",
        move="set_reminders",
        link=_("Turn reminders on"),
        question=_("Turn reminders on?"),
        says=_("We remind you of your appointment by email."),
        button=_("Yes, turn them on"),
        done=_("Reminders are on."),
        shown_in=(Status.AGREED,),
        fixed={"wants_reminders": True},
    ),
    Change(
        name="details-on",
        move="set_details",
        link=_("Have the treatment named in our messages"),
        question=_("Should our messages name the treatment?"),
        says=_(
            "Our messages do not say what your request is about, since others may see your email. If you say yes, they "
            "name the treatment and the clinic, and say how to prepare."
        ),
        button=_("Yes, name it"),
        done=_("Our messages name the treatment from now on."),
        fixed={"wants_details": True},
    ),
    Change(
        name="details-off",
        move="set_details",
        link=_("Keep the treatment out of our messages"),
        question=_("Should our messages leave the treatment out?"),
        says=_("Our messages do not say any more what your request is about."),
        button=_("Yes, leave it out"),
        done=_("Our messages do not name the treatment any more."),
        fixed={"wants_details": False},
    ),
    Change(
        name="withdraw",
        move="withdraw",
        link=_("Withdraw your request"),
        question=_("Do you want to withdraw your request?"),
        says=_(
            "We do nothing more about it, and let the times that we offered you go. This cannot be undone, but you can "
            "send a new request at any time."
        ),
        button=_("Yes, withdraw my request"),
        done=_("You have withdrawn your request."),
        shown_in=BEFORE_A_TIME,
        at_risk=True,
    ),
    Change(
        name="cancel",
        move="withdraw",
        link=_("Cancel your appointment"),
        question=_("Do you want to cancel your appointment?"),
        says=_(
            "Your appointment is cancelled, and your request is withdrawn. This cannot be undone, but you can send a "
            "new request at any time. If you only need another time, call us: you keep this one until we agree on it."
        ),
        button=_("Yes, cancel my appointment"),
        done=_("Your appointment is cancelled."),
        shown_in=(Status.AGREED,),
        at_risk=True,
    ),
)
CHANGES = {row.name: row for row in ROWS}


def offered_to(asked, *, were_offered):
    """Return the changes that the private page of a request leads to in its list.

    `were_offered` says that it shows times that were offered, with a way to ask for others.
    """
    left_out = {
        "reminders-on" if asked.wants_reminders else "reminders-off",
        "details-off" if not asked.wants_details else "details-on",
    }
    if not asked.email:
        left_out |= {"reminders-on", "reminders-off", "details-on", "details-off"}
    if were_offered or not has_preferences(asked):
        left_out |= {"when"}
    return [row for row in ROWS if asked.status in row.shown_in and row.name not in left_out]

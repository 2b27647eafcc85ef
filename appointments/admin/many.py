"""Many at once: rows are ticked in the queue, a page says what will happen to each, and one press does it."""

from django import forms
from django.contrib import messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.translation import gettext, ngettext, ngettext_lazy
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from appointments import workflow
from appointments.admin import queue
from appointments.models import STATUS_TONES, AppointmentRequest
from appointments.workflow.table import TRIAGE
from clinic import stale
from clinic.typed_text import PlainForm

QUEUE, MANY = (f"admin:appointments_appointmentrequest_{name}" for name in ("changelist", "many"))

# The moves that make sense for many rows of a view, by its name; "" stands for every other view.
OFFERED = {"": ("claim", "hand_over", "close", "suspect"), "held": ("not_spam", "spam"), "spam": ("not_spam",)}
OF_MANY = dict.fromkeys(name for names in OFFERED.values() for name in names)

NONE_TICKED = _("Choose at least one request first: tick its box.")
BEFORE_THE_PRESS = {
    "claim": _("They will be yours, and your colleagues see that."),
    "hand_over": _("They will be your colleague’s. Your note stands beside each of them."),
    "close": _("They leave the queue. Nobody is written to."),
    "suspect": _("They are closed and held as spam. Nobody is written to. You can still put them into the queue."),
    "spam": _("They are closed as spam. Nobody is written to. You can still put them into the queue."),
    "not_spam": _("They join the queue, due as if they had never been held. Each patient is told that we have it."),
}
CLOSED_AS_SPAM = ngettext_lazy(
    "%(number)d request is closed as spam.", "%(number)d requests are closed as spam.", "number"
)
DONE = {
    "claim": ngettext_lazy("%(number)d request is yours now.", "%(number)d requests are yours now.", "number"),
    "hand_over": ngettext_lazy("%(number)d request is handed over.", "%(number)d requests are handed over.", "number"),
    "close": ngettext_lazy("%(number)d request is closed.", "%(number)d requests are closed.", "number"),
    "suspect": CLOSED_AS_SPAM,
    "spam": CLOSED_AS_SPAM,
    "not_spam": ngettext_lazy(
        "%(number)d request is in the queue now.", "%(number)d requests are in the queue now.", "number"
    ),
}


class PressForm(PlainForm, forms.Form):
    """What is typed for a move of many: for most, nothing."""

    def __init__(self, data=None, *, by):
        super().__init__(data, auto_id="id_%s")

    def inputs(self):
        """Return what the workflow takes, of a form that is valid."""
        return {}


class HandOverForm(PressForm):
    """To whom, and what they should know."""

    colleague = forms.ChoiceField(
        label=_("Colleague"),
        error_messages={
            "required": _("Choose a colleague who answers requests."),
            "invalid_choice": _("Choose a colleague who answers requests."),
        },
    )
    why = forms.CharField(
        label=_("Note for your colleague"),
        help_text=_("You can leave it empty. Patients never read it."),
        widget=forms.Textarea(attrs={"rows": 4, "dir": "auto"}),
        max_length=4000,
        error_messages={"max_length": _("Shorten the text to 4,000 characters.")},
        required=False,
    )

    def __init__(self, data=None, *, by):
        super().__init__(data, by=by)
        self.colleagues = {str(user.pk): user for user in User.objects.who_may(TRIAGE).exclude(pk=by.pk)}
        names = [(key, str(user)) for key, user in self.colleagues.items()]
        self.fields["colleague"].choices = [("", _("Choose a colleague")), *sorted(names, key=lambda each: each[1])]

    def inputs(self):
        """Return the colleague and the note."""
        chosen = self.colleagues[self.cleaned_data["colleague"]]
        return {"colleague": {"colleague": chosen, "why": self.cleaned_data["why"]}}


FORMS = {"": PressForm, "colleague": HandOverForm}


class Many:
    """The part of the request's admin that moves many requests at once.

    The check boxes and the list of moves are those of Django's actions. What was ticked is looked up whatever the view
    shows by now: what left it meanwhile is named with the reason, instead of being left out unseen.
    """

    def get_urls(self):
        """Add the address that the page which asks first posts to."""
        view = self.admin_site.admin_view(self.many_view)
        return [path("many/<slug:name>/", view, name="appointments_appointmentrequest_many"), *super().get_urls()]

    def get_actions(self, request):
        """Return the moves that are offered for many rows of this view, for those who make moves."""
        if not request.user.has_perm(TRIAGE):
            return {}
        names = OFFERED.get(request.GET.get("view"), OFFERED[""])
        return {name: (None, name, str(workflow.MOVES[name].label)) for name in names}

    def get_action_choices(self, request, default_choices=None):
        """Return what can be chosen, with words for nothing in place of dashes."""
        return super().get_action_choices(request, default_choices or [("", gettext("Choose what to do"))])

    def many_chosen(self, request):
        """Answer a press in the queue: say what the move would do to each row that was ticked. Changes nothing."""
        name, ticked = request.POST["action"], _numbers(request.POST.getlist(ACTION_CHECKBOX_NAME))
        self.check_many(request)
        if not ticked:
            return self._back(request, NONE_TICKED)
        if len(ticked) > workflow.MOST_AT_ONCE:
            return self._back(request, gettext("Choose 100 requests at most."))
        if name not in OF_MANY:
            return self._back(request, gettext("Choose what to do with the requests that you ticked."))
        return self._ask(request, name, self._rows(request, ticked), number=len(ticked))

    def many_view(self, request, name):
        """Move what the page that asks first named; looking at the address leads back to the queue."""
        self.check_many(request)
        if name not in OF_MANY:
            raise Http404
        if request.method != "POST":
            return HttpResponseRedirect(self.with_filters(request, reverse(QUEUE)))
        seen = _revisions(request.POST.getlist("seen"))
        if not seen:
            return self._back(request, NONE_TICKED)
        rows = self._rows(request, seen)
        form = FORMS[workflow.MOVES[name].input](request.POST, by=request.user)
        if not form.is_valid():
            return self._ask(request, name, rows, number=len(seen), seen=seen, form=form, status=422)
        try:
            pairs = [(row, seen[row.pk]) for row in rows]
            moved = workflow.move_many(pairs, name, by=request.user.as_actor(), **form.inputs())
        except workflow.Refused as refused:
            return self._back(request, refused.reason)
        return self._told(request, name, moved, gone=len(seen) - len(rows))

    def check_many(self, request):
        """Raise PermissionDenied for who makes no moves."""
        if not (self.has_view_permission(request) and request.user.has_perm(TRIAGE)):
            raise PermissionDenied

    def _rows(self, request, numbers):
        """Return those of these requests that whoever is signed in may see, as the queue orders them (1 query)."""
        rows = AppointmentRequest.of_every_kind.not_heartbeat().visible_to(request.user)
        rows = rows.filter(pk__in=numbers).select_related("holder").defer(*queue.ENCRYPTED).in_queue_order()
        people = {}
        for row in rows:
            # One object a person: what they may is asked once.
            row.holder = people.setdefault(row.holder_id, row.holder)
        return rows

    def _ask(self, request, name, rows, *, number, seen=None, form=None, status=200):
        """Return the page that says what will happen to each request, and what cannot be done and why.

        `seen` holds the revisions that were looked at already: what was not said to be possible then is not added.
        """
        lines = [_line(row, name, by=request.user.as_actor()) for row in rows]
        possible = [line for line in lines if not line["reason"]]
        for line in possible:
            line["revision"] = (seen or {}).get(line["pk"], line["revision"])
        row = workflow.MOVES[name]
        self.record_screen(request, "many", [line["pk"] for line in lines])
        return self._many_page(
            request,
            "many",
            status=status,
            title=row.label,
            before=BEFORE_THE_PRESS[name],
            possible=possible,
            impossible=[line for line in lines if line["reason"]],
            gone=_gone_words(number - len(lines)),
            form=form or FORMS[row.input](by=request.user),
            press_url=self.with_filters(request, reverse(MANY, args=[name])),
            press=ngettext("%(what)s (%(number)d request)", "%(what)s (%(number)d requests)", len(possible))
            % {"what": row.label, "number": len(possible)},
        )

    def _told(self, request, name, moved, *, gone):
        """Lead back to the queue with how many were moved; where some were not, tell row by row why."""
        if moved.done:
            messages.success(request, DONE[name] % {"number": len(moved.done)})
        if not moved.not_done and not gone:
            return HttpResponseRedirect(self.with_filters(request, reverse(QUEUE)))
        return self._many_page(
            request,
            "many_told",
            title=gettext("What was not done"),
            what=workflow.MOVES[name].label,
            not_done=[_named(row) | {"reason": reason} for row, reason in moved.not_done],
            gone=_gone_words(gone),
        )

    def _many_page(self, request, template, *, status=200, **context):
        context |= {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "is_nav_sidebar_enabled": False,
            "preserved_filters": self.get_preserved_filters(request),
            "queue_url": self.with_filters(request, reverse(QUEUE)),
        }
        request.current_app = self.admin_site.name
        template = f"admin/appointments/appointmentrequest/{template}.html"
        return TemplateResponse(request, template, context, status=status)

    def _back(self, request, reason):
        messages.error(request, reason)
        return HttpResponseRedirect(self.with_filters(request, reverse(QUEUE)))


def _numbers(texts):
    """Return the primary keys among what a press posted, each once, as keys of a dictionary."""
    return dict.fromkeys(int(text) for text in texts if text.isascii() and text.isdecimal() and len(text) < 19)


def _revisions(texts):
    """Return the revision of each request that a page had shown: {primary key: revision}."""
    pairs = (text.partition("-")[::2] for text in texts)
    return {pk: stale.read_revision(revision) for key, revision in pairs for pk in _numbers([key])}


def _named(row):
    facts = {"status": row.get_status_display(), "tone": STATUS_TONES[row.status], "hurry": queue.hurry_of(row)}
    return facts | {"pk": row.pk, "reference": row.reference}


def _line(row, name, *, by):
    """Return what the page says of one request before the press."""
    try:
        workflow.check_move(row, name, by=by)
        reason = ""
    except workflow.Refused as refused:
        reason = refused.reason
    return _named(row) | {
        "holder": row.holder or gettext("nobody"),
        "revision": row.revision,
        "reason": reason,
    }


def _gone_words(number):
    """Return the sentence about what was ticked and cannot be seen any more; "" for nothing."""
    if not number:
        return ""
    return ngettext(
        "%(number)d request that you ticked is not there for you any more.",
        "%(number)d requests that you ticked are not there for you any more.",
        number,
    ) % {"number": number}

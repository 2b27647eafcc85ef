"""The pack for a power cut: on paper, what waits for the clinic, and sheets on which to write down who asks."""

from django import forms
from django.core.exceptions import PermissionDenied
from django.db.models import TextField
from django.db.models.functions import Cast
from django.template.response import TemplateResponse
from django.urls import path
from django.utils import timezone
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from appointments.admin import queue
from appointments.answers import Answers
from appointments.forms import FORMS, ForWhom, ToContact
from appointments.models import AppointmentRequest
from appointments.sealed import Draft
from appointments.signs import BEFORE_TREATMENT, signs_to_ask
from audit.models import Event
from clinic.encryption import Unreadable
from clinic.models import ClinicProfile
from clinic.templatetags.components import drawn_as
from procedures.models import ProcedurePage

PRINTED = "requests.printed"
MOST_ROWS = 300
SHEETS, MOST_SHEETS = 3, 20
OF_HELPER = ("patient_name", "relation", "call")
HEADINGS = {
    "wish": _("What they would like"),
    "matter": _("About the problem"),
    "needs": _("What helps the patient"),
    "person": _("Who the patient is, and how to reach them"),
}


class Pack:
    """The part of the request's admin that prints."""

    def get_urls(self):
        view = self.admin_site.admin_view(self.downtime_view)
        return [path("downtime/", view, name="appointments_appointmentrequest_downtime"), *super().get_urls()]

    def downtime_view(self, request):
        """Show the pack, and record as one event whose requests were on it."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        rows = open_queue(request.user)
        waiting, rows = len(rows), rows[:MOST_ROWS]
        if request.method != "HEAD":
            by = request.user.as_actor()
            shown = [row["pk"] for row in rows]
            Event.record(PRINTED, by=by, about=AppointmentRequest, number=len(rows), shown=shown)
        context = {
            **self.admin_site.each_context(request),
            "title": gettext("Pack for a power cut"),
            "rows": rows,
            "has_more": waiting > MOST_ROWS,
            "most": MOST_ROWS,
            "printed_at": timezone.now(),
            "printed_by": request.user,
            "profile": ClinicProfile.current(),
            "sheets": range(1, number_of_sheets(request.GET.get("sheets", "")) + 1),
            "most_sheets": MOST_SHEETS,
            "signs": signs_to_ask(""),
            "signs_by_treatment": signs_by_treatment(),
            "sections": questions(),
        }
        request.current_app = self.admin_site.name
        return TemplateResponse(request, "admin/appointments/appointmentrequest/downtime.html", context)


def number_of_sheets(typed):
    """Return how many blank sheets are wanted, from 0 to MOST_SHEETS; SHEETS when nobody says."""
    return min(int(typed), MOST_SHEETS) if typed.isdecimal() and len(typed) < 4 else SHEETS


# The queue


def open_queue(user):
    """Return what waits for the clinic as rows of words, in the order of the queue: one more than fit on the pack.

    A row that cannot be read with this site's keys says so, and takes no other from the list.
    """
    asked = queue.queue_rows(AppointmentRequest.objects.visible_to(user).trusted().waiting_for_clinic())
    sealed = {f"sealed_{name}": Cast(name, TextField()) for name in ("full_name", "phone", "helper")}
    asked = asked.defer(*queue.ENCRYPTED).annotate(**sealed)
    return [_row(row) for row in asked[: MOST_ROWS + 1]]


def _row(row):
    whose = _opened(row, "helper") or {}
    is_of_helper = isinstance(whose, dict) and whose.get("call") == ToContact.HELPER
    return {
        "pk": row.pk,
        "reference": row.reference,
        "hurry": queue.hurry_of(row),
        "late": queue.how_late(row),
        "name": _opened(row, "full_name"),
        "phone": _opened(row, "phone"),
        "phone_is_of": whose.get("full_name", "") if is_of_helper else "",
        "asks_for": row.procedure_name or (row.procedure.key if row.procedure else gettext("Not sure which procedure")),
        "next": queue.next_step(row),
        "due": queue.exactly(row.due_at),
        "holder": row.holder or gettext("nobody"),
    }


def _opened(row, name):
    try:
        return AppointmentRequest._meta.get_field(name).opened(getattr(row, f"sealed_{name}"))
    except Unreadable:
        return gettext("cannot be read")


# The blank sheet


def signs_by_treatment():
    """Return the signs of each treatment that has a page in the reader’s language, with what to do (1 query)."""
    pages = ProcedurePage.objects.published().in_language(get_language()).order_by("procedure__order", "plain_name")
    found = [
        (name, [sign for sign in signs or () if sign["applies"] in BEFORE_TREATMENT])
        for name, signs in pages.values_list("plain_name", "live_version__document__warning_signs")
    ]
    return [{"name": name, "signs": signs} for name, signs in found if signs]


def questions():
    """Return the questions of the request form by section, each with how it is answered on paper.

    A patient's own come first; those about somebody who asks for the patient stand in a section of their own.
    """
    answers = Answers(Draft.begun())
    sections = [
        {"title": title, "questions": [_question(field) for field in answers.opened(step)]}
        for step, title in HEADINGS.items()
    ]
    for_another = Answers(Draft(typed={"wish": _for_another(answers)}))
    for_another.offered = answers.offered
    asked = FORMS["person"](offered=answers.offered, answers=for_another)
    rows = [_question(asked[name]) for name in OF_HELPER]
    return [*sections, {"title": _("If somebody asks for the patient"), "questions": rows}]


def _for_another(answers):
    """Return answers to the first page, as of somebody who asks for another person."""
    form = answers.opened("wish")
    firsts = {name: form.fields[name].choices[-1][0] for name in ("wish", "procedure", "location")}
    return firsts | {"for_whom": ForWhom.SOMEONE_ELSE}


def _question(field):
    """Return one question: its words, and what there is to tick or to write."""
    drawn, widget = drawn_as(field), field.field.widget
    choices = getattr(field.field, "choices", ())
    parts = [part.label for part in field.field.fields] if drawn == "parts" else []
    return {
        "label": field.label,
        "help": field.help_text,
        "choices": [label for _value, label in choices],
        "is_tick": drawn == "tick",
        "parts": parts,
        "is_long": isinstance(widget, forms.Textarea),
    }

"""The right to be forgotten, and to a copy: the manager's two pages about one person, from a request's sheet."""

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponseRedirect, StreamingHttpResponse
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.text import capfirst
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from appointments import workflow
from appointments.admin import person_file, sheet
from appointments.admin.readable import if_readable
from appointments.models import STATUS_TONES, AppointmentRequest, TimeOffer
from appointments.references import read_reference
from appointments.same_person import likely
from audit.models import Event
from clinic.models import ErasedBecause
from clinic.page_cache import private_page
from clinic.rescan import for_seconds, look

NAME = "appointments_appointmentrequest"
RECEIPT = "admin:clinic_erasure_change"
# The page looks so long for what is left; what is not done by then, the sender does.
LOOKS_FOR_SECONDS = 5


class ChosenForm(forms.Form):
    """Which of the requests that may be one person's are theirs; the one they came from is, whatever is ticked."""

    def __init__(self, data=None, *, found):
        super().__init__(data)
        self.found = found
        self.fields["also"] = forms.MultipleChoiceField(
            required=False,
            choices=[(str(each.request.pk), each.request.reference) for each in found if not each.goes_along],
            error_messages={"invalid_choice": _("One of these requests is no longer there. Look again.")},
        )

    @property
    def ticked(self):
        """The keys (text) that were ticked, for the page."""
        return self.data.getlist("also") if self.is_bound else []

    def chosen(self):
        """Return the requests that are theirs."""
        also = set(self.cleaned_data["also"])
        return [each.request for each in self.found if each.goes_along or str(each.request.pk) in also]

    def left(self):
        """Return the keys of those that stay."""
        chosen = {request.pk for request in self.chosen()}
        return [each.request.pk for each in self.found if each.request.pk not in chosen]


class EraseForm(ChosenForm):
    """What it takes besides: why, the reference typed once more, and a yes to what is still open."""

    reason = forms.ChoiceField(
        label=_("Why?"),
        choices=[
            ("", _("Choose why")),
            *((value, label) for value, label in ErasedBecause.choices if value != ErasedBecause.RESTORED),
        ],
        error_messages={"required": _("Choose why."), "invalid_choice": _("Choose why.")},
    )
    reference = forms.CharField(
        label=_("Type the reference of this request"),
        help_text=_("So that nobody is erased by a slip."),
        max_length=40,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        error_messages={"required": _("Type the reference of this request.")},
    )
    with_open = forms.BooleanField(
        label=_("Yes, erase what is still open too. Nobody answers it any more, and agreed times go."), required=False
    )

    def clean_reference(self):
        """Take the reference of the request that the page is about, in any spelling."""
        if read_reference(self.cleaned_data["reference"]) != self.found[0].request.reference:
            raise forms.ValidationError(_("This is not the reference of this request."))
        return self.cleaned_data["reference"]

    def clean(self):
        """Ask for the extra yes where it is needed."""
        cleaned = super().clean()
        if "also" in cleaned and not cleaned["with_open"] and any(each.is_open for each in self.chosen()):
            self.add_error(
                "with_open", _("Some of these requests are still open. Say that they are to go all the same.")
            )
        return cleaned


class ExportForm(ChosenForm):
    """In which form, and whether with what staff wrote for each other."""

    form = forms.ChoiceField(
        label=_("As"),
        choices=[(name, capfirst(form.label)) for name, form in person_file.FORMS.items()],
        widget=forms.RadioSelect,
        initial=person_file.TEXT,
        error_messages={"required": _("Choose one."), "invalid_choice": _("Choose one.")},
    )
    without_notes = forms.BooleanField(
        label=_("Leave out the notes that staff wrote for each other"),
        help_text=_(
            "They belong to the copy unless they would harm the rights of others. The file says that they are left out."
        ),
        required=False,
    )


class Erasing:
    """The part of the request's admin where a person is erased, and a copy of what is held is made."""

    def get_urls(self):
        """Add the two pages."""
        erase, export = map(self.admin_site.admin_view, (self.erase_view, self.export_person_view))
        return [
            path("<path:object_id>/erase/", erase, name=f"{NAME}_erase"),
            path("<path:object_id>/person/", export, name=f"{NAME}_export_person"),
            *super().get_urls(),
        ]

    @if_readable
    def erase_view(self, request, object_id):
        """Show what would go (GET), and erase the person (POST)."""
        asked, found, more = self._person(request, object_id)
        if request.method != "POST":
            return self._about_person(request, asked, EraseForm(found=found), more, "erase.html")
        form = EraseForm(request.POST, found=found)
        if not form.is_valid():
            return self._about_person(request, asked, form, more, "erase.html", status=422)
        chosen = form.chosen()
        freed = _times_to_come(chosen)
        try:
            made = workflow.erase(
                chosen,
                reason=form.cleaned_data["reason"],
                by=request.user.as_actor(),
                with_open=form.cleaned_data["with_open"],
                left=form.left(),
            )
        except workflow.Erased:
            # Whoever was quicker has erased it: the address says so.
            self.asked(request, object_id)
            messages.warning(request, gettext("One of these requests was erased meanwhile. Look again."))
            return HttpResponseRedirect(reverse(f"admin:{NAME}_erase", args=[asked.pk]))
        except workflow.StillOpen as refused:
            form.add_error("with_open", refused.reason)
            return self._about_person(request, asked, form, more, "erase.html", status=409)
        except workflow.Refused as refused:
            return self._about_person(request, asked, form, more, "erase.html", refusal=refused.reason, status=409)
        look(made, should_stop=for_seconds(LOOKS_FOR_SECONDS))
        done = gettext("The person of %(reference)s is erased. This is the receipt.")
        messages.success(request, done % {"reference": asked.reference})
        for time in freed:
            messages.warning(request, gettext("An agreed time is free again: %(time)s.") % {"time": time})
        return HttpResponseRedirect(reverse(RECEIPT, args=[made.pk]))

    @if_readable
    def export_person_view(self, request, object_id):
        """Ask which and how (GET), and give the file (POST)."""
        asked, found, more = self._person(request, object_id)
        if request.method != "POST":
            return self._about_person(request, asked, ExportForm(found=found), more, "export_person.html")
        form = ExportForm(request.POST, found=found)
        if not form.is_valid():
            return self._about_person(request, asked, form, more, "export_person.html", status=422)
        chosen, kind = form.chosen(), form.cleaned_data["form"]
        with_notes = not form.cleaned_data["without_notes"]
        try:
            pieces = person_file.export(chosen, kind=kind, with_notes=with_notes, by=request.user.as_actor())
        except workflow.Refused as refused:
            return self._about_person(
                request, asked, form, more, "export_person.html", refusal=refused.reason, status=409
            )
        response = StreamingHttpResponse(pieces, content_type=person_file.FORMS[kind].content_type)
        name = f"{timezone.localdate():%Y-%m-%d}.{person_file.FORMS[kind].ending}"
        response["Content-Disposition"] = f'attachment; filename="what-we-hold-{name}"'
        return private_page(response)

    erase_view.needs_confirming = True
    export_person_view.needs_confirming = True

    def _person(self, request, object_id):
        """Return the request that an address names, the Likely ones of its person, and whether there are more."""
        asked = self.asked(request, object_id)
        if not request.user.has_perm(workflow.ERASE):
            raise PermissionDenied
        rows = AppointmentRequest.of_every_kind.not_heartbeat().visible_to(request.user)
        found, more = likely(asked, rows=rows)
        return asked, found, more

    def _about_person(self, request, asked, form, more, template, *, refusal="", status=200):
        """Return one of the pages, and record that it showed to whom these requests belong."""
        if request.method != "HEAD":
            others = [each.request.pk for each in form.found[1:]]
            Event.record("person.looked_up", by=request.user.as_actor(), about=asked, others=others)
        context = {
            **self.admin_site.each_context(request),
            "title": (
                gettext("Erase the person of %(reference)s")
                if template == "erase.html"
                else gettext("What we hold about the person of %(reference)s")
            )
            % {"reference": asked.reference},
            "is_nav_sidebar_enabled": False,
            "opts": self.opts,
            "asked": asked,
            "form": form,
            "rows": [_line(each, form) for each in form.found],
            "has_open": any(each.request.is_open for each in form.found),
            "more": more,
            "refusal": refusal,
        }
        request.current_app = self.admin_site.name
        return TemplateResponse(request, f"admin/appointments/appointmentrequest/{template}", context, status=status)


def _line(each, form):
    row = each.request
    return {
        "pk": row.pk,
        "reference": row.reference,
        "name": row.full_name if row.is_readable else sheet.CANNOT_BE_READ,
        "when": row.created_at,
        "status": row.get_status_display(),
        "tone": STATUS_TONES[row.status],
        "because": each.reasons,
        "goes_along": each.goes_along,
        "is_ticked": each.goes_along or str(row.pk) in form.ticked,
    }


def _times_to_come(requests):
    """Return the agreed times to come of these requests, in words: who was to see whom stands nowhere else."""
    times = TimeOffer.objects.agreed().filter(request__in=requests, starts_at__gt=timezone.now())
    return [
        capfirst(
            f"{date_format(timezone.localtime(time.starts_at), 'DATETIME_FORMAT')}, {time.location}, {time.clinician}"
        )
        for time in times.select_related("location", "clinician")
    ]

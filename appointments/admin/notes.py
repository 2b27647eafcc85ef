"""The page of a request's notes: what staff write for each other, apart from all that patients are told."""

from django import forms
from django.contrib import messages
from django.http import HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.text import Truncator
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from appointments import workflow
from appointments.admin import sheet
from appointments.admin.readable import if_readable
from appointments.models import Note, NoteKind
from appointments.references import new_token
from audit.models import Event
from clinic.encryption import Unreadable, each_readable
from clinic.typed_text import PlainForm, shown

NOTES, TAKE_BACK, SHEET = (f"admin:appointments_appointmentrequest_{name}" for name in ("notes", "unnote", "change"))
FIRST_WORDS = 12


class NoteForm(PlainForm, forms.Form):
    """The words of a new note. The workflow judges them."""

    text = forms.CharField(
        label=_("New note"),
        help_text=_("For your colleagues. What the patient should know, you ask or answer on the sheet."),
        widget=forms.Textarea(attrs={"rows": 6, "dir": "auto"}),
        strip=False,
        required=False,
    )


def in_brief(asked):
    """Return how many notes of a request stand, and the first words of the newest, for its sheet (no query)."""
    try:
        words = shown(Note._meta.get_field("text").opened(asked.newest_note) or "")
    except Unreadable:
        words = sheet.CANNOT_BE_READ
    return {"number": asked.notes_number, "newest": Truncator(words).words(FIRST_WORDS)}


def _words(note):
    return shown(note.text) if note.is_readable else sheet.CANNOT_BE_READ


class Notes:
    """The part of the request's admin where notes are read, written and taken back."""

    def get_urls(self):
        """Add the page, and the press that strikes a note out."""
        page, take_back = map(self.admin_site.admin_view, (self.notes_view, self.take_back_view))
        return [
            path("<path:object_id>/notes/", page, name="appointments_appointmentrequest_notes"),
            path(
                "<path:object_id>/notes/<int:note>/take-back/",
                take_back,
                name="appointments_appointmentrequest_unnote",
            ),
            *super().get_urls(),
        ]

    @if_readable
    def notes_view(self, request, object_id):
        """Show the notes of a request, or keep a new one."""
        asked = self.asked(request, object_id)
        if request.method != "POST":
            return self._notes(request, asked, NoteForm())
        form = NoteForm(request.POST)
        if not form.is_valid():
            return self._notes(request, asked, form, status=422)
        text = form.cleaned_data["text"]
        token = form.data.get("token") or new_token()
        try:
            workflow.write_note(asked, text, by=request.user.as_actor(), token=token)
        except workflow.Unfit as unfit:
            form.add_error("text", unfit.reason)
            return self._notes(request, asked, form, status=422)
        except workflow.Refused as refused:
            form.add_error(None, refused.reason)
            return self._notes(request, asked, form, status=409)
        messages.success(request, gettext("The note is kept."))
        return HttpResponseRedirect(self.with_filters(request, reverse(NOTES, args=[asked.pk])))

    @if_readable
    def take_back_view(self, request, object_id, note):
        """Strike a note out; looking at the address leads back to the notes."""
        asked = self.asked(request, object_id)
        if request.method == "POST":
            try:
                workflow.take_back_note(asked, note, by=request.user.as_actor())
                messages.success(request, gettext("The note is struck out. It can still be read."))
            except workflow.Refused as refused:
                messages.error(request, refused.reason)
        return HttpResponseRedirect(self.with_filters(request, reverse(NOTES, args=[asked.pk])))

    def _notes(self, request, asked, form, *, status=200):
        if request.method != "HEAD":
            Event.record(sheet.READ, by=request.user.as_actor(), about=asked)
        found = each_readable(asked.notes.select_related("written_by").order_by("-id"))
        context = {
            **self.admin_site.each_context(request),
            "title": gettext("Notes on %(reference)s") % {"reference": asked.reference},
            "is_nav_sidebar_enabled": False,
            "opts": self.opts,
            "preserved_filters": self.get_preserved_filters(request),
            "asked": asked,
            "form": form,
            # A form that comes back is still the same press.
            "token": form.data.get("token") or new_token(),
            "notes": [_line(note, user=request.user) for note in found],
        }
        request.current_app = self.admin_site.name
        return TemplateResponse(request, "admin/appointments/appointmentrequest/notes.html", context, status=status)


def _line(note, *, user):
    return {
        "pk": note.pk,
        "about": note.get_kind_display() if note.kind != NoteKind.NOTE else "",
        "text": _words(note),
        "who": note.written_by,
        "when": note.written_at,
        "taken_back_at": note.taken_back_at,
        "is_mine": note.written_by_id == user.pk,
    }

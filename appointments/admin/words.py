"""The words of messages, for managers: all of them in a list, ours or the clinic's own, each with a preview."""

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.translation import get_language_info, gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from appointments import workflow
from appointments.messages import preview
from appointments.models import MessageWording
from appointments.wording import NAMES, SUBJECT_LENGTH, TEXT_LENGTH, WORDINGS, fit_words, our_words
from appointments.workflow.own_words import PERMISSION
from audit.audited_admin import AuditedAdmin
from clinic import stale
from clinic.refusals import Unfit
from clinic.stale_forms import CarefulForm

LIST, WORDS, OURS = (f"admin:appointments_messagewording_{name}" for name in ("changelist", "words", "ours"))


class WordsForm(CarefulForm):
    """The words of one message in one language. What nobody changed yet is compared with ours."""

    class Meta:
        model = MessageWording
        fields = ("subject", "text")
        widgets = {
            "subject": forms.TextInput(attrs={"dir": "auto"}),
            "text": forms.Textarea(attrs={"rows": 18, "dir": "auto"}),
        }
        help_texts = {"subject": _("Others see it on a locked telephone: name no treatment.")}

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        for name, longest in (("subject", SUBJECT_LENGTH), ("text", TEXT_LENGTH)):
            # Lengths and empty fields are judged with the rest, in our words.
            self.fields[name].required = False
            self.fields[name].max_length = None
            self.fields[name].validators = []
            self.fields[name].widget.attrs["maxlength"] = longest

    @property
    def snapshot(self):
        """What is sent now, ours included, signed."""
        return stale.snapshot(self._stored(), of=self._name())

    def _name(self):
        return f"{MessageWording._meta.label}/{self.instance.purpose}/{self.instance.language}"

    def clean(self):
        """Say what must be mended before saying that somebody was quicker."""
        values = super().clean()
        try:
            fit_words(
                self.instance.purpose, self.instance.language, **{name: values.get(name, "") for name in self.fields}
            )
        except Unfit as unfit:
            self.add_error(unfit.field, unfit.reason)
        return values


@admin.register(MessageWording)
class MessageWordingAdmin(AuditedAdmin):
    """Every message in every language. A row is stored only where the clinic has words of its own."""

    # Who may

    def get_queryset(self, request):
        """Those that this member of staff may see."""
        return super().get_queryset(request).visible_to(request.user)

    def has_add_permission(self, request):
        """There are as many messages as there are."""
        return False

    def has_delete_permission(self, request, obj=None):
        """Going back to ours is a press of its own."""
        return False

    def get_urls(self):
        view = self.admin_site.admin_view
        return [
            path(
                "words/<slug:purpose>/<slug:language>/", view(self.words_view), name="appointments_messagewording_words"
            ),
            path(
                "words/<slug:purpose>/<slug:language>/ours/",
                view(require_POST(self.ours_view)),
                name="appointments_messagewording_ours",
            ),
            *super().get_urls(),
        ]

    # The list

    def changelist_view(self, request, extra_context=None):
        """Show every message in every language, and whose words it says."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        own = {(row.purpose, row.language): row for row in self.get_queryset(request).select_related("changed_by")}
        rows = [
            {
                "label": row.label,
                "languages": [
                    {
                        "name": _language_name(language),
                        "url": reverse(WORDS, args=[purpose, language]),
                        "own": own.get((purpose, language)),
                    }
                    for language, _name in settings.LANGUAGES
                ],
            }
            for purpose, row in WORDINGS.items()
        ]
        return self._shown(request, "list", {"title": gettext("Words of messages"), "rows": rows})

    def change_view(self, request, object_id, form_url="", extra_context=None):
        """Lead from the address of a row to the screen of its words."""
        row = self.get_object(request, object_id)
        if row is None or not self.has_view_permission(request):
            return super().change_view(request, object_id, form_url, extra_context)
        return HttpResponseRedirect(reverse(WORDS, args=[row.purpose, row.language]))

    # One message in one language

    def words_view(self, request, purpose, language):
        """Show, preview or save the words. A preview saves nothing."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        row = self._row(purpose, language)
        if request.method != "POST":
            return self._screen(request, row, WordsForm(instance=row))
        if not request.user.has_perm(PERMISSION):
            raise PermissionDenied
        form = WordsForm(request.POST, instance=row)
        is_preview = "preview" in request.POST
        if not form.is_valid():
            return self._screen(request, self._row(purpose, language), form, status=409 if form.compared else 422)
        if is_preview:
            return self._screen(request, self._row(purpose, language), form, words=form.cleaned_data)
        try:
            words = {name: form.cleaned_data[name] for name in ("subject", "text")}
            workflow.change_words(purpose, language, **words, by=request.user.as_actor())
        except workflow.Refused as refused:
            messages.error(request, refused.reason)
        else:
            messages.success(request, gettext("The words are saved. The next message says them."))
        return HttpResponseRedirect(reverse(WORDS, args=[purpose, language]))

    def ours_view(self, request, purpose, language):
        """Let the message say our words again."""
        self._row(purpose, language)
        if not request.user.has_perm(PERMISSION):
            raise PermissionDenied
        workflow.back_to_ours(purpose, language, by=request.user.as_actor())
        messages.success(request, gettext("This message says our words again."))
        return HttpResponseRedirect(reverse(WORDS, args=[purpose, language]))

    def _row(self, purpose, language):
        """Return the clinic's own words, else an unsaved row with ours."""
        if purpose not in WORDINGS or language not in dict(settings.LANGUAGES):
            raise Http404
        subject, text = our_words(purpose, language)
        row = MessageWording.objects.filter(purpose=purpose, language=language).first()
        return row or MessageWording(purpose=purpose, language=language, subject=subject, text=text)

    def _screen(self, request, row, form, *, words=None, status=200):
        shown = words or {"subject": row.subject, "text": row.text}
        subject, text = our_words(row.purpose, row.language)
        context = {
            "title": f"{WORDINGS[row.purpose].label} ({_language_name(row.language)})",
            "form": form,
            "row": row,
            "is_own": row.pk is not None,
            "may_change": request.user.has_perm(PERMISSION),
            "names": [{"name": f"{{{name}}}", "meaning": NAMES[name]} for name in WORDINGS[row.purpose].allowed],
            "ours": {"subject": subject, "text": text},
            "is_preview": words is not None,
            "previews": [
                {"label": label, **preview(row.purpose, row.language, **_only(shown), details=details)}
                for label, details in ((gettext("Discreet"), False), (gettext("With details"), True))
            ],
            "list_url": reverse(LIST),
            "ours_url": reverse(OURS, args=[row.purpose, row.language]),
        }
        return self._shown(request, "words", context, status=status)

    def _shown(self, request, name, context, *, status=200):
        request.current_app = self.admin_site.name
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "is_nav_sidebar_enabled": False,
            **context,
        }
        return TemplateResponse(request, f"admin/appointments/messagewording/{name}.html", context, status=status)


def _language_name(language):
    return get_language_info(language)["name_translated"]


def _only(words):
    return {"subject": words["subject"], "text": words["text"].replace("\r\n", "\n")}

"""The manager's screen on which the form is closed for a time, and opened again early."""

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.shortcuts import get_object_or_404, redirect
from django.template.defaultfilters import linebreaksbr
from django.urls import path, reverse
from django.utils import timezone
from django.utils.html import format_html_join
from django.utils.text import format_lazy
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from appointments import workflow
from appointments.models import FormClosure
from audit.audited_admin import AuditedAdmin
from clinic.translated import TranslatedFormField
from clinic.typed_text import PlainForm

LIST = "admin:appointments_formclosure_changelist"


def moment_field(label, help_text="", **options):
    """Return a field for a day and a time, in the clinic's time zone, in the browser's own boxes."""
    widget = forms.SplitDateTimeWidget(
        date_attrs={"type": "date", "aria-label": format_lazy("{label} ({part})", label=label, part=_("day"))},
        time_attrs={"type": "time", "aria-label": format_lazy("{label} ({part})", label=label, part=_("time"))},
        date_format="%Y-%m-%d",
        time_format="%H:%M",
    )
    return forms.SplitDateTimeField(
        label=label,
        help_text=help_text,
        widget=widget,
        input_date_formats=["%Y-%m-%d"],
        input_time_formats=["%H:%M", "%H:%M:%S"],
        error_messages={
            "required": _("Enter a day and a time."),
            "incomplete": _("Enter a day and a time."),
            "invalid_date": _("Enter a day and a time."),
            "invalid_time": _("Enter a day and a time."),
        },
        **options,
    )


class ClosingForm(PlainForm, forms.ModelForm):
    """From when, until when, and in which words."""

    starts_at = moment_field(_("From"), _("Leave it empty to close the form now."), required=False)
    ends_at = moment_field(_("Until"), _("The form opens by itself then."))
    words = TranslatedFormField(
        label=_("What patients read"),
        help_text=_("Say why, and where they can turn. Your telephone number stands below it."),
        widget=forms.Textarea,
        max_length=2000,
    )

    class Meta:
        model = FormClosure
        fields = ["starts_at", "ends_at", "words"]

    def clean(self):
        """Check it as the workflow does, so that what is wrong is said beside its box."""
        cleaned = super().clean()
        if not self.errors:
            try:
                workflow.check_closing(**{name: cleaned[name] for name in ("starts_at", "ends_at", "words")})
            except workflow.Unfit as unfit:
                self.add_error(unfit.field, unfit.reason)
        return cleaned


@admin.register(FormClosure)
class FormClosureAdmin(AuditedAdmin):
    """Closings are made and taken back; what patients read while one lasted stays as it was."""

    change_form_template = "admin/appointments/closing.html"
    form = ClosingForm
    fields = ["starts_at", "ends_at", "words"]
    list_display = ["from_when", "ends_at", "state", "made_by"]
    list_per_page = 50
    list_select_related = ["made_by"]
    sortable_by = ()
    show_facets = admin.ShowFacets.NEVER

    def get_queryset(self, request):
        """Those that this member of staff may see."""
        return super().get_queryset(request).visible_to(request.user)

    def get_fields(self, request, obj=None):
        """Show of one that was made also by whom, and where it stands."""
        return self.fields if obj is None else ["starts_at", "ends_at", "words_shown", "state", "made_by"]

    def get_readonly_fields(self, request, obj=None):
        """What was made stays as it was made."""
        return () if obj is None else self.get_fields(request, obj)

    def has_change_permission(self, request, obj=None):
        """What was made stays as it was made."""
        return False

    def has_delete_permission(self, request, obj=None):
        """What patients read is remembered."""
        return False

    @admin.display(description=_("from"))
    def from_when(self, closing):
        """When it begins."""
        return closing.starts_at

    @admin.display(description=_("what patients read"))
    def words_shown(self, closing):
        """The words in each language."""
        texts = [(code, closing.words.get(code, "")) for code, _name in settings.LANGUAGES]
        return format_html_join("", '<p lang="{}">{}</p>', ((code, linebreaksbr(text)) for code, text in texts))

    @admin.display(description=_("state"))
    def state(self, closing):
        """Whether patients find the form closed because of it."""
        if closing.lifted_at:
            return gettext("opened again early")
        if not closing.can_be_lifted:
            return gettext("has ended")
        return gettext("closed now") if closing.starts_at <= timezone.now() else gettext("still to come")

    def save_model(self, request, obj, form, change):
        """Close the form by the workflow, which records it."""
        made = workflow.close_form(by=request.user.as_actor(), **form.cleaned_data)
        obj.pk, obj.starts_at, obj.made_by = made.pk, made.starts_at, made.made_by

    def log_addition(self, request, obj, message):
        """The workflow recorded it."""

    def change_view(self, request, object_id, form_url="", extra_context=None):
        """Show one, with the button that takes it back."""
        closing = self.get_object(request, object_id)
        may_lift = closing is not None and closing.can_be_lifted and request.user.has_perm(workflow.CLOSE_FORM)
        context = {"lift_url": reverse("admin:appointments_formclosure_lift", args=[closing.pk]) if may_lift else ""}
        return super().change_view(request, object_id, form_url, context | (extra_context or {}))

    def get_urls(self):
        """Add the address that the button posts to."""
        lift = self.admin_site.admin_view(require_POST(self.lift_view))
        return [path("<int:pk>/lift/", lift, name="appointments_formclosure_lift"), *super().get_urls()]

    def lift_view(self, request, pk):
        """Open the form again, or say why not."""
        if not request.user.has_perm(workflow.CLOSE_FORM):
            raise PermissionDenied
        closing = get_object_or_404(self.get_queryset(request), pk=pk)
        try:
            workflow.open_form(closing, by=request.user.as_actor())
        except workflow.Refused as refused:
            messages.error(request, refused.reason)
        else:
            messages.success(request, gettext("The closing is taken back."))
        return redirect(LIST)

"""The manager's screens for the house itself: who and where the clinic is, when it is open, and its people."""

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db import models
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from audit.audited_admin import AuditedAdmin
from clinic import hours
from clinic.erasure_admin import ErasureAdmin as ErasureAdmin
from clinic.models import (
    Accreditation,
    Clinician,
    ClinicProfile,
    Closure,
    GeneralWarningSign,
    Location,
    OpeningHours,
    PageStamp,
    SpokenLanguage,
)
from clinic.picture_forms import PicturedForm
from clinic.retention_admin import RetentionRuleAdmin  # noqa: F401 -- registers itself
from clinic.stale_forms import CarefulForm
from clinic.stored_files import forget_unused

IN_ORDER = _("Smaller numbers come first.")
PICTURE_FIELDS = ("picture", "alternative_text", "is_decorative")


class HouseAdmin(AuditedAdmin):
    """What the screens share that change what patients read: it shows on the public pages at once, and is recorded.

    Days and times are typed into the browser's own fields, which need no script.
    """

    formfield_overrides = {
        models.DateField: {"widget": forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")},
        models.TimeField: {"widget": forms.TimeInput(attrs={"type": "time"}, format="%H:%M")},
        models.ManyToManyField: {"widget": forms.CheckboxSelectMultiple},
    }
    form = CarefulForm
    moves_promise_with = None

    def get_queryset(self, request):
        """Those that this member of staff may see."""
        return super().get_queryset(request).visible_to(request.user)

    def save_related(self, request, form, formsets, change):
        """Finish the save, then what follows from it."""
        super().save_related(request, form, formsets, change)
        self.after_change(form.changed_data)

    def delete_model(self, request, obj):
        """Remove the row, then do what follows from it."""
        super().delete_model(request, obj)
        self.after_change(self.moves_promise_with or ())

    def after_change(self, fields):
        """Make kept pages old; where a field that the promise hangs on changed, have due times set anew."""
        PageStamp.move()
        if self.moves_promise_with and set(fields) & set(self.moves_promise_with):
            hours.tell_change()

    def get_readonly_fields(self, request, obj=None):
        """Keep the key of what is there: files and addresses are named by it."""
        names = super().get_readonly_fields(request, obj)
        return (*names, "key") if obj is not None and hasattr(obj, "key") else names

    def get_prepopulated_fields(self, request, obj=None):
        """Propose a key only for what is new."""
        return {} if obj is not None else super().get_prepopulated_fields(request, obj)


@admin.register(ClinicProfile)
class ProfileAdmin(HouseAdmin):
    """The one row of the clinic itself."""

    moves_promise_with = ("promise_hours", "urgent_promise_hours")
    radio_fields = {"when_overdue": admin.VERTICAL}
    fieldsets = (
        (
            _("Who you are"),
            {
                "fields": ("name", "strapline", "about"),
                "description": _("The name stands on every page. The other two stand on the home page."),
            },
        ),
        (
            _("How patients reach you"),
            {
                "fields": ("telephone", "emergency_number", "email", "address"),
                "description": _("Every page shows the telephone number. Answers to our messages go to the e-mail."),
            },
        ),
        (
            _("What you promise"),
            {
                "fields": ("promise_hours", "urgent_promise_hours"),
                "description": _("Patients read this when they send a request. The queue counts it in opening hours."),
            },
        ),
        (
            _("On busy days"),
            {
                "fields": ("daily_number",),
                "description": _("Urgent requests join the queue at once, however many came. Empty is no number."),
            },
        ),
        (
            _("Pages past their review date"),
            {
                "fields": ("when_overdue",),
                "description": _("Staff see such pages on the desk. Readers always see true dates."),
            },
        ),
        (
            _("Messages to patients"),
            {
                "fields": ("discreet_name",),
                "description": _(
                    "Messages name no treatment unless the patient asked for it, so choose a name that tells none "
                    "either. Without one, they come from “Your clinic”."
                ),
            },
        ),
        (
            _("Pages about this site"),
            {
                "fields": ("privacy", "accessibility", "demonstration_notice"),
                "description": _("Begin a line with ## for a heading, and with - for a point in a list."),
            },
        ),
    )

    def changelist_view(self, request, extra_context=None):
        """Lead straight to the one row there is."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        return redirect(reverse("admin:clinic_clinicprofile_change", args=[1]))

    def get_object(self, request, object_id, from_field=None):
        """Return the row; a new one, to be filled in, on a site that has none yet."""
        found = super().get_object(request, object_id, from_field)
        return ClinicProfile() if found is None and str(object_id) == "1" else found

    def has_add_permission(self, request):
        """There is one."""
        return False

    def has_delete_permission(self, request, obj=None):
        """There is always one."""
        return False


@admin.register(Location)
class LocationAdmin(HouseAdmin):
    """Places."""

    list_display = ("name", "telephone", "is_open", "order")
    prepopulated_fields = {"key": ("name",)}
    fieldsets = (
        (
            _("The place"),
            {
                "fields": ("name", "key", "address", "telephone", "email"),
                "description": _("Patients read all of this on the page of the place."),
            },
        ),
        (
            _("How patients get there"),
            {
                "fields": ("getting_there", "step_free"),
                "description": _("Think of somebody who comes for the first time, and of somebody in a wheelchair."),
            },
        ),
        (_("On the site"), {"fields": ("is_open", "order"), "description": IN_ORDER}),
    )


@admin.register(OpeningHours)
class OpeningHoursAdmin(HouseAdmin):
    """Spans of the week."""

    moves_promise_with = ("location", "weekday", "opens", "closes")
    list_display = ("where", "weekday", "opens", "closes")
    list_display_links = ("where", "weekday")
    list_filter = ("location",)
    list_select_related = ("location",)
    fieldsets = (
        (
            None,
            {
                "fields": ("location", "weekday", "opens", "closes"),
                "description": _("One row is one span. For a break at noon, make two rows for the day."),
            },
        ),
    )

    @admin.display(description=_("where"), ordering="location")
    def where(self, span):
        """The place, or reception."""
        return span.location or _("Reception")


@admin.register(Closure)
class ClosureAdmin(HouseAdmin):
    """Days off."""

    moves_promise_with = ("location", "date")
    list_display = ("date", "where", "reason")
    list_filter = ("location",)
    list_select_related = ("location",)
    fieldsets = (
        (
            None,
            {
                "fields": ("date", "location", "reason"),
                "description": _("Requests that wait get a later date to be answered by when reception is closed."),
            },
        ),
    )

    @admin.display(description=_("where"), ordering="location")
    def where(self, closure):
        """The place, or all of the clinic."""
        return closure.location or _("The whole clinic")


class PicturedAdmin(HouseAdmin):
    """What has a picture: a file that nothing shows any more is not kept."""

    def save_model(self, request, obj, form, change):
        """Save, then let go of the picture that was there before."""
        before = type(obj).objects.filter(pk=obj.pk).select_related("picture").first() if change else None
        super().save_model(request, obj, form, change)
        if before and before.picture and before.picture != obj.picture:
            forget_unused(before.picture)

    def delete_model(self, request, obj):
        """Remove the row, and its picture."""
        super().delete_model(request, obj)
        if obj.picture:
            forget_unused(obj.picture)


class ClinicianForm(PicturedForm):
    """A clinician, with the languages as check boxes."""

    languages = forms.MultipleChoiceField(
        label=_("Languages spoken"),
        choices=SpokenLanguage.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Tick those in which patients can talk with this person without an interpreter."),
    )


@admin.register(Clinician)
class ClinicianAdmin(PicturedAdmin):
    """People who treat patients."""

    form = ClinicianForm
    list_display = ("name", "role", "is_shown", "order")
    prepopulated_fields = {"key": ("name",)}
    fieldsets = (
        (
            _("The person"),
            {
                "fields": ("name", "key", "role", "languages", "biography"),
                "description": _("Patients read this on the team page. Write the title with the name."),
            },
        ),
        (
            _("Registration"),
            {
                "fields": ("registration_body", "registration_number"),
                "description": _("With these two, a patient can check that this person may treat them."),
            },
        ),
        (
            _("Photo"),
            {
                "fields": PICTURE_FIELDS,
                "description": _(
                    "Ask the person first. We remove from the file where the photo was taken, and with what."
                ),
            },
        ),
        (_("Where and when shown"), {"fields": ("locations", "is_shown", "order"), "description": IN_ORDER}),
    )


@admin.register(Accreditation)
class AccreditationAdmin(PicturedAdmin):
    """Who vouches for the clinic."""

    form = PicturedForm
    list_display = ("name", "body", "since", "order")
    prepopulated_fields = {"key": ("name",)}
    fieldsets = (
        (
            None,
            {
                "fields": ("name", "key", "body", "since", "order"),
                "description": _("Only what you hold now: patients may ask the body that awarded it."),
            },
        ),
        (
            _("Mark"),
            {
                "fields": PICTURE_FIELDS,
                "description": _("The body that awarded it says whether and how you may show its mark."),
            },
        ),
    )


@admin.register(GeneralWarningSign)
class GeneralWarningSignAdmin(HouseAdmin):
    """Signs that everybody is asked about."""

    list_display = ("text", "urgency", "order")
    fieldsets = (
        (
            None,
            {
                "fields": ("text", "action", "urgency", "key", "order"),
                "description": _(
                    "Everyone who sends a request is asked about these. An emergency sign ends the form and says what "
                    "to do. Let a clinician check each change."
                ),
            },
        ),
    )

"""The manager's screens for the staff: new accounts, roles, passwords, and taking leave. Nobody is ever deleted."""

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.forms import UserChangeForm, UsernameField
from django.contrib.auth.models import Group
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.formats import date_format
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_variables

from accounts import emergency, ended_session, first_passwords
from accounts.models import User
from accounts.roles import OF_SUPERUSERS, Role
from accounts.second_factor_reset import ResetsSecondFactor
from accounts.sessions import end_sessions
from audit.audited_admin import AuditedAdmin
from clinic.models import Location
from clinic.stale_forms import CarefulForm
from clinic.typed_text import PlainForm

# Django's own screens for users bring groups with them; rights come from the table of roles alone.
admin.site.unregister(Group)


class RolesField(forms.MultipleChoiceField):
    """Which roles a person holds, as check boxes."""

    def __init__(self):
        super().__init__(
            label=_("Roles"),
            choices=Role.choices,
            required=False,
            widget=forms.CheckboxSelectMultiple,
            help_text=_("Give as few as the work needs. Without a role a person can log in and see nothing."),
        )


class PlacesField(forms.TypedMultipleChoiceField):
    """To which locations a person's work is limited, as check boxes."""

    def __init__(self):
        super().__init__(
            label=_("Only at these locations"),
            choices=lambda: Location.objects.values_list("pk", "name"),
            coerce=int,
            required=False,
            widget=forms.CheckboxSelectMultiple,
            help_text=_(
                "Tick none for somebody who works for all. Else they see requests for these locations, and those for "
                "which no location is chosen yet; nothing of the others, messages and figures included."
            ),
        )


class ShownAgain:
    """A form that came before its time: it is shown with what was typed, and says why nothing was saved yet."""

    why_not_yet = ""

    def clean(self):
        """Refuse it with the reason; what else is wrong is told too."""
        values = super().clean()
        if self.why_not_yet:
            self.add_error(None, self.why_not_yet)
        return values


class GivesNoMore:
    """A form in which nobody gives a colleague more than they may: not the role of who watches them, nor more places.

    `by` is who fills it in.
    """

    by = None

    def give_no_more(self):
        """Leave out what is not theirs to give; whoever is limited to locations limits others to some of them."""
        if "roles" in self.fields and not self.by.is_superuser:
            self.fields["roles"].choices = [each for each in Role.choices if each[0] not in OF_SUPERUSERS]
        if "places" in self.fields and self.by.location_ids:
            field = self.fields["places"]
            field.choices = Location.objects.filter(pk__in=self.by.location_ids).values_list("pk", "name")
            field.required = True
            field.error_messages["required"] = _("Tick at least one of the locations for which you work yourself.")


class NewStaffForm(GivesNoMore, ShownAgain, PlainForm, forms.ModelForm):
    """A new account with its roles, and its limit to locations; the site makes its first password."""

    roles, places = RolesField(), PlacesField()

    class Meta:
        model = User
        field_classes = {"username": UsernameField}
        fields = ("username", "first_name", "last_name", "email", "clinician")

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.give_no_more()

    def clean_username(self):
        """Refuse one that a colleague has, capital letters or not."""
        username = self.cleaned_data["username"]
        if User.objects.filter(username__iexact=username).exists():
            raise forms.ValidationError(self.instance.unique_error_message(User, ["username"]))
        return username


class StaffForm(GivesNoMore, ShownAgain, CarefulForm, UserChangeForm):
    """An account as it is. Nobody changes their own roles or limit, nor locks themselves out."""

    OF_OTHERS_ONLY = ("roles", "places", "is_active", "is_superuser")

    roles, places = RolesField(), PlacesField()
    is_own_account = False

    class Meta(UserChangeForm.Meta):
        model = User
        fields = ("username", "first_name", "last_name", "email", "clinician", "is_active", "is_superuser")
        help_texts = {
            "is_active": _("Untick it when somebody leaves: it locks them out at once and deletes nothing."),
            "is_superuser": _("May do everything here, without any role. One or two people at most."),
        }

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        if "roles" in self.fields:
            self.initial["roles"] = sorted(self.instance.role_names)
        if "places" in self.fields:
            self.initial["places"] = sorted(limit.location_id for limit in self.instance.location_limits.all())
        if self.is_own_account:
            for name in self.fields.keys() & self.OF_OTHERS_ONLY:
                self.fields[name].disabled = True
        else:
            self.give_no_more()


@admin.register(User)
class StaffAdmin(ResetsSecondFactor, AuditedAdmin, UserAdmin):
    """Accounts. Each change is one audit event: the names of the fields, and for roles and limits what they are now."""

    audit_subject = "staff"
    tells_of_persons = True
    form = StaffForm
    add_form = NewStaffForm
    add_form_template = "admin/change_form.html"
    change_form_template = "admin/accounts/user/change_form.html"
    list_display = ("username", "full_name", "roles_held", "limited_to", "is_active", "last_login")
    list_filter = ("is_active", "role_assignments__role")
    search_fields = ("username", "first_name", "last_name")
    filter_horizontal = ()
    # What somebody may do, or whether they are here at all: their log-ins begin anew with it.
    ENDS_LOG_INS = frozenset({"roles", "places", "is_active", "is_superuser"})
    readonly_fields = ("last_login", "date_joined", "password_chosen", "second_factor_since")
    _who = ("username", "first_name", "last_name", "email")
    _work = ("roles", "places", "clinician")
    add_fieldsets = (
        (_("Who it is"), {"fields": _who}),
        (_("What they do here"), {"fields": _work}),
    )
    fieldsets = (
        (_("Who it is"), {"fields": (*_who, "password")}),
        (
            _("What they do here"),
            {
                "fields": (*_work, "is_active"),
                "description": _("You cannot change your own roles or locations: ask another manager."),
            },
        ),
        (_("Since when"), {"fields": ("last_login", "date_joined", "password_chosen", "second_factor_since")}),
    )

    def get_queryset(self, request):
        """Accounts that this member of staff may see, with their roles and limits."""
        rows = super().get_queryset(request).visible_to(request.user).with_second_factor()
        return rows.prefetch_related("role_assignments", "location_limits__location")

    def get_fieldsets(self, request, obj=None):
        """Show the superuser's tick to superusers, who alone may set it."""
        fieldsets = super().get_fieldsets(request, obj)
        if obj is None or not request.user.is_superuser:
            return fieldsets
        return (*fieldsets, (_("Superuser"), {"fields": ("is_superuser",)}))

    def get_form(self, request, obj=None, **kwargs):
        """Tell the form whether somebody is looking at their own account."""
        form = super().get_form(request, obj, **kwargs)
        form.is_own_account, form.by = obj == request.user, request.user
        form.why_not_yet = ended_session.why_not_taken(request, otherwise="")
        return form

    def has_change_permission(self, request, obj=None):
        """Nobody changes an account, password included, that may do or see more than they (`User.may_keep`)."""
        if obj is not None and not request.user.may_keep(obj):
            return False
        return super().has_change_permission(request, obj)

    def has_delete_permission(self, request, obj=None):
        """Nobody: who did what must keep its name."""
        return False

    @method_decorator(sensitive_variables())
    def save_model(self, request, obj, form, change):
        """Save; whoever gets an account here is staff, and chooses a password of their own first."""
        obj.is_staff = True
        if not change:
            obj.shown_once = first_passwords.give(obj)
        super().save_model(request, obj, form, change)

    def response_add(self, request, obj, post_url_continue=None):
        """Show the first password, this once."""
        return self._show_once(request, obj, obj.shown_once, title=gettext("The account is made"))

    def _show_once(self, request, user, password, *, title):
        context = {
            **self.admin_site.each_context(request),
            "title": title,
            "opts": self.opts,
            "account": user,
            "password": password,
        }
        request.current_app = self.admin_site.name
        return TemplateResponse(request, "admin/accounts/user/first_password.html", context)

    def save_related(self, request, form, formsets, change):
        """Save the roles and the limit with the rest."""
        super().save_related(request, form, formsets, change)
        form.instance.set_roles(form.cleaned_data["roles"])
        form.instance.set_locations(Location.objects.filter(pk__in=form.cleaned_data["places"]))
        if change and self.ENDS_LOG_INS & set(form.changed_data):
            end_sessions(form.instance, by=request.user.as_actor())
        if not form.instance.is_active and form.instance.emergencies.open().exists():
            emergency.end_account(by=request.user.as_actor())

    def record(self, request, row, what, **details):
        """Record which roles are held, and to which locations it is limited, when they are what changed."""
        if "roles" in details.get("fields", ()):
            details["roles"] = sorted(row.role_names)
        if "places" in details.get("fields", ()):
            details["locations"] = sorted(limit.location_id for limit in row.location_limits.all())
        return super().record(request, row, what, **details)

    @method_decorator(sensitive_variables())
    def user_change_password(self, request, id, form_url=""):
        """Ask first, then put a first password in the place of a colleague's and show it; one's own is chosen."""
        if unquote(id) == str(request.user.pk):
            return HttpResponseRedirect(reverse("admin:password_change"))
        user = self.get_object(request, unquote(id))
        if not self.has_change_permission(request, user):
            raise PermissionDenied
        if user is None:
            raise Http404
        if request.method == "POST":
            password = first_passwords.replace(user=user, by=request.user.as_actor())
            return self._show_once(request, user, password, title=gettext("A new first password"))
        context = {
            **self.admin_site.each_context(request),
            "title": gettext("A new first password"),
            "opts": self.opts,
            "account": user,
        }
        request.current_app = self.admin_site.name
        return TemplateResponse(request, "admin/accounts/user/password.html", context)

    def add_view(self, request, form_url="", extra_context=None):
        """Make an account; there is one way on, to its first password."""
        one_button = {"show_save_and_add_another": False, "show_save_and_continue": False}
        return super().add_view(request, form_url, {**one_button, **(extra_context or {})})

    def change_view(self, request, object_id, form_url="", extra_context=None):
        """Change an account."""
        return super().change_view(request, object_id, form_url, extra_context)

    add_view.needs_confirming = change_view.needs_confirming = user_change_password.needs_confirming = True

    def get_urls(self):
        """Add the button that ends all log-ins of somebody; let the forms show what was typed before a password."""
        ends = self.admin_site.admin_view(self.end_sessions_view)
        shown = {"add_view": self.add_view, "change_view": self.change_view}
        urls = super().get_urls()
        for url in urls:
            if url.callback.__name__ in shown:
                url.callback.csrf_failure = self.admin_site.admin_view(self._shown_again(shown[url.callback.__name__]))
        return [path("<id>/log-out-everywhere/", ends, name="accounts_user_log_out_everywhere"), *urls]

    def _shown_again(self, view):
        """Return what shows a form with what was typed before something came between; else the words to be copied."""

        def show(request, *args, **kwargs):
            # Without a good token the form would be refused once more.
            if ended_session.is_shown_again(request) and getattr(request, "csrf_processing_done", False):
                return view(request, *args, **kwargs)
            return self.admin_site.without_token(request, *args, **kwargs)

        # It is the answer to a form without a good token: to ask it for one would never end.
        show.csrf_exempt = True
        return show

    def end_sessions_view(self, request, id):
        """End all log-ins of a colleague."""
        user = self.get_object(request, unquote(id))
        if not self.has_change_permission(request, user):
            raise PermissionDenied
        if user is None:
            raise Http404
        if request.method == "POST":
            end_sessions(user, by=request.user.as_actor())
            messages.success(request, gettext("They are logged out everywhere, and can log in again."))
        return HttpResponseRedirect(reverse("admin:accounts_user_change", args=[user.pk]))

    @admin.display(description=_("name"), ordering="last_name")
    def full_name(self, user):
        """First and last name."""
        return user.get_full_name()

    @admin.display(description=_("roles"))
    def roles_held(self, user):
        """The roles in words."""
        return ", ".join(str(Role(role).label) for role in sorted(user.role_names)) or "–"

    @admin.display(description=_("password"))
    def password_chosen(self, user):
        """Whether they have chosen one, and until when they can."""
        if not user.must_change_password:
            return gettext("chosen by themselves")
        if user.first_password_is_over:
            return gettext("The first one is over. Make a new one.")
        if user.first_password_ends_at is None:
            return gettext("still the first one")
        ends = date_format(timezone.localtime(user.first_password_ends_at), "DATETIME_FORMAT")
        return gettext("still the first one, good until %(time)s") % {"time": ends}

    @admin.display(description=_("second factor"))
    def second_factor_since(self, user):
        """Since when there is one."""
        return user.second_factor.made_at if user.second_factor else gettext("none is set up")

    @admin.display(description=_("locations"))
    def limited_to(self, user):
        """The locations to which their work is limited."""
        places = [] if user.is_superuser else [limit.location.name for limit in user.location_limits.all()]
        return ", ".join(sorted(places)) or gettext("all locations")

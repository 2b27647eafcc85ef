"""Pages on the desk: what patients read, what is being worked on, and the buttons that start or end it."""

from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db.models import Prefetch
from django.http import Http404, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from clinic.admin import HouseAdmin
from clinic.stale import read_revision
from procedures import publishing
from procedures.admin.comparing import CompareScreens
from procedures.admin.withdrawing import WithdrawScreens
from procedures.desk_addresses import admin_url
from procedures.forms import PageForm, SignOffForm
from procedures.models import ConditionPage, ProcedurePage

LONGEST_LANGUAGE = 10


class ReviewFilter(admin.SimpleListFilter):
    """Finds the pages that a clinician should have looked at again by now."""

    title = _("next review due")
    parameter_name = "review"

    def lookups(self, request, model_admin):
        return [("overdue", _("overdue"))]

    def queryset(self, request, queryset):
        return queryset.overdue() if self.value() == "overdue" else queryset


class PageAdmin(CompareScreens, WithdrawScreens, HouseAdmin):
    """What pages of both kinds share on the desk."""

    audit_subject = "page"
    form = PageForm
    list_display = ["name", "language", "live", "open", "review_due"]
    list_display_links = ["name"]
    list_filter = ["language", ReviewFilter]
    list_per_page = 50
    search_fields = ["plain_name", "medical_name", "slug"]
    search_help_text = _("Search by name or address.")
    sortable_by = ()
    show_facets = admin.ShowFacets.NEVER
    change_list_template = "admin/procedures/page_list.html"
    change_form_template = "admin/procedures/page.html"

    # Who may

    def get_queryset(self, request):
        """The pages that this member of staff may see, each with its live and its open version (2 queries)."""
        versions = self.opts.get_field("versions").related_model.objects.open()
        return (
            self.model.objects.visible_to(request.user)
            .select_related("live_version", self.subject)
            .prefetch_related(Prefetch("versions", queryset=versions, to_attr="open_versions"))
        )

    def has_delete_permission(self, request, obj=None):
        """What patients have read is never lost."""
        return False

    def get_readonly_fields(self, request, obj=None):
        """A page keeps its subject and its language."""
        return [self.subject, "language"] if obj else []

    def save_model(self, request, obj, form, change):
        """Save a new page; of one that is there, the address alone can change."""
        if not change:
            super().save_model(request, obj, form, change)
        elif "slug" in form.changed_data:
            takes_over = form.cleaned_data.get("takes_over", False)
            publishing.rename(
                page=obj, slug=form.cleaned_data["slug"], by=request.user.as_actor(), takes_over=takes_over
            )

    def after_change(self, fields):
        """Leave what follows to `publishing`; a page that is new was read by nobody."""

    def log_change(self, request, obj, message):
        """Leave the event to `publishing`, which changed the page."""
        return

    def get_fields(self, request, obj=None):
        """Ask whether an address may be taken from another page only where that question came up."""
        if request.method != "POST" or (obj is not None and obj.slug == request.POST.get("slug")):
            return self.fields
        language = obj.language if obj is not None else request.POST.get("language", "")[:LONGEST_LANGUAGE]
        page = self.model(pk=obj and obj.pk, language=language)
        asked = publishing.former_holder(page, _without_nul(request.POST.get("slug", "")))
        return [*self.fields, "takes_over"] if asked else self.fields

    # The list

    @admin.display(description=_("page"))
    def name(self, page):
        """What patients call it, or its address before anything is published."""
        return page.plain_name or page.slug

    @admin.display(description=_("on the site"))
    def live(self, page):
        """Which version patients read."""
        if page.live_version is None:
            return gettext("not on the site")
        return gettext("version %(number)d") % {"number": page.live_version.number}

    @admin.display(description=_("being worked on"))
    def open(self, page):
        """The open version and where it stands."""
        if not page.open_versions:
            return "–"
        version = page.open_versions[0]
        words = gettext("version %(number)d, %(state)s")
        return format_html(
            '<a href="{}">{}</a>',
            admin_url(version, "change"),
            words % {"number": version.number, "state": version.get_state_display()},
        )

    @admin.display(description=_("next review due"))
    def review_due(self, page):
        """When a clinician must look at it again, and whether that day is past."""
        due = page.live_version and page.live_version.next_review_due
        if due and due < timezone.localdate():
            return format_html("<strong>{}</strong>", gettext("overdue since %(date)s") % {"date": date_format(due)})
        return due

    # One page

    def get_urls(self):
        """Add what the buttons of a page lead to."""
        label = f"{self.opts.app_label}_{self.opts.model_name}"
        return [
            path("<path:object_id>/draft/", self.admin_site.admin_view(self.draft_view), name=f"{label}_draft"),
            path("<path:object_id>/confirm/", self.admin_site.admin_view(self.confirm_view), name=f"{label}_confirm"),
            *self.withdraw_urls(label),
            *self.compare_urls(label),
            *super().get_urls(),
        ]

    def response_add(self, request, obj, post_url_continue=None):
        """Lead to the new page, where its first draft can be started."""
        messages.success(request, gettext("The page is made. Start a draft to write it."))
        return HttpResponseRedirect(admin_url(obj, "change"))

    def change_view(self, request, object_id, form_url="", extra_context=None):
        """Show the page, its versions, and what can be done with it."""
        page = self.get_object(request, unquote(object_id))
        context = self.page_context(request, page) if page is not None else {}
        try:
            return super().change_view(request, object_id, form_url, {**(extra_context or {}), **context})
        except publishing.Refused as refused:
            # Somebody else took the address at the same moment.
            messages.error(request, refused.reason)
            return HttpResponseRedirect(admin_url(page, "change"))

    def page_context(self, request, page):
        """Return what the page's screen shows beside its form."""
        actor = request.user.as_actor()
        return {
            "page": page,
            "versions": (versions := list(self.versions_of(request, page))),
            "choose_url": admin_url(page, "choose"),
            "from_number": _first_to_compare(page, versions),
            "read_on_url": admin_url(page, "read_on"),
            "today": timezone.localdate().isoformat(),
            "was_published": page.last_read() is not None,
            "successor": page.leads_on_to(),
            "successor_url": admin_url(page, "successor"),
            "successor_refusal": _refusal(publishing.check_choose_successor, page, actor),
            "version_url": f"admin:{self.opts.app_label}_{page.versions.model._meta.model_name}_change",
            "draft_refusal": _refusal(publishing.check_open_draft, page, actor),
            "withdraw_refusal": _refusal(publishing.check_withdraw, page, actor),
            "may_review": page.is_published and request.user.has_perm(publishing.SIGN_OFF),
            **self.confirm_context(request, page, SignOffForm()),
            "draft_url": admin_url(page, "draft"),
            "withdraw_url": admin_url(page, "withdraw"),
        }

    def versions_of(self, request, page):
        """Return the versions of a page that this member of staff may see, newest first."""
        return page.versions.visible_to(request.user).select_related("signed_off_by", "reviewed_by")

    def page_or_404(self, request, object_id):
        """Return the page that an address names, if this member of staff may see it."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        page = self.get_object(request, unquote(object_id))
        if page is None:
            raise Http404
        return page

    def draft_view(self, request, object_id):
        """Start a draft and lead to it."""
        page = self.page_or_404(request, object_id)
        if request.method != "POST":
            return HttpResponseRedirect(admin_url(page, "change"))
        try:
            version = publishing.open_draft(page=page, by=request.user.as_actor())
        except publishing.Refused as refused:
            messages.error(request, refused.reason)
            return HttpResponseRedirect(admin_url(page, "change"))
        return HttpResponseRedirect(admin_url(version, "change"))

    def confirm_context(self, request, page, form):
        """Return what is needed to say that a page was reviewed and needs no change."""
        return {
            "confirm_form": form,
            "confirm_refusal": _refusal(publishing.check_confirm, page, request.user.as_actor()),
            "confirm_url": admin_url(page, "confirm"),
            "read_url": page.is_published
            and reverse(f"procedures:preview_{self.subject}", args=[page.live_version_id]),
        }

    def confirm_view(self, request, object_id):
        """Take in that the page was reviewed and needs no change."""
        page = self.page_or_404(request, object_id)
        if request.method != "POST":
            return HttpResponseRedirect(admin_url(page, "change"))
        form, seen = SignOffForm(request.POST), read_revision(request.POST.get("seen", ""))
        refusal = ""
        if form.is_valid():
            try:
                publishing.confirm(page=page, by=request.user.as_actor(), seen=seen, **form.cleaned_data)
                messages.success(request, gettext("The review is on the page now. Its words are as they were."))
                return HttpResponseRedirect(admin_url(page, "change"))
            except publishing.Unfit as refused:
                form.add_error(refused.field, refused.reason)
            except publishing.Refused as refused:
                page, refusal = self.page_or_404(request, object_id), refused.reason
        context = {
            **self.admin_site.each_context(request),
            "title": publishing.MOVES["confirm"].label,
            "subtitle": str(page),
            "opts": self.opts,
            "page": page,
            "page_url": admin_url(page, "change"),
            "form": form,
            "refusal": refusal,
            **self.confirm_context(request, page, form),
        }
        request.current_app = self.admin_site.name
        return TemplateResponse(request, "admin/procedures/confirm.html", context, status=409 if refusal else 422)


def _first_to_compare(page, versions):
    """Return the number of the version to compare from: what patients read, else the last but one."""
    newest = versions[0] if versions else None
    live = page.live_version
    if live is not None and live != newest:
        return live.number
    return versions[1].number if len(versions) > 1 else None


def _without_nul(typed):
    """Return what was typed without a NUL, which no database can be asked for."""
    return typed.replace("\0", "")


def _refusal(check, page, actor):
    try:
        check(page, by=actor)
    except publishing.Refused as refused:
        return refused.reason
    return ""


@admin.register(ProcedurePage)
class ProcedurePageAdmin(PageAdmin):
    """Pages about procedures."""

    subject = "procedure"
    fields = ["procedure", "language", "slug"]


@admin.register(ConditionPage)
class ConditionPageAdmin(PageAdmin):
    """Pages about conditions."""

    subject = "condition"
    fields = ["condition", "language", "slug"]

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
from procedures.forms import PageForm, SignOffForm, WithdrawForm
from procedures.models import ConditionPage, ProcedurePage


def admin_url(row, name, *args):
    """Return the address of a screen about a row: "change", "section" and so on."""
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_{name}", args=[row.pk, *args])


class ReviewFilter(admin.SimpleListFilter):
    """Finds the pages that a clinician should have looked at again by now."""

    title = _("next review due")
    parameter_name = "review"

    def lookups(self, request, model_admin):
        return [("overdue", _("overdue"))]

    def queryset(self, request, queryset):
        return queryset.overdue() if self.value() == "overdue" else queryset


class PageAdmin(HouseAdmin):
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
        """Save; the address that readers knew goes on leading to the page."""
        before = self.model.objects.filter(pk=obj.pk).first() if "slug" in form.changed_data else None
        super().save_model(request, obj, form, change)
        if before is not None and before.slug != obj.slug:
            before.keep_address(before.slug)

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
            path(
                "<path:object_id>/withdraw/", self.admin_site.admin_view(self.withdraw_view), name=f"{label}_withdraw"
            ),
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
        return super().change_view(request, object_id, form_url, {**(extra_context or {}), **context})

    def page_context(self, request, page):
        """Return what the page's screen shows beside its form."""
        actor = request.user.as_actor()
        return {
            "page": page,
            "versions": page.versions.visible_to(request.user).select_related("signed_off_by", "reviewed_by"),
            "version_url": f"admin:{self.opts.app_label}_{page.versions.model._meta.model_name}_change",
            "draft_refusal": _refusal(publishing.check_open_draft, page, actor),
            "withdraw_refusal": _refusal(publishing.check_withdraw, page, actor),
            "may_review": page.is_published and request.user.has_perm(publishing.SIGN_OFF),
            **self.confirm_context(request, page, SignOffForm()),
            "draft_url": admin_url(page, "draft"),
            "withdraw_url": admin_url(page, "withdraw"),
        }

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
        if form.is_valid():
            try:
                publishing.confirm(page=page, by=request.user.as_actor(), seen=seen, **form.cleaned_data)
                messages.success(request, gettext("The review is on the page now. Its words are as they were."))
                return HttpResponseRedirect(admin_url(page, "change"))
            except publishing.Unfit as refused:
                form.add_error(refused.field, refused.reason)
            except publishing.Refused as refused:
                messages.error(request, refused.reason)
                return HttpResponseRedirect(admin_url(page, "change"))
        context = {
            **self.admin_site.each_context(request),
            "title": publishing.MOVES["confirm"].label,
            "subtitle": str(page),
            "opts": self.opts,
            "page": page,
            "page_url": admin_url(page, "change"),
            "form": form,
            **self.confirm_context(request, page, form),
        }
        request.current_app = self.admin_site.name
        return TemplateResponse(request, "admin/procedures/confirm.html", context, status=422)

    def withdraw_view(self, request, object_id):
        """Take the page off the site, after its box was ticked."""
        page = self.page_or_404(request, object_id)
        form = WithdrawForm(request.POST if request.method == "POST" else None)
        if form.is_valid():
            try:
                publishing.withdraw_page(page=page, by=request.user.as_actor())
                messages.success(request, gettext("The page is off the site. Its versions are kept."))
            except publishing.Refused as refused:
                messages.error(request, refused.reason)
            return HttpResponseRedirect(admin_url(page, "change"))
        context = {
            **self.admin_site.each_context(request),
            "title": gettext("Withdraw the page"),
            "subtitle": str(page),
            "opts": self.opts,
            "page": page,
            "page_url": admin_url(page, "change"),
            "refusal": _refusal(publishing.check_withdraw, page, request.user.as_actor()),
            "form": form,
        }
        request.current_app = self.admin_site.name
        status = 422 if form.is_bound else 200
        return TemplateResponse(request, "admin/procedures/withdraw.html", context, status=status)


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

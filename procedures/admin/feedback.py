"""What readers said about pages: the editors read it, mend the page, and mark it as done."""

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import F
from django.shortcuts import get_object_or_404, redirect
from django.template.defaultfilters import linebreaksbr
from django.urls import path
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from audit.audited_admin import AuditedAdmin
from clinic.encryption import Unreadable
from clinic.refusals import Refused
from procedures import feedback
from procedures.admin.pages import admin_url
from procedures.models import Feedback

LIST = "admin:procedures_feedback_changelist"
IS_OPEN, IS_DONE = pgettext_lazy("answer about a page", "open"), pgettext_lazy("answer about a page", "done")


class StateFilter(admin.SimpleListFilter):
    """Finds what waits for an editor."""

    title = _("state")
    parameter_name = "state"

    def lookups(self, request, model_admin):
        return [("open", IS_OPEN), ("done", IS_DONE)]

    def queryset(self, request, queryset):
        if self.value() == "open":
            return queryset.open()
        return queryset.done() if self.value() == "done" else queryset


@admin.register(Feedback)
class FeedbackAdmin(AuditedAdmin):
    """A list without the words, open ones first, and a screen that shows the words of one; reading it is recorded."""

    audit_subject = "feedback"
    tells_of_persons = True
    change_form_template = "admin/procedures/feedback.html"
    fields = readonly_fields = ["about", "helped", "written", "made_at", "version", "done_at", "done_by"]
    list_display = ["page", "helped", "sent", "state", "done_by"]
    list_filter = [StateFilter, "is_helpful", "language"]
    list_per_page = 50
    list_select_related = ["procedure_page", "condition_page", "done_by"]
    ordering = [F("done_at").desc(nulls_first=True), "-made_at", "-id"]
    show_facets = admin.ShowFacets.NEVER
    sortable_by = ()

    # Who may

    def get_queryset(self, request):
        """Leave the encrypted words in the database, where they can be read or not, until one is opened."""
        return super().get_queryset(request).visible_to(request.user).defer(*Feedback.personal_data)

    def has_add_permission(self, request):
        """Only readers say what they miss."""
        return False

    def has_change_permission(self, request, obj=None):
        """What was said stays as it was said."""
        return False

    # The list and the screen

    @admin.display(description=_("page"))
    def page(self, said):
        """The page in its language."""
        return said.page

    @admin.display(description=_("it helped"))
    def helped(self, said):
        """Whether the page answered the reader's question."""
        return gettext("yes") if said.is_helpful else gettext("no")

    @admin.display(description=_("sent"))
    def sent(self, said):
        """When it came, short enough for a list."""
        return date_format(timezone.localtime(said.made_at), "SHORT_DATETIME_FORMAT")

    @admin.display(description=_("state"))
    def state(self, said):
        """Whether an editor has still to look at it."""
        return IS_DONE if said.done_at else format_html("<strong>{}</strong>", IS_OPEN)

    @admin.display(description=_("page"))
    def about(self, said):
        """The page, with the way to its versions."""
        return format_html('<a href="{}">{}</a>', admin_url(said.page, "change"), said.page)

    @admin.display(description=_("what is missing"))
    def written(self, said):
        """The words, as the reader broke them into lines."""
        return linebreaksbr(said.words) if said.words else gettext("nothing was written")

    def change_view(self, request, object_id, form_url="", extra_context=None):
        """Show one with its words."""
        said = self.get_object(request, object_id)
        if said is None or not self.has_view_permission(request, said):
            return super().change_view(request, object_id, form_url, extra_context)
        try:
            said.refresh_from_db(fields=Feedback.personal_data)
        except Unreadable:
            messages.error(request, gettext("These words cannot be read with this site’s keys."))
            return redirect(LIST)
        press = ("open", _("Open it again")) if said.done_at else ("done", _("Mark as done"))
        may_close = request.user.has_perm(feedback.CLOSE)
        context = {"press": {"url": admin_url(said, press[0]), "words": press[1]} if may_close else None}
        return super().change_view(request, object_id, form_url, context | (extra_context or {}))

    # The buttons

    def get_urls(self):
        """Add the addresses that the two buttons post to."""
        done, again = (require_POST(view) for view in (self.done_view, self.open_view))
        return [
            path("<int:pk>/done/", self.admin_site.admin_view(done), name="procedures_feedback_done"),
            path("<int:pk>/open/", self.admin_site.admin_view(again), name="procedures_feedback_open"),
            *super().get_urls(),
        ]

    def done_view(self, request, pk):
        """Mark one as done, or say why not."""
        return self.press(request, pk, feedback.mark_done, gettext("It is marked as done."))

    def open_view(self, request, pk):
        """Put one back among those that wait, or say why not."""
        return self.press(request, pk, feedback.open_again, gettext("It waits for an editor again."))

    def press(self, request, pk, mark, sentence):
        """Do what a button says, and lead back to what waits."""
        if not request.user.has_perm(feedback.CLOSE):
            raise PermissionDenied
        said = get_object_or_404(self.get_queryset(request), pk=pk)
        try:
            mark(feedback=said, by=request.user.as_actor())
        except Refused as refused:
            messages.error(request, refused.reason)
        else:
            messages.success(request, sentence)
        return redirect(LIST)

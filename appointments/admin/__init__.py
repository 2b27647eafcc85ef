"""The triage desk in Django's admin: the queue, and the sheet of one request with a button for each move."""

from django.contrib import admin, messages
from django.contrib.admin.templatetags.admin_urls import add_preserved_filters
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.csrf import csrf_exempt

from accounts.ended_session import why_not_taken
from appointments import presence, workflow
from appointments.admin import (
    calling,
    conversation,
    dashboard,
    doors,
    downtime,
    duplicates,
    erasing,
    freed,
    links,
    many,
    moving,
    next_one,
    notes,
    queue,
    reaching,
    replies,
    sheet,
    shown,
    undoing,
    who_read,
)
from appointments.admin.alert_people import AlertPersonAdmin as AlertPersonAdmin
from appointments.admin.closing import FormClosureAdmin as FormClosureAdmin
from appointments.admin.readable import if_readable
from appointments.admin.saved_replies import SavedReplyAdmin as SavedReplyAdmin
from appointments.admin.sheet_rows import sheet_rows
from appointments.admin.words import MessageWordingAdmin as MessageWordingAdmin
from appointments.models import AppointmentRequest, TrackingLink
from appointments.workflow.table import TRIAGE
from audit.audited_admin import AuditedAdmin
from audit.models import Event
from clinic import forgeries, stale
from clinic.encryption import each_readable
from clinic.refusals import Gone

QUEUE, SHEET, MOVE, NEXT = (
    f"admin:appointments_appointmentrequest_{name}" for name in ("changelist", "change", "move", "next")
)


@admin.register(AppointmentRequest)
class AppointmentRequestAdmin(
    next_one.NextOne,
    notes.Notes,
    dashboard.Figures,
    doors.Doors,
    downtime.Pack,
    duplicates.Duplicates,
    erasing.Erasing,
    freed.Freed,
    many.Many,
    reaching.Reaching,
    shown.Shown,
    undoing.Undo,
    who_read.WhoRead,
    AuditedAdmin,
):
    """Requests are read and moved on here; they are never edited field by field, or deleted."""

    audit_subject = "request"
    tells_of_persons = True
    list_display = queue.COLUMNS
    list_display_links = ["reference"]
    list_filter = queue.FILTERS
    list_per_page = 50
    list_max_show_all = 0
    sortable_by = ()
    search_fields = ["reference"]
    search_help_text = _(
        "In all requests: a reference, a whole email address or telephone number, or a name (3 letters or more)."
    )
    show_facets = admin.ShowFacets.NEVER

    # Who may

    def has_add_permission(self, request):
        """Requests come from patients; staff write them down on a screen of its own (`doors.py`)."""
        return False

    def has_change_permission(self, request, obj=None):
        """A request changes by its moves alone."""
        return False

    def has_delete_permission(self, request, obj=None):
        """A request is never lost."""
        return False

    def get_queryset(self, request):
        """The requests that this member of staff may see, practice among them, in the order of the queue."""
        return queue.queue_rows(AppointmentRequest.of_every_kind.not_heartbeat().visible_to(request.user))

    def lookup_allowed(self, lookup, value, request):
        """Only our own filters: the address of the queue asks the database nothing else."""
        return lookup in {each.parameter_name for each in queue.FILTERS}

    # The queue

    def get_changelist(self, request, **kwargs):
        return queue.Queue

    def get_search_results(self, request, queryset, search_term):
        """Leave it to the list, which also says when it could not look at all there is (`queue.Queue`)."""
        return queryset, False

    def kind_of_search(self, typed):
        """Say by what a request was searched."""
        return queue.kind_of_search(queue.opened_search(typed))

    def facts_of_list(self, changelist):
        """Say which view of the queue it was; a search looks through all."""
        return {} if changelist.query else {"view": changelist.view_name}

    def changelist_view(self, request, extra_context=None):
        """Show the queue. A search is posted, and answered under an address that does not tell what was typed."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        if "action" in request.POST:
            return self.many_chosen(request)
        if request.method == "POST":
            found = queue.sealed_search(request.POST.get("q", ""))
            return HttpResponseRedirect(reverse(QUEUE, query={"q": found} if found else None))
        if request.method == "GET":
            presence.saw_queue(request.user, session=request.session)
        searched = queue.opened_search(request.GET.get("q", ""))
        context = {
            "title": gettext("Requests"),
            "searched": searched,
            "erased_at": queue.erased_at(searched),
            "may_enter": doors.may_enter(request),
            "next_url": self.with_filters(request, reverse(NEXT)),
            "undo": undoing.latest_of(request.user),
            "is_nav_sidebar_enabled": False,
        }
        return super().changelist_view(request, context)

    # The sheet

    def get_urls(self):
        move = self.admin_site.admin_view(self.move_view)
        move.csrf_failure = self.admin_site.admin_view(self.move_without_token_view)
        address = path("<path:object_id>/move/<slug:name>/", move, name="appointments_appointmentrequest_move")
        revoke = path(
            "<path:object_id>/links/<int:link>/revoke/",
            self.admin_site.admin_view(self.revoke_view),
            name="appointments_appointmentrequest_revoke",
        )
        reach = path(
            "<path:object_id>/reach/<slug:name>/",
            self.admin_site.admin_view(self.reach_view),
            name="appointments_appointmentrequest_reach",
        )
        return [address, revoke, reach, *super().get_urls()]

    @if_readable
    def change_view(self, request, object_id, form_url="", extra_context=None):
        """Show the sheet."""
        return self.show(request, self.asked(request, object_id))

    @if_readable
    def move_view(self, request, object_id, name):
        """Make a move; a refusal shows the sheet again with its reason and what was typed."""
        asked = self.asked(request, object_id)
        if name not in moving.AT_THE_DESK:
            forgeries.note(forgeries.MOVE, where="sheet")
            raise Http404
        if request.method != "POST":
            return HttpResponseRedirect(self.with_filters(request, reverse(SHEET, args=[asked.pk])))
        form, seen = moving.form_for(asked, name, request.POST), moving.Seen.read(asked, request.POST)
        step = replies.step_of(form, request.POST)
        try:
            moved = (step or moving.press)(asked, form, by=request.user.as_actor(), seen=seen)
        except workflow.Unfit as refused:
            if refused.field:
                form.take(refused)
            return self.show(request, asked, form=form, status=422)
        except moving.AskAgain as refused:
            return self.show(request, asked, form=form, refusal=refused.reason, status=422)
        except workflow.Stale as refused:
            asked = self.asked(request, object_id)
            rows = moving.compared(asked, form, seen=seen, by=request.user)
            return self.show(request, asked, form=form, refusal=refused.reason, compared=rows, status=409)
        except workflow.Refused as refused:
            return self.show(request, self.asked(request, object_id), form=form, refusal=refused.reason, status=409)
        if step:
            return self.show(request, asked, form=form)
        messages.success(request, moving.DONE[name] % {"reference": moved.reference})
        is_mine = moved.waits_for_clinic and moved.holder_id == request.user.pk
        goes_to = reverse(SHEET, args=[moved.pk]) if is_mine else reverse(QUEUE)
        return HttpResponseRedirect(self.with_filters(request, goes_to))

    @csrf_exempt
    @if_readable
    def move_without_token_view(self, request, object_id, name):
        """Show the sheet and what was typed again, after a form that came without a valid token. Changes nothing."""
        asked = self.asked(request, object_id)
        if name not in moving.AT_THE_DESK:
            raise Http404
        form, seen = moving.form_for(asked, name, request.POST), moving.Seen.read(asked, request.POST)
        too_long = gettext("This page was open too long, so nothing was sent. Look at it again, then press once more.")
        reason, rows = why_not_taken(request, too_long), ()
        if seen.revision not in (stale.UNSEEN, asked.revision):
            reason = f"{why_not_taken(request, '')} {workflow.CHANGED_MEANWHILE}".strip()
            rows = moving.compared(asked, form, seen=seen, by=request.user)
        return self.show(request, asked, form=form, refusal=reason, compared=rows, status=403)

    undo_view = if_readable(undoing.Undo.undo_view)

    @if_readable
    def history_view(self, request, object_id, extra_context=None):
        """Show what happened to a request; of one that was erased, the address says so."""
        self.asked(request, object_id)
        return super().history_view(request, object_id, extra_context)

    @if_readable
    def revoke_view(self, request, object_id, link):
        """End one private link of a request; looking at the address leads back to the page of messages."""
        asked = self.asked(request, object_id)
        found = TrackingLink.objects.opening(asked).filter(pk=link).first()
        if found is None:
            raise Http404
        if request.method == "POST":
            try:
                workflow.revoke_link(found, by=request.user.as_actor())
                messages.success(request, links.REVOKED)
            except workflow.Refused as refused:
                messages.error(request, refused.reason)
        return HttpResponseRedirect(self.with_filters(request, reverse(reaching.MESSAGES, args=[asked.pk])))

    @if_readable
    def reach_view(self, request, object_id, name):
        """Write down how reaching the patient went; looking at the address leads back to the page of messages."""
        asked = self.asked(request, object_id)
        if name not in calling.PRESSES:
            raise Http404
        if not request.user.has_perm(TRIAGE):
            raise PermissionDenied
        if request.method == "POST":
            try:
                messages.success(request, calling.PRESSES[name](asked, request.POST, request.user.as_actor()))
            except workflow.Refused as refused:
                messages.error(request, refused.reason)
        return HttpResponseRedirect(self.with_filters(request, reverse(reaching.MESSAGES, args=[asked.pk])))

    def asked(self, request, object_id):
        """Return the request that an address names, as its sheet needs it."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        try:
            return sheet_rows(self.get_queryset(request)).get(pk=unquote(object_id))
        except (AppointmentRequest.DoesNotExist, ValueError):
            if workflow.was_erased(unquote(object_id)):
                raise Gone("appointments/erased_sheet.html") from None
            raise Http404 from None

    def show(self, request, asked, *, form=None, refusal="", compared=(), status=200):
        """Return the sheet, and record that it was read: after a refused move too, it tells all there is.

        `form` is that of the move that was tried, over what was typed for it.
        """
        if request.method != "HEAD":
            refused = {"refused": form.move, "answer": status} if form and status == 409 else {}
            Event.record(sheet.READ, by=request.user.as_actor(), about=asked, **refused)
        undo = undoing.offer_on(asked, user=request.user)
        wanted = undo.corrected_by if undo else ""
        buttons = moving.buttons(asked, by=request.user.as_actor(), form=form, wanted=wanted)
        freed.fill_in(buttons, user=request.user, time=request.GET.get("time", ""))
        possible = [button for button in buttons if not button.reason]
        impossible = [button for button in buttons if button.reason]
        amended = each_readable(asked.amendments.all())
        replies.offer(possible, user=request.user)
        context = {
            **self.admin_site.each_context(request),
            **sheet.sheet(asked, amended, user=request.user),
            "notes": notes.in_brief(asked),
            **conversation.since(asked, amended),
            **duplicates.notice(asked, user=request.user),
            "title": gettext("Request %(reference)s") % {"reference": asked.reference},
            "is_nav_sidebar_enabled": False,
            "opts": self.opts,
            "preserved_filters": self.get_preserved_filters(request),
            "possible": [button for button in possible if button.name != "read_news"],
            "undo": undo,
            "may_erase": request.user.has_perm(workflow.ERASE),
            "aside_until": queue.exactly(asked.snoozed_until) if asked.is_snoozed() else "",
            "read_news": next((button for button in possible if button.name == "read_news"), None),
            "has_seldom": any(button.is_seldom for button in possible),
            "impossible": impossible,
            "has_kept_words": any(button.text for button in impossible),
            "snapshot": moving.snapshot(asked),
            "seen_revision": asked.revision,
            "refused_form": form if form and form.errors and not refusal else None,
            "refusal": refusal,
            "doubts": form.open_doubts if form else (),
            "compared": compared,
        }
        request.current_app = self.admin_site.name
        return TemplateResponse(request, "admin/appointments/appointmentrequest/sheet.html", context, status=status)

    def with_filters(self, request, address):
        """Return the address with the queue's filters, as they stood when the sheet was opened."""
        return add_preserved_filters(
            {"preserved_filters": self.get_preserved_filters(request), "opts": self.opts}, address
        )

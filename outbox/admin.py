"""The staff's view of the outbox: what left, what waits, and what could not be sent, so that somebody telephones."""

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.shortcuts import get_object_or_404, redirect
from django.template.defaultfilters import linebreaksbr
from django.urls import path, reverse
from django.utils import timezone
from django.utils.timesince import timesince
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from audit.actors import Actor
from audit.audited_admin import AuditedAdmin
from clinic.encryption import Unreadable
from clinic.log_filters import leave_out_tokens
from outbox import sender
from outbox.models import Message, State

ENCRYPTED = Message.personal_data


@admin.register(Message)
class MessageAdmin(AuditedAdmin):
    """A list, and a sheet that shows one message; reading it is recorded. The one thing to press is "Try again"."""

    audit_subject = "message"
    tells_of_persons = True
    list_per_page = 50
    list_display = ("number", "purpose", "state", "attempts", "age", "not_before", "last_error")
    list_filter = ("state", "purpose")
    fieldsets = (
        (None, {"fields": ("recipient", "subject", "words")}),
        (
            _("On its way"),
            {
                "fields": ("purpose", "state", "attempts", "created_at", "not_before", "sent_at", "last_error"),
                "description": _("A message that could not be sent is tried 10 times in 3 days. Then telephone."),
            },
        ),
    )

    def get_queryset(self, request):
        """Leave the encrypted text in the database, where it can be read or not, until a message is opened."""
        return super().get_queryset(request).visible_to(request.user).defer(*ENCRYPTED)

    @admin.display(description=_("number"), ordering="id")
    def number(self, message):
        """The message's number, which names it in the audit trail."""
        return message.pk

    @admin.display(description=_("written"), ordering="created_at")
    def age(self, message):
        """How long ago it was written."""
        return gettext("%(time)s ago") % {"time": timesince(message.created_at, timezone.now(), depth=1)}

    @admin.display(description=_("text"))
    def words(self, message):
        """What it says; the private link in it is the patient's alone, since whoever opens it acts as the patient."""
        return linebreaksbr(leave_out_tokens(message.text))

    def change_view(self, request, object_id, form_url="", extra_context=None):
        """Show one message with its text."""
        message = self.get_object(request, object_id)
        if message is None or not self.has_view_permission(request, message):
            return super().change_view(request, object_id, form_url, extra_context)
        try:
            message.refresh_from_db(fields=ENCRYPTED)
        except Unreadable:
            self.message_user(request, gettext("This message cannot be read with this site's keys."), messages.ERROR)
            return redirect("admin:outbox_message_changelist")
        may_retry = message.state == State.UNDELIVERABLE and request.user.has_perm("outbox.retry_message")
        return super().change_view(request, object_id, form_url, {**(extra_context or {}), "may_retry": may_retry})

    def get_urls(self):
        """Add the address that "Try again" posts to."""
        again = self.admin_site.admin_view(require_POST(self.try_again))
        return [path("<int:pk>/try-again/", again, name="outbox_message_try_again"), *super().get_urls()]

    def try_again(self, request, pk):
        """Put the message back into the queue, or say why not."""
        if not request.user.has_perm("outbox.retry_message"):
            raise PermissionDenied
        message = get_object_or_404(self.get_queryset(request), pk=pk)
        try:
            sender.try_again(message, by=Actor.staff(request.user))
        except sender.NotUndeliverable as refusal:
            self.message_user(request, refusal.reason, messages.ERROR)
        else:
            self.message_user(request, gettext("The message will be tried again within a few seconds."))
        return redirect(reverse("admin:outbox_message_change", args=[pk]))

    def has_add_permission(self, request):
        """Nobody writes a message by hand."""
        return False

    def has_change_permission(self, request, obj=None):
        """Nobody changes one."""
        return False

    def has_delete_permission(self, request, obj=None):
        """Nobody removes one."""
        return False

"""Undoing at the desk: the line that offers it on the sheet and above the queue, and the address of its button."""

from dataclasses import dataclass
from datetime import datetime

from django.contrib import messages
from django.db.models import F
from django.http import HttpResponseRedirect
from django.urls import path, reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext, pgettext
from django.utils.translation import gettext_lazy as _

from appointments import workflow
from appointments.admin.sheet import WHAT_HAPPENED
from appointments.models import LastMove
from clinic import stale
from outbox.models import State

SHEET = "admin:appointments_appointmentrequest_change"
DONE = _("Undone. %(reference)s is as it was before.")


@dataclass(frozen=True)
class Offer:
    """A move that its maker may still undo, until `until` (aware), or, once its message has left, put right.

    `asked_id` and `reference` are the request's, `revision` is the one to which the move led, `name` is the move's.
    """

    asked_id: int
    reference: str
    revision: int
    name: str
    until: datetime
    has_message: bool
    has_left: bool

    @property
    def what(self):
        """What was done, as the history says it."""
        return WHAT_HAPPENED[workflow.MOVES[self.name].event]

    @property
    def corrected_by(self):
        """The name of the move that puts it right, where that is what is left to do; else ""."""
        return workflow.MOVES[self.name].corrected_by if self.has_left else ""

    @property
    def correction(self):
        """That move as its button calls it."""
        return workflow.MOVES[self.corrected_by].label if self.corrected_by else ""

    @property
    def until_when(self):
        """Until when it can be undone, in words, to the second: it may be less than a minute."""
        return date_format(timezone.localtime(self.until), pgettext("time of day to the second", "g:i:s A"))


def offer_on(asked, *, user):
    """Return what `user` may undo, or put right, of a request as it stands; else None (1 query, none on its sheet)."""
    last = getattr(asked, "last_move", None)
    is_the_last = last is not None and (last.revision, last.made_by_id) == (asked.revision, user.pk)
    is_recent = is_the_last and last.made_at > timezone.now() - workflow.UNDO_FOR
    return _offer(last, asked) if is_recent and not asked.merged_into_id else None


def latest_of(user):
    """Return the last move of `user` as long as it can be undone and nothing came after it; else None (1 query)."""
    now = timezone.now()
    moves = LastMove.objects.filter(made_by=user, made_at__gt=now - workflow.UNDO_FOR, request__merged_into=None)
    # Neither what stood there before nor the message itself is decrypted for a line.
    moves = (
        moves.filter(revision=F("request__revision"))
        .select_related("request", "message")
        .only(
            *("name", "revision", "made_at", "message_id", "request__reference", "message__state", "message__attempts")
        )
    )
    last = moves.order_by("-made_at", "-id").first()
    offer = _offer(last, last.request) if last else None
    return None if offer is None or offer.has_left else offer


def _offer(last, asked):
    now, until, message = timezone.now(), workflow.undo_until(last), last.message
    is_too_late = now >= until or (message is not None and (message.state, message.attempts) != (State.WAITING, 0))
    return Offer(
        asked_id=last.request_id,
        reference=asked.reference,
        revision=last.revision,
        name=last.name,
        until=until,
        has_message=message is not None,
        has_left=is_too_late,
    )


class Undo:
    """The address under a request's that takes its last move back, for the admin of requests."""

    def get_urls(self):
        """Add it before the admin's own addresses."""
        view = self.admin_site.admin_view(self.undo_view)
        address = path("<path:object_id>/undo/", view, name="appointments_appointmentrequest_undo")
        return [address, *super().get_urls()]

    def undo_view(self, request, object_id):
        """Take the last move back, and lead to the sheet; looking at the address only leads there."""
        asked = self.asked(request, object_id)
        if request.method == "POST":
            seen = stale.read_revision(request.POST.get("seen_revision", ""))
            try:
                workflow.undo(asked, by=request.user.as_actor(), seen_revision=seen)
                messages.success(request, DONE % {"reference": asked.reference})
            except workflow.Refused as refused:
                messages.error(request, gettext("Nothing was undone. %(reason)s") % {"reason": refused.reason})
        return HttpResponseRedirect(self.with_filters(request, reverse(SHEET, args=[asked.pk])))

"""The button "Next for me": one press leads to the sheet of the request that comes first."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponseRedirect
from django.urls import path, reverse
from django.utils.translation import gettext

from appointments import workflow
from appointments.admin import queue
from appointments.workflow.table import TRIAGE

QUEUE, SHEET = "admin:appointments_appointmentrequest_changelist", "admin:appointments_appointmentrequest_change"


class NextOne:
    """For the ModelAdmin of requests: the press, and where it leads."""

    def get_urls(self):
        """Put the press before the addresses of single requests."""
        view = self.admin_site.admin_view(self.next_view)
        return [path("next/", view, name="appointments_appointmentrequest_next"), *super().get_urls()]

    def next_view(self, request):
        """Lead to the next request of whoever presses; looking at the address leads back to the queue."""
        if not request.user.has_perm(TRIAGE):
            raise PermissionDenied
        if request.method != "POST":
            return HttpResponseRedirect(self.with_filters(request, reverse(QUEUE)))
        try:
            found = workflow.claim_next(by=request.user.as_actor())
        except workflow.Refused as refused:
            messages.error(request, refused.reason)
            return HttpResponseRedirect(self.with_filters(request, reverse(QUEUE)))
        if found.request is None:
            messages.info(request, gettext("Nothing is left to claim: each request that waits has somebody."))
            return HttpResponseRedirect(self.with_filters(request, reverse(QUEUE)))
        messages.success(request, said_of(found))
        return HttpResponseRedirect(self.with_filters(request, reverse(SHEET, args=[found.request.pk])))


def said_of(found):
    """Return the sentence that tells somebody what comes first, and why where they had it already."""
    reference = {"reference": found.request.reference}
    if not found.was_mine:
        return gettext("You have request %(reference)s now.") % reference
    if queue.hurry_of(found.request):
        return gettext("First comes %(reference)s, which you have already: it is urgent.") % reference
    return gettext("First comes %(reference)s, which you have already: it is overdue.") % reference

"""Times that came free, who would come sooner, and the way to the sheet on which one of them is offered by hand."""

from django.contrib import messages as flash
from django.core.exceptions import PermissionDenied
from django.http import HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from appointments import earlier_times, workflow
from appointments.admin import queue
from appointments.models import STATUS_TONES, AppointmentRequest, Status
from appointments.workflow.table import TRIAGE
from clinic.stale import read_revision

FREED = "admin:appointments_appointmentrequest_freed"
SHEET = "admin:appointments_appointmentrequest_change"
# The forms that are shown open to whoever comes to offer a time; that of an agreement by telephone is filled in too.
OPENED = ("offer", "change_time")

PUT_AWAY = _("The time is off this list.")


class Freed:
    """The part of the request's admin that lists times which came free."""

    def get_urls(self):
        view = self.admin_site.admin_view(self.freed_view)
        return [path("freed/", view, name="appointments_appointmentrequest_freed"), *super().get_urls()]

    def freed_view(self, request):
        """Show the times, each with whom it fits. A press puts one away."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        if request.method == "POST":
            return self._put_away(request)
        freed = earlier_times.freed_times(_visible_to(request.user))
        self.record_screen(request, "freed", [row.pk for each in freed for row in each.first])
        context = {
            **self.admin_site.each_context(request),
            "title": gettext("Times that came free"),
            "opts": self.opts,
            "is_nav_sidebar_enabled": False,
            "times": [_time(each) for each in freed],
            "may_press": request.user.has_perm(TRIAGE),
        }
        request.current_app = self.admin_site.name
        return TemplateResponse(request, "admin/appointments/appointmentrequest/freed.html", context)

    def _put_away(self, request):
        if not request.user.has_perm(TRIAGE):
            raise PermissionDenied
        offer = _offer(request.user, request.POST.get("time", ""))
        try:
            if offer is None:
                raise workflow.Refused(gettext("This time is not free any more."))
            workflow.put_away(offer, by=request.user.as_actor())
            flash.success(request, PUT_AWAY)
        except workflow.Refused as refused:
            flash.error(request, refused.reason)
        return HttpResponseRedirect(reverse(FREED))


def fill_in(buttons, *, user, time):
    """Let the forms of times start from the one that an address names, where it is still free.

    `time` is what stands in the address: the primary key of a TimeOffer (1 query), or anything else.
    """
    forms = {button.name: button.form for button in buttons if button.form is not None and button.is_about_times}
    offer = _offer(user, time) if time and forms else None
    if offer is None:
        return
    for name, form in forms.items():
        form.fill_in(offer)
        form.is_opened = name in OPENED


def _visible_to(user):
    return AppointmentRequest.objects.visible_to(user)


def _offer(user, key):
    """Return the time that came free by this primary key, as typed; None for any other."""
    free = earlier_times.let_go(_visible_to(user))
    return free.filter(pk=read_revision(key)).select_related("location", "clinician").first()


def _time(freed):
    return {
        "offer": freed.offer,
        "offered": freed.offered,
        "rows": [_line(row, freed.offer) for row in freed.first],
        "more": freed.more,
    }


def _line(row, offer):
    return {
        "reference": row.reference,
        "url": f"{reverse(SHEET, args=[row.pk], query={'time': offer.pk})}#moves",
        "hurry": queue.hurry_of(row),
        "status": row.get_status_display(),
        "tone": STATUS_TONES[row.status],
        "since": row.created_at,
        "agreed_for": row.agreed_for,
        "offered_for": row.offered_for,
        "holder": row.holder,
        "is_new": row.status == Status.NEW,
    }

"""What waits for staff in this room: the lines at the top of the desk's first page, most pressing first."""

from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from accounts.desk import Task
from appointments import alerts, earlier_times, who_read, workflow
from appointments.models import AppointmentRequest, FormClosure, HeldBecause

QUEUE, FREED, WHO_READ = (
    f"admin:appointments_appointmentrequest_{name}" for name in ("changelist", "freed", "who_read")
)


def _requests(keep, words, address, *, permission="appointments.view_appointmentrequest", **query):
    """Return the line about requests: `keep` returns how many of those that the user may see it is about."""
    return Task(
        permission=permission,
        count=lambda user: keep(AppointmentRequest.objects.visible_to(user)),
        words=lambda number: words % {"number": number},
        url=lambda: reverse(address, query=query or None),
    )


TASKS = (
    _requests(
        lambda requests: requests.trusted().waiting_for_clinic().not_snoozed().count(),
        ngettext_lazy("%(number)d request waits for the clinic.", "%(number)d requests wait for the clinic.", "number"),
        QUEUE,
    ),
    _requests(
        lambda requests: requests.to_be_judged().count(),
        ngettext_lazy(
            "%(number)d request is held as spam. Look whether a person wrote it.",
            "%(number)d requests are held as spam. Look whether people wrote them.",
            "number",
        ),
        QUEUE,
        view="held",
    ),
    _requests(
        lambda requests: requests.to_be_judged().filter(held_because=HeldBecause.MANY_TODAY).count(),
        ngettext_lazy(
            "%(number)d request came above your daily number, and is held.",
            "%(number)d requests came above your daily number, and are held.",
            "number",
        ),
        QUEUE,
        permission="clinic.change_clinicprofile",
        view="held",
    ),
    Task(
        permission="appointments.view_formclosure",
        count=lambda user: FormClosure.objects.visible_to(user).current().count(),
        words=lambda number: _("The form for requests is closed."),
        url=lambda: reverse("admin:appointments_formclosure_changelist"),
    ),
    _requests(
        lambda requests: workflow.to_be_called(requests).count(),
        ngettext_lazy("%(number)d patient is to be called.", "%(number)d patients are to be called.", "number"),
        QUEUE,
        view="calls",
    ),
    _requests(
        lambda requests: workflow.with_news(requests).count(),
        ngettext_lazy(
            "%(number)d patient chose a time, cancelled or wrote more. Read it.",
            "%(number)d patients chose a time, cancelled or wrote more. Read it.",
            "number",
        ),
        QUEUE,
        view="news",
    ),
    Task(
        permission="appointments.add_alertperson",
        count=lambda user: 0 if alerts.people_to_tell() else 1,
        words=lambda number: _("Nobody is told by email when a request cannot wait. Choose who is."),
        url=lambda: reverse("admin:appointments_alertperson_changelist"),
    ),
    _requests(
        who_read.number_to_tell,
        ngettext_lazy(
            "%(number)d patient read a warning that has changed since.",
            "%(number)d patients read a warning that has changed since.",
            "number",
        ),
        WHO_READ,
    ),
    _requests(
        earlier_times.number_wanted,
        ngettext_lazy(
            "%(number)d time came free for which somebody waits.",
            "%(number)d times came free for which somebody waits.",
            "number",
        ),
        FREED,
    ),
)

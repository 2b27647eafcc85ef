"""Names the room for Django and fills in its parts of the registers."""

from django.apps import AppConfig
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext


class AppointmentsConfig(AppConfig):
    """Asking for an appointment, and answering."""

    name = "appointments"
    verbose_name = _("Requests")

    def ready(self):
        from accounts import desk
        from appointments import demonstration, reminders, workflow
        from appointments.models import AppointmentRequest, Status
        from clinic import demo, diagrams, hours
        from outbox import chores

        demo.register("requests", demonstration.load)
        hours.on_change(workflow.recompute_due)
        chores.register("remind patients", reminders.remind)
        diagrams.register(
            diagrams.Diagram(
                name="request-states",
                heading="How a request moves",
                sentence="Drawn from `MOVES` in `appointments/workflow/table.py`.",
                states=lambda: dict(Status.choices),
                arrows=workflow.state_arrows,
            )
        )
        desk.register(
            desk.Task(
                permission="appointments.view_appointmentrequest",
                count=lambda user: AppointmentRequest.objects.visible_to(user).waiting_for_clinic().count(),
                words=waiting_words,
                url=lambda: reverse("admin:appointments_appointmentrequest_changelist"),
            )
        )
        desk.register(
            desk.Task(
                permission="appointments.view_appointmentrequest",
                count=lambda user: workflow.to_be_called(AppointmentRequest.objects.visible_to(user)).count(),
                words=calling_words,
                url=lambda: reverse("admin:appointments_appointmentrequest_changelist", query={"view": "calls"}),
            )
        )


def waiting_words(number):
    """Return the sentence that tells staff how many requests wait for the clinic."""
    return ngettext("%(number)d request waits for the clinic.", "%(number)d requests wait for the clinic.", number) % {
        "number": number
    }


def calling_words(number):
    """Return the sentence that tells staff how many patients wait for a call."""
    return ngettext("%(number)d patient is to be called.", "%(number)d patients are to be called.", number) % {
        "number": number
    }

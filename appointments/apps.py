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
        from appointments import demonstration, practice, public_promise, reminders, workflow
        from appointments.models import AppointmentRequest, FormClosure, HeldBecause, Status
        from clinic import demo, diagrams, hours, limits
        from outbox import chores

        queue = "admin:appointments_appointmentrequest_changelist"
        demo.register("requests", demonstration.load)
        hours.on_change(workflow.recompute_due)
        chores.register("send links that were asked for", workflow.send_links_asked_for)
        chores.register("remind patients", reminders.remind)
        chores.register("reckon promise", public_promise.reckon)
        chores.register("forget counts", limits.forget_old)
        chores.register("forget erased forms", workflow.forget_erased_forms)
        chores.register("forget last moves", workflow.forget_last_moves)
        chores.register("forget practice", practice.forget_old)
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
                count=lambda user: AppointmentRequest.objects.visible_to(user).trusted().waiting_for_clinic().count(),
                words=waiting_words,
                url=lambda: reverse(queue),
            )
        )
        desk.register(
            desk.Task(
                permission="appointments.view_appointmentrequest",
                count=lambda user: AppointmentRequest.objects.visible_to(user).to_be_judged().count(),
                words=held_words,
                url=lambda: reverse(queue, query={"view": "held"}),
            )
        )
        desk.register(
            desk.Task(
                permission="clinic.change_clinicprofile",
                count=lambda user: (
                    AppointmentRequest.objects.visible_to(user)
                    .to_be_judged()
                    .filter(held_because=HeldBecause.MANY_TODAY)
                    .count()
                ),
                words=above_number_words,
                url=lambda: reverse(queue, query={"view": "held"}),
            )
        )
        desk.register(
            desk.Task(
                permission="appointments.view_formclosure",
                count=lambda user: FormClosure.objects.visible_to(user).current().count(),
                words=closed_words,
                url=lambda: reverse("admin:appointments_formclosure_changelist"),
            )
        )
        desk.register(
            desk.Task(
                permission="appointments.view_appointmentrequest",
                count=lambda user: workflow.to_be_called(AppointmentRequest.objects.visible_to(user)).count(),
                words=calling_words,
                url=lambda: reverse(queue, query={"view": "calls"}),
            )
        )
        desk.register(
            desk.Task(
                permission="appointments.view_appointmentrequest",
                count=lambda user: workflow.with_news(AppointmentRequest.objects.visible_to(user)).count(),
                words=news_words,
                url=lambda: reverse(queue, query={"view": "news"}),
            )
        )


def waiting_words(number):
    """Return the sentence that tells staff how many requests wait for the clinic."""
    return ngettext("%(number)d request waits for the clinic.", "%(number)d requests wait for the clinic.", number) % {
        "number": number
    }


def held_words(number):
    """Return the sentence that tells staff how many requests are held until somebody says whether they are spam."""
    return ngettext(
        "%(number)d request is held as spam. Look whether a person wrote it.",
        "%(number)d requests are held as spam. Look whether people wrote them.",
        number,
    ) % {"number": number}


def above_number_words(number):
    """Return the sentence that tells managers how many requests came above the daily number."""
    return ngettext(
        "%(number)d request came above your daily number, and is held.",
        "%(number)d requests came above your daily number, and are held.",
        number,
    ) % {"number": number}


def closed_words(number):
    """Return the sentence that tells managers that patients find the form closed."""
    return _("The form for requests is closed.")


def calling_words(number):
    """Return the sentence that tells staff how many patients wait for a call."""
    return ngettext("%(number)d patient is to be called.", "%(number)d patients are to be called.", number) % {
        "number": number
    }


def news_words(number):
    """Return the sentence that tells staff how many patients did something while it was not the clinic's turn."""
    return ngettext(
        "%(number)d patient chose a time, cancelled or wrote more. Read it.",
        "%(number)d patients chose a time, cancelled or wrote more. Read it.",
        number,
    ) % {"number": number}

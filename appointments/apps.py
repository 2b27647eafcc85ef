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
        from appointments import (
            alerts,
            demonstration,
            demonstration_replies,
            demonstration_watch,
            earlier_times,
            practice,
            presence,
            public_promise,
            reminders,
            who_read,
            workflow,
        )
        from appointments.models import AlertPerson, AppointmentRequest, FormClosure, HeldBecause, Status
        from clinic import demo, diagrams, hours, limits, status
        from clinic.models import ClinicProfile
        from outbox import chores, readers, staff_mail

        queue = "admin:appointments_appointmentrequest_changelist"
        demo.register("saved replies", demonstration_replies.load)
        demo.register("requests", demonstration.load)
        demo.register("watch", demonstration_watch.load)
        hours.on_change(workflow.recompute_due)
        status.register("queue", presence.queue_trouble)
        chores.register("send links that were asked for", workflow.send_links_asked_for)
        chores.register("remind patients", reminders.remind)
        chores.register("tell what cannot wait", alerts.tell_what_cannot_wait)
        chores.register("reckon promise", public_promise.reckon)
        chores.register("forget counts", limits.forget_old)
        chores.register("forget erased forms", workflow.forget_erased_forms)
        chores.register("forget last moves", workflow.forget_last_moves)
        chores.register("forget practice", practice.forget_old)
        readers.register(
            AppointmentRequest._meta.label_lower,
            lambda user: AppointmentRequest.of_every_kind.visible_to(user) if user.location_ids else None,
        )
        staff_mail.register(AlertPerson._meta.label_lower)
        staff_mail.register(ClinicProfile._meta.label_lower)
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
                count=lambda user: (
                    AppointmentRequest.objects.visible_to(user).trusted().waiting_for_clinic().not_snoozed().count()
                ),
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
        desk.register(
            desk.Task(
                permission="appointments.add_alertperson",
                count=lambda user: 0 if alerts.people_to_tell() else 1,
                words=nobody_told_words,
                url=lambda: reverse("admin:appointments_alertperson_changelist"),
            )
        )
        desk.register(
            desk.Task(
                permission="appointments.view_appointmentrequest",
                count=lambda user: who_read.number_to_tell(AppointmentRequest.objects.visible_to(user)),
                words=who_read_words,
                url=lambda: reverse("admin:appointments_appointmentrequest_who_read"),
            )
        )
        desk.register(
            desk.Task(
                permission="appointments.view_appointmentrequest",
                count=lambda user: earlier_times.number_wanted(AppointmentRequest.objects.visible_to(user)),
                words=freed_words,
                url=lambda: reverse("admin:appointments_appointmentrequest_freed"),
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


def nobody_told_words(number):
    """Return the sentence that tells managers that what cannot wait is told to nobody."""
    return _("Nobody is told by email when a request cannot wait. Choose who is.")


def who_read_words(number):
    """Return the sentence that tells staff how many patients read a warning that has changed since."""
    return ngettext(
        "%(number)d patient read a warning that has changed since.",
        "%(number)d patients read a warning that has changed since.",
        number,
    ) % {"number": number}


def freed_words(number):
    """Return the sentence that tells staff how many times came free for which somebody waits."""
    return ngettext(
        "%(number)d time came free for which somebody waits.",
        "%(number)d times came free for which somebody waits.",
        number,
    ) % {"number": number}

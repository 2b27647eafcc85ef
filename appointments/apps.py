"""Names the room for Django and fills in its parts of the registers."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


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
            desk_lines,
            erasing,
            name_rotation,
            page_links,
            practice,
            presence,
            public_promise,
            reminders,
            retention,
            workflow,
        )
        from appointments.auditing import REQUESTS, WORDS
        from appointments.models import AlertPerson, AppointmentRequest, Status
        from audit import event_words, finding
        from clinic import demo, diagrams, erasure, hours, key_rotation, keys, limits, status
        from clinic.models import ClinicProfile
        from outbox import chores, readers, staff_mail
        from procedures import references

        event_words.register(WORDS)
        finding.register(REQUESTS)
        demo.register("saved replies", demonstration_replies.load)
        demo.register("requests", demonstration.load)
        demo.register("watch", demonstration_watch.load)
        hours.on_change(workflow.recompute_due)
        key_rotation.register(name_rotation.NameTokens())
        status.register("queue", presence.queue_trouble)
        chores.register("send links that were asked for", workflow.send_links_asked_for)
        chores.register("remind patients", reminders.remind)
        chores.register("tell what cannot wait", alerts.tell_what_cannot_wait)
        chores.register("reckon promise", public_promise.reckon)
        chores.register("note the key in use", keys.note_newest)
        chores.register("forget counts", limits.forget_old)
        chores.register("forget erased forms", workflow.forget_erased_forms)
        chores.register("forget last moves", workflow.forget_last_moves)
        chores.register("forget practice", practice.forget_old)
        references.register(_("Saved replies and messages"), page_links.texts_that_lead_to)
        for place in erasing.PLACES:
            erasure.register(place)
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
        retention.fill_register()
        for task in desk_lines.TASKS:
            desk.register(task)

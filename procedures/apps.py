"""Names the room for Django and fills in its parts of the registers."""

from django.apps import AppConfig
from django.urls import reverse
from django.utils.module_loading import import_string
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from accounts import desk


class ProceduresConfig(AppConfig):
    """What the clinic offers."""

    name = "procedures"
    verbose_name = _("Pages")

    def ready(self):
        from audit import event_words
        from clinic import demo, diagrams, erasure, key_rotation, status
        from outbox import chores, readers, staff_mail
        from procedures import demonstration_content, feedback, leaflets, publishing, reminders, retention, search
        from procedures.event_words import WORDS
        from procedures.models import (
            ConditionPage,
            ConditionVersion,
            Feedback,
            MissedSearch,
            ProcedurePage,
            ProcedureVersion,
            ReviewInvitation,
            State,
        )

        demo.register("pages", demonstration_content.load)
        event_words.register(WORDS)
        erasure.spare("procedures.feedback", because="Readers give no name; whoever wrote one is found by reading.")
        erasure.spare("procedures.missedsearch", because="It tells what many looked for, and nobody who did.")
        for kind in ("procedure", "condition"):
            erasure.spare(f"procedures.{kind}comment", because="Clinicians sign what they say; it is about a page.")
        erasure.spare(
            ReviewInvitation._meta.label_lower, because="A clinician’s address is forgotten when their link is over."
        )
        # The code in them approves a page: nobody of the staff reads it.
        readers.register(ReviewInvitation._meta.label_lower, lambda user: ReviewInvitation.objects.none())
        staff_mail.register(ReviewInvitation._meta.label_lower)
        key_rotation.register(search.KeptMisses())
        chores.register("forget searches", search.forget_misses)
        chores.register("forget feedback", feedback.forget_old)
        retention.fill_register()
        chores.register("publish what is due", publishing.publish_due)
        chores.register("remind of reviews", reminders.remind)
        chores.register("make leaflets", leaflets.make_due)
        status.register("schedules", publishing.schedule_trouble)
        for version in (ProcedureVersion, ConditionVersion):
            staff_mail.register(version._meta.label_lower)
        desk.register(
            desk.Task(
                permission=feedback.CLOSE,
                count=lambda user: Feedback.objects.visible_to(user).open().count(),
                words=feedback_words,
                url=lambda: f"{reverse('admin:procedures_feedback_changelist')}?state=open",
            )
        )
        desk.register(
            desk.Task(
                permission="procedures.delete_missedsearch",
                count=lambda user: MissedSearch.objects.visible_to(user).worth_reading().count(),
                words=missed_words,
                url=lambda: reverse("admin:procedures_missedsearch_changelist"),
            )
        )
        diagrams.register(
            diagrams.Diagram(
                name="page-states",
                heading="How a version of a page moves",
                sentence="Drawn from `MOVES` in `procedures/publishing/table.py`.",
                states=lambda: dict(State.choices),
                arrows=publishing.state_arrows,
            )
        )
        for name, (route, module) in SCREENS.items():
            desk.register_screen(name, route, _screen(f"procedures.admin.{module}.{name}"))
        desk.register(
            desk.Task(
                permission=publishing.PUBLISH,
                count=lambda user: sum(
                    model.objects.visible_to(user).missed().count() for model in (ProcedureVersion, ConditionVersion)
                ),
                words=missed_times_words,
                url=lambda: f"{reverse('admin:editorial_desk')}#missed",
            )
        )
        desk.register(_overdue(ProcedurePage, procedures_overdue))
        desk.register(_overdue(ConditionPage, conditions_overdue))


# Screens of pages of both kinds: the name of each, which its view has too, where it stands, and in which file.
SCREENS = {
    "editorial_desk": ("desk/", "desk"),
    "facts": ("procedures/facts/", "ledger"),
    "fact": ("procedures/facts/one/", "ledger"),
    "languages": ("procedures/languages/", "languages"),
    "language_pair": ("procedures/languages/<slug:kind>/<int:pk>/", "languages"),
}


def _screen(view):
    """Return a screen by the path of its view; screens need the models, which are not loaded yet when this file is."""

    def show(request, **options):
        return import_string(view)(request, **options)

    return show


def missed_times_words(number):
    """Return the sentence that tells managers what was not published at its time."""
    return ngettext(
        "%(number)d version of a page was not published at its time.",
        "%(number)d versions of pages were not published at their time.",
        number,
    ) % {"number": number}


def _overdue(model, words):
    """Return the task to check again the pages of a kind that are past their review date."""
    name = model._meta.model_name
    return desk.Task(
        permission=f"procedures.view_{name}",
        count=lambda user: model.objects.visible_to(user).overdue().count(),
        words=words,
        url=lambda: f"{reverse(f'admin:procedures_{name}_changelist')}?review=overdue",
    )


def procedures_overdue(number):
    """Return the sentence that tells staff how many pages about procedures are past their review date."""
    return ngettext(
        "%(number)d page about a procedure is past its review date.",
        "%(number)d pages about procedures are past their review date.",
        number,
    ) % {"number": number}


def conditions_overdue(number):
    """Return the sentence that tells staff how many pages about conditions are past their review date."""
    return ngettext(
        "%(number)d page about a condition is past its review date.",
        "%(number)d pages about conditions are past their review date.",
        number,
    ) % {"number": number}


def feedback_words(number):
    """Return the sentence that tells editors how many answers of readers wait for them."""
    return ngettext(
        "%(number)d answer about a page waits for you.",
        "%(number)d answers about pages wait for you.",
        number,
    ) % {"number": number}


def missed_words(number):
    """Return the sentence that tells editors how many searches found no page."""
    return ngettext(
        "Patients looked for %(number)d thing that no page answers.",
        "Patients looked for %(number)d things that no page answers.",
        number,
    ) % {"number": number}

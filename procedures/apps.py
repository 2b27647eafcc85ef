"""Names the room for Django and fills in its parts of the registers."""

from django.apps import AppConfig
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext


class ProceduresConfig(AppConfig):
    """What the clinic offers."""

    name = "procedures"
    verbose_name = _("Pages")

    def ready(self):
        from accounts import desk
        from clinic import demo, diagrams
        from outbox import chores
        from procedures import demonstration_content, publishing, search
        from procedures.models import MissedSearch, State

        demo.register("pages", demonstration_content.load)
        chores.register("forget searches", search.forget_misses)
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
                sentence="Drawn from `MOVES` in `procedures/publishing.py`.",
                states=lambda: dict(State.choices),
                arrows=publishing.state_arrows,
            )
        )


def missed_words(number):
    """Return the sentence that tells editors how many searches found no page."""
    return ngettext(
        "Patients looked for %(number)d thing that no page answers.",
        "Patients looked for %(number)d things that no page answers.",
        number,
    ) % {"number": number}

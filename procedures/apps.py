"""Names the room for Django and fills in its parts of the registers."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ProceduresConfig(AppConfig):
    """What the clinic offers."""

    name = "procedures"
    verbose_name = _("Pages")

    def ready(self):
        from clinic import demo, diagrams
        from procedures import demonstration_content, publishing
        from procedures.models import State

        demo.register("pages", demonstration_content.load)
        diagrams.register(
            diagrams.Diagram(
                name="page-states",
                heading="How a version of a page moves",
                sentence="Drawn from `MOVES` in `procedures/publishing.py`.",
                states=lambda: dict(State.choices),
                arrows=publishing.state_arrows,
            )
        )

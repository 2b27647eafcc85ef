"""Names the room for Django and fills in its parts of the registers."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class OutboxConfig(AppConfig):
    """Messages waiting to be sent."""

    name = "outbox"
    verbose_name = _("Outbox")

    def ready(self):
        from audit import chain, event_words
        from clinic import erasure, purging, rescan, status
        from outbox import chores, erasing, sender

        status.register("sender", sender.sender_trouble)
        status.register("oldest unsent message", sender.unsent_trouble)
        chores.register("link audit", chain.link)
        chores.register("purge", purging.do_at_night)
        chores.register("write erasures outside", erasure.write_outside)
        chores.register("look for who was erased", rescan.look_on_for_a_while)
        erasure.register(erasing.PLACE)
        event_words.register({"message.tried_again": _("Had a message tried again")})

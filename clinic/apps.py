"""Names the room for Django and fills in its parts of the registers."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ClinicConfig(AppConfig):
    """Who and where the clinic is."""

    name = "clinic"
    verbose_name = _("Clinic")

    def ready(self):
        from audit import chain, event_words
        from clinic import checks, demo, demonstration, erasure, own_retention, purging, status  # noqa: F401
        from clinic.encryption import cipher
        from clinic.event_words import WORDS
        from clinic.models import profile_trouble

        # A key that cannot encrypt stops the start of every process, not only of those that run checks.
        cipher()
        status.register("disk", status.disk_trouble)
        status.register("audit", chain.trouble)
        status.register("clinic profile", profile_trouble)
        status.register("purge", purging.trouble)
        own_retention.fill_register()
        demo.register("clinic", demonstration.load)
        event_words.register(WORDS)
        erasure.spare("clinic.clinician", because="A clinician's name is public, and is no patient's.", is_read=False)
        erasure.spare("clinic.erasure", because="It forgets the marks by itself once it has looked.", is_read=False)
        erasure.spare("clinic.erasedreference", because="Its keys lead back to nobody.", is_read=False)

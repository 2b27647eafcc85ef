"""Names the room for Django, and puts our admin site in the place of Django's own."""

from django.apps import AppConfig
from django.contrib.admin import apps as admin_apps
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext


class AccountsConfig(AppConfig):
    """Who the staff are."""

    name = "accounts"
    verbose_name = _("Staff")

    def ready(self):
        from accounts import demonstration, desk, log_in
        from clinic import demo
        from outbox.models import Message

        demo.register("staff", demonstration.load)
        log_in.listen()
        desk.register(
            desk.Task(
                permission="outbox.view_message",
                count=lambda user: Message.objects.visible_to(user).undeliverable().count(),
                words=undeliverable_words,
                url=lambda: f"{reverse('admin:outbox_message_changelist')}?state__exact=undeliverable",
            )
        )


def undeliverable_words(number):
    """Return the sentence that tells staff of messages that were given up."""
    return ngettext(
        "%(number)d message could not be sent: telephone the patient.",
        "%(number)d messages could not be sent: telephone the patients.",
        number,
    ) % {"number": number}


class ClinicAdminConfig(admin_apps.AdminConfig):
    """Django's admin with our site as the default one."""

    default = False
    default_site = "accounts.admin_site.ClinicAdminSite"

"""Names the room for Django, and puts our admin site in the place of Django's own."""

from django.apps import AppConfig
from django.contrib.admin import apps as admin_apps
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext


class AccountsConfig(AppConfig):
    """Who the staff are."""

    name = "accounts"
    verbose_name = _("Accounts")

    def ready(self):
        from accounts import demonstration, desk, emergency, log_in, much_tried, retention, sessions, throttle
        from accounts.event_words import WORDS
        from accounts.models import EmergencyAccess, User
        from accounts.roles import CHANGE_STAFF
        from audit import event_words
        from clinic import demo, erasure, status
        from outbox import chores, staff_mail
        from outbox.models import Message

        demo.register("staff", demonstration.load)
        log_in.listen()
        status.register("emergency", emergency.trouble)
        chores.register("forget sessions", sessions.forget_old)
        chores.register("forget tries to log in", throttle.forget_old)
        chores.register("tell of tries to log in", much_tried.tell)
        staff_mail.register(User._meta.label_lower)
        staff_mail.register(EmergencyAccess._meta.label_lower)
        desk.register(
            desk.Task(
                permission=CHANGE_STAFF,
                count=lambda user: EmergencyAccess.objects.unread().exclude(user=user).count(),
                words=emergency_words,
                url=lambda: reverse("admin:emergency"),
            )
        )
        retention.fill_register()
        erasure.spare("accounts.user", because="Staff are no patients, and keep their names.", is_read=False)
        erasure.spare("accounts.authenticator", because="It belongs to a member of staff.", is_read=False)
        erasure.spare("accounts.login", because="It belongs to a member of staff.", is_read=False)
        erasure.spare("accounts.logintries", because="Its keys lead back to nobody.", is_read=False)
        erasure.spare("accounts.emergencyaccess", because="Staff wrote why the account was opened; it is read.")
        event_words.register(WORDS)
        desk.register(
            desk.Task(
                permission="outbox.view_message",
                count=lambda user: Message.objects.visible_to(user).undeliverable().to_patients().count(),
                words=undeliverable_words,
                url=undeliverable_url,
            )
        )
        desk.register(
            desk.Task(
                permission="outbox.view_message",
                count=lambda user: Message.objects.visible_to(user).undeliverable().to_staff().count(),
                words=unheard_staff_words,
                url=undeliverable_url,
            )
        )


def emergency_words(number):
    """Return the sentence that reminds managers of what nobody has read."""
    return ngettext(
        "The emergency account was used, and no manager has read what was done.",
        "The emergency account was used %(number)d times, and no manager has read what was done.",
        number,
    ) % {"number": number}


def undeliverable_words(number):
    """Return the sentence that tells staff of messages that were given up."""
    return ngettext(
        "%(number)d message could not be sent: telephone the patient.",
        "%(number)d messages could not be sent: telephone the patients.",
        number,
    ) % {"number": number}


def unheard_staff_words(number):
    """Return the sentence that tells staff of messages to colleagues that were given up."""
    return ngettext(
        "%(number)d message to staff could not be sent: tell them, and check the address.",
        "%(number)d messages to staff could not be sent: tell them, and check the addresses.",
        number,
    ) % {"number": number}


def undeliverable_url():
    """Return the address of the messages that were given up."""
    return reverse("admin:outbox_message_changelist", query={"state__exact": "undeliverable"})


class ClinicAdminConfig(admin_apps.AdminConfig):
    """Django's admin with our site as the default one."""

    default = False
    default_site = "accounts.admin_site.ClinicAdminSite"

"""Letters about private links to a version: the link, the code that approving asks for, and that it was approved."""

from django.conf import settings
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.formats import date_format
from django.utils.translation import gettext

from accounts import telling
from accounts.models import User
from clinic.models import ClinicProfile
from outbox.models import Message
from procedures.publishing.table import PUBLISH


def send_link(invitation, *, token):
    """Write the letter that holds the private link, in the language of the page. The token stands nowhere else."""

    def words(clinic, page):
        subject = gettext("Please check a page of %(clinic)s") % {"clinic": clinic}
        text = gettext(
            "%(clinician)s,\n\n%(clinic)s asks you to check the page “%(page)s” before patients read it. Read it, "
            "comment on it and approve it here, until %(day)s:\n\n%(address)s\n\nWhoever has this address can read the "
            "page and comment on it. To approve it, you need a code that we send to this email address alone.\n\n"
            "If you do not know what this is about, call us: %(telephone)s"
        )
        return subject, text % {
            "clinician": invitation.clinician,
            "clinic": clinic,
            "page": page,
            "day": date_format(timezone.localtime(invitation.expires_at), "DATE_FORMAT"),
            "address": f"{settings.SITE_URL}{reverse('procedures:review', args=[token])}",
            "telephone": clinic.telephone,
        }

    _write(invitation, "review_link", words)


def send_code(invitation, *, code):
    """Write the letter that holds the code."""

    def words(clinic, page):
        subject = gettext("Your code to approve a page")
        text = gettext(
            "Your code: %(code)s\n\nType it on the page where you asked for it, within 10 minutes. With it you "
            "approve the page “%(page)s” of %(clinic)s as you read it there, under your name and registration. Give it "
            "to nobody.\n\nIf you did not ask for it, call us: %(telephone)s"
        )
        return subject, text % {"code": code, "page": page, "clinic": clinic, "telephone": clinic.telephone}

    _write(invitation, "review_code", words)


def tell_of_approval(invitation):
    """Tell the manager who sent the link that the version was approved by it; all managers when that one has left."""
    made_by = invitation.made_by
    for user in [made_by] if made_by.is_active else User.objects.who_may(PUBLISH):
        telling.tell(user, "approved_by_link", about=invitation, words=lambda: _approved_words(invitation))


def _approved_words(invitation):
    version = invitation.version
    subject = gettext("%(page)s: approved by private link") % {"page": version.page}
    text = gettext(
        "%(clinician)s approved version %(number)d of this page by private link. You can publish it.\n\n%(address)s"
    )
    name = f"admin:procedures_{version._meta.model_name}_change"
    return subject, text % {
        "clinician": invitation.clinician,
        "number": version.number,
        "address": f"{settings.SITE_URL}{reverse(name, args=[version.pk])}",
    }


def _write(invitation, purpose, words):
    version, clinic = invitation.version, ClinicProfile.current()
    with translation.override(version.language):
        subject, text = words(clinic, version.plain_name or version.page.slug)
    Message.write(
        purpose,
        about=invitation,
        recipient=invitation.email,
        language=version.language,
        # A line break in a name would begin another header.
        subject=" ".join(subject.split()),
        text=text,
        sender_name=" ".join(str(clinic).split())[:80],
    )

"""Writes to staff about pages: what waits for them, and what came of what they wrote. Nothing in it is of patients.

Each message stands in the transaction of its cause. Nobody is told of what they did themselves, nor of what a command
did that nobody asked for; whoever left, or lost the role, is passed over.
"""

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext

from accounts import telling
from accounts.models import User
from audit.actors import STAFF
from clinic.models import ClinicProfile
from procedures.publishing.table import EDIT, PUBLISH, SIGN_OFF


def sent_for_review(version, *, by):
    """Tell reviewers that a page waits for them; its authors cannot sign it off."""

    def words():
        return _worded(
            gettext("%(clinic)s: a page waits for review"),
            gettext("%(page)s was sent for review. A reviewer who wrote no part of it can sign it off."),
            [version],
        )

    _tell(_who_may(SIGN_OFF, by).exclude(pk__in=version.authors.all()), "page_to_review", version, words)


def signed_off(version, *, by):
    """Tell those who publish that a page can go before patients."""

    def words():
        return _worded(
            gettext("%(clinic)s: a page can be published"),
            gettext("%(page)s is signed off. Publish it, or set a time for it."),
            [version],
        )

    _tell(_who_may(PUBLISH, by), "page_to_publish", version, words)


def changes_asked(version, *, by):
    """Tell its authors that a page came back; what is asked for is read there."""

    def words():
        return _worded(
            gettext("%(clinic)s: changes to a page are asked for"),
            gettext("%(page)s is a draft again. What should change stands above it."),
            [version],
        )

    _tell(_authors([version], by), "page_changes_asked", version, words)


def signature_voided(version, *, signer, by):
    """Tell whoever signed a version off, and those who publish, that it was changed and waits for a review again."""

    def words():
        return _worded(
            gettext("%(clinic)s: a sign-off is void"),
            gettext(
                "%(page)s was signed off, and something clinical in it was changed since. It is a draft again, and "
                "goes to review again before it can be published. What patients read is as it was."
            ),
            [version],
        )

    people = _who_may(PUBLISH, by)
    if signer is not None and signer.is_active and signer.pk != by.id:
        people = people | User.objects.filter(pk=signer.pk)
    _tell(people.distinct(), "signature_voided", version, words)


def published(versions, *, by):
    """Tell their authors that patients read them now."""

    def words():
        return _worded(
            gettext("%(clinic)s: a page is on the site"),
            gettext("On the site since now, with your words in it: %(page)s."),
            versions,
        )

    _tell(_authors(versions, by), "page_published", versions[0], words)


def schedule_refused(versions):
    """Tell those who publish that something was not published at its time, and why."""

    def words():
        refusal = type(versions[0]).objects.get(pk=versions[0].pk).publish_refusal
        return _worded(
            gettext("%(clinic)s: a page was not published at its time"),
            gettext("%(page)s should be on the site now, and is not.")
            + f"\n\n{refusal}\n\n".replace("%", "%%")
            + gettext("Set another time, publish it yourself, or ask for changes."),
            versions,
        )

    _tell(User.objects.who_may(PUBLISH), "page_not_published", versions[0], words)


def _who_may(permission, by):
    """Return whom to tell of what `by` did: nobody, where that was a command that nobody asked for."""
    people = User.objects.who_may(permission)
    return people.exclude(pk=by.id) if by.kind == STAFF or by.id else people.none()


def _authors(versions, by):
    authors = {pk for version in versions for pk in version.authors.values_list("pk", flat=True)}
    return _who_may(EDIT, by).filter(pk__in=authors)


def _tell(people, purpose, about, words):
    for user in people:
        telling.tell(user, purpose, about=about, words=words)


def _worded(subject, text, versions):
    """Return subject and text with the names of the pages and the address of the first in them."""
    first = versions[0]
    address = reverse(f"admin:{first._meta.app_label}_{first._meta.model_name}_change", args=[first.pk])
    names = ", ".join(f"“{version.plain_name}” ({version.page.get_language_display()})" for version in versions)
    clinic = {"clinic": ClinicProfile.current().name}
    return subject % clinic, f"{text % {'page': names}}\n\n{settings.SITE_URL}{address}"

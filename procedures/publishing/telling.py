"""Letters to staff about a page: who signed it off, and who publishes, hear of what they would not see."""

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext

from accounts import telling
from accounts.models import User
from audit.actors import STAFF
from procedures.publishing.table import PUBLISH


def tell_of_void_signature(version, *, signer, by):
    """Tell whoever signed a version off, and the managers, that it was changed and waits for a review again.

    `by`, who changed it, was told on the screen.
    """
    people = {user.pk: user for user in (*User.objects.who_may(PUBLISH), *([signer] if signer else ()))}
    for user in people.values():
        if user.is_active and not (by.kind == STAFF and user.pk == by.id):
            telling.tell(user, "signature_voided", about=version, words=lambda: _void_words(version))


def _void_words(version):
    subject = gettext("%(page)s: a sign-off is void") % {"page": version.page}
    text = gettext(
        "Version %(number)d of this page was signed off, and something clinical in it was changed since. "
        "It is a draft again, and goes to review again before it can be published. What patients read is as it was.\n\n"
        "%(address)s"
    ) % {"number": version.number, "address": _address_of(version)}
    return subject, text


def _address_of(version):
    return f"{settings.SITE_URL}{reverse(f'admin:procedures_{version._meta.model_name}_change', args=[version.pk])}"

"""The private links of a request as the sheet shows them, each with a button that ends it."""

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from appointments.models import TrackingLink
from appointments.wording import WORDINGS

REVOKED = _("The link is revoked. It opens nothing any more.")


def link_lines(asked):
    """Return the private links that show a request, for the template, newest first (1 query)."""
    return [
        {
            "pk": link.pk,
            "made_for": in_words(link.made_for),
            "made_at": link.made_at,
            "expires_at": link.expires_at,
            "revoked_at": link.revoked_at,
            "is_open": link.is_open,
        }
        for link in TrackingLink.objects.opening(asked).order_by("-pk")
    ]


def in_words(made_for):
    """Return what a link was made for: the page after sending, or a message."""
    kind, _colon, purpose = made_for.partition(":")
    if kind == "message" and purpose in WORDINGS:
        return gettext("Message: %(purpose)s") % {"purpose": WORDINGS[purpose].label}
    return gettext("The page after sending") if kind == "form" else made_for

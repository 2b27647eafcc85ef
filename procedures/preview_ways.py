"""How a version can be looked at before patients do: in frames of certain sizes."""

from django.utils.translation import gettext_lazy as _

# How a version can be looked at: what it is called, and the width and height of the frame in pixels.
WAYS = {
    "phone": (_("As on a phone"), 390, 760),
    "wide": (_("As on a wide screen"), 1280, 800),
    # A sheet of A4, 96 pixels an inch.
    "print": (_("As printed"), 794, 1123),
}

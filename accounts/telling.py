"""Writes to a member of staff about their account, in the language of the site."""

from django.conf import settings
from django.utils import translation

from outbox.models import Message


def tell(user, purpose, *, about, words):
    """Put a message to a member of staff into the outbox, in the transaction of its cause; return it.

    `words` is a function that returns subject and text; it is asked in the language in which staff are written to.
    None is returned, and nothing written, for somebody without an address.
    """
    if not user.email:
        return None
    with translation.override(settings.LANGUAGE_CODE):
        subject, text = words()
        return Message.write(
            purpose,
            about=about,
            recipient=user.email,
            language=settings.LANGUAGE_CODE,
            subject=str(subject),
            text=str(text),
        )

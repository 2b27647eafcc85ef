"""What a password may be: any signs, spaces included, 12 to 256 of them, and nothing that is guessed first.

How long it is at least stands in the settings. What a password must be made of is asked of nobody (NIST SP 800-63B-4,
3.1.1.2).
"""

from pathlib import Path

from django.contrib.auth.password_validation import CommonPasswordValidator
from django.core.exceptions import ValidationError
from django.utils.translation import gettext, ngettext

from accounts.breached import is_breached, letters_of
from clinic.models import ClinicProfile

# Hashing reads it all, and is slow on purpose: a longer text is refused before it gets there.
LONGEST = 256
FEWEST_SIGNS = 5
# A day or a telephone number is shorter.
WITHOUT_LETTERS = 18
# What people who work here, or speak Spanish, put into a password first. Without accents, in small letters.
WORDS = set((Path(__file__).parent / "guessed_words.txt").read_text().split())


def is_plain(password):
    """Say whether a password is few signs again and again, or a number that is not long."""
    is_number = not letters_of(password) and len(password) < WITHOUT_LETTERS
    return len(set(password)) < FEWEST_SIGNS or is_number


def is_made_of(text, words):
    """Say whether a text is nothing but some of these words, one after the other."""
    reached = {0}
    for start in range(len(text)):
        if start in reached:
            reached |= {start + len(word) for word in words if word and text.startswith(word, start)}
    return len(text) in reached


class NotGuessed(CommonPasswordValidator):
    """Refuses what is tried first: common and breached passwords, also with digits around them.

    So too what is made of the clinic's name, the person's own names and words of every clinic, and of few signs alone.
    """

    def validate(self, password, user=None):
        """Raise ValidationError for a password that is guessed early."""
        super().validate(password, user)
        letters = letters_of(password)
        known = WORDS | self.names_of(user)
        is_common = letters in self.passwords or (letters and is_made_of(letters, known))
        # A text that is far too long is refused for that, and is not read through here.
        if is_plain(password) or is_common or (len(password) <= LONGEST and is_breached(password)):
            raise ValidationError(self.get_error_message(), code="password_too_common")

    def names_of(self, user):
        """Return the words of the clinic's name, and of the person's."""
        names = [ClinicProfile.current().name]
        if user is not None:
            names += [user.username, user.first_name, user.last_name, user.email.partition("@")[0]]
        words = {letters_of(word) for name in names for word in name.split()}
        return words | {letters_of(name) for name in names}

    def get_error_message(self):
        """Return why it is refused, and what is better."""
        return gettext("This password is guessed early. Choose words that have nothing to do with you or the clinic.")

    def get_help_text(self):
        """Return what to know before typing."""
        return gettext(
            "Some words that have nothing to do with you or the clinic are good: spaces and all signs are allowed."
        )


class NotTooLong:
    """Refuses a password that takes too long to read."""

    def validate(self, password, user=None):
        """Raise ValidationError for a password of more than LONGEST signs."""
        if len(password) > LONGEST:
            raise ValidationError(self.get_help_text(), code="password_too_long")

    def get_help_text(self):
        """Return what to know before typing."""
        return ngettext("It may have up to %(number)d sign.", "It may have up to %(number)d signs.", LONGEST) % {
            "number": LONGEST
        }

"""The keyed index of names: what leads reception from a few letters of a name to the requests that may bear it."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from appointments.name_words import beginning_of, words_of
from clinic.encryption import index_candidates, index_of

# Whoever finds two requests under one token looks at the names themselves, so a part of the index is enough.
LENGTH = 32
WORD, BEGINNING = "name word", "name beginning"


class NameToken(models.Model):
    """A word of the name of a request's patient, or of who asks for them, or its beginning; neither can be read.

    `AppointmentRequest.save` writes them with the name, in one transaction.
    """

    personal_data = {"token": "A keyed index of a word of a name, which leads back to nobody without the key."}  # nosec B105  # no password

    request = models.ForeignKey("AppointmentRequest", on_delete=models.CASCADE, related_name="name_tokens")
    token = models.CharField(max_length=LENGTH, editable=False)

    class Meta:
        verbose_name = _("mark of a name, for the search")
        verbose_name_plural = _("marks of names, for the search")
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["token", "request"], name="name_token_once_a_request")]

    def __str__(self):
        return str(self.request_id)


def tokens_of(*names):
    """Return the set of tokens of a request with these names, under the newest key."""
    words = set().union(*map(words_of, names))
    begun = {beginning_of(word) for word in words} - {""}
    found = {index_of(word, WORD) for word in words} | {index_of(each, BEGINNING) for each in begun}
    return {token[:LENGTH] for token in found}


def tokens_of_word(word):
    """Return the tokens that a word may have as a whole, one a key."""
    return [token[:LENGTH] for token in index_candidates(word, WORD)]


def tokens_of_beginning(word):
    """Return the tokens of all words that may begin with this one; as a whole, where it is too short to begin one."""
    begun = beginning_of(word)
    return [token[:LENGTH] for token in index_candidates(begun, BEGINNING)] if begun else tokens_of_word(word)


def names_in(full_name, helper):
    """Return the names that a request is found by: the patient's, and that of who asks for them."""
    return full_name or "", (helper or {}).get("full_name") or ""


def write_name_tokens(request, *, is_new=False):
    """Let the tokens of a request, inside the caller's transaction, be those of the names it has now."""
    wanted = tokens_of(*names_in(request.full_name, request.helper))
    known = set() if is_new else set(request.name_tokens.values_list("token", flat=True))
    if known - wanted:
        request.name_tokens.filter(token__in=known - wanted).delete()
    new = [NameToken(request=request, token=token) for token in sorted(wanted - known)]
    NameToken.objects.bulk_create(new, ignore_conflicts=True)

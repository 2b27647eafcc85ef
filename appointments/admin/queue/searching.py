"""Searching: what is typed may name a person, so it travels sealed and never stands in an address in clear.

Names are encrypted: tokens of their words lead to the requests that may bear one, and the names of those are opened.
"""

from django.db.models import Exists, OuterRef, TextField
from django.db.models.functions import Cast

from appointments.models import AppointmentRequest, NameToken
from appointments.models.name_tokens import names_in, tokens_of_beginning, tokens_of_word
from appointments.name_words import fits, same_words, words_of
from appointments.references import read_reference
from clinic import erasure
from clinic.cipher import NotOurs, cipher
from clinic.encryption import Unreadable
from clinic.telephone import is_number, spellings

SEARCH_LENGTH = 254
# So many names are opened for one search, and so many of its words are asked of the database.
MOST_OPENED = 200
MOST_WORDS = 8
NAMES = ("full_name", "helper")


def sealed_search(typed):
    """Return what stands in the address for a search: a reference as it is, anything else sealed; "" for nothing."""
    typed = typed.strip()[:SEARCH_LENGTH]
    return read_reference(typed) or (cipher("search").seal(typed.encode()) if typed else "")


def opened_search(sealed):
    """Return what was typed, from what stands in the address; a text that we did not seal is taken as typed."""
    try:
        return cipher("search").open(sealed).decode()
    except NotOurs:
        return sealed.strip()[:SEARCH_LENGTH]


def found_by(requests, typed):
    """Return the requests that what was typed leads to, and whether there were too many names to look at them all.

    It may be a reference in any spelling, a whole email address, a telephone number in any format, or words of a name:
    each is one of the name's words, or begins one. At most 2 queries, both for a name.
    """
    if reference := read_reference(typed):
        return requests.filter(reference=reference), False
    if "@" in typed:
        return requests.filter(email_index__in=_candidates("email_index", typed)), False
    if is_number(typed):
        found = [index for number in spellings(typed) for index in _candidates("phone_index", number)]
        return requests.filter(phone_index__in=found), False
    return _named(requests, sorted(set(same_words(typed)), key=len, reverse=True))


def _candidates(name, typed):
    return AppointmentRequest._meta.get_field(name).candidates(typed)


def _named(requests, words):
    """Return the requests in whose names all these words stand, and whether more could than were looked at.

    Whole words come first: whoever typed a name in full must not miss it among all that begins so.
    """
    if not words:
        return requests.none(), False
    whole = _bearing(requests, [tokens_of_word(word) for word in words])
    opened = {row[0]: row[1:] for row in whole}
    if len(whole) <= MOST_OPENED:
        begun = _bearing(requests, [tokens_of_beginning(word) for word in words])
        opened |= {row[0]: row[1:] for row in begun}
    is_cut = len(opened) > MOST_OPENED
    looked_at = list(opened.items())[:MOST_OPENED]
    return requests.filter(pk__in=[pk for pk, sealed in looked_at if _fits(words, sealed)]), is_cut


def _bearing(requests, tokens):
    """Return (primary key, names as stored) of the newest requests that have one of each of these lists of tokens."""
    first, *others = tokens[:MOST_WORDS]
    rows = NameToken.objects.filter(token__in=first)
    for each in others:
        rows = rows.filter(Exists(NameToken.objects.filter(token__in=each, request=OuterRef("request"))))
    rows = rows.filter(Exists(requests.order_by().filter(pk=OuterRef("request"))))
    sealed = {f"sealed_{name}": Cast(f"request__{name}", TextField()) for name in NAMES}
    found = rows.annotate(**sealed).order_by("-request_id").values_list("request_id", *sealed)
    return list(found[: MOST_OPENED + 1])


def _fits(words, sealed):
    """Say whether the names, as stored, have all these words; what no key opens has none."""
    try:
        opened = (
            AppointmentRequest._meta.get_field(name).opened(text) for name, text in zip(NAMES, sealed, strict=True)
        )
        names = names_in(*opened)
    except Unreadable:
        return False
    return any(fits(words, words_of(name)) for name in names)


def erased_at(typed):
    """Return when the request whose reference was typed was erased (aware); None for anything else."""
    reference = read_reference(typed)
    return erasure.erased_at(reference) if reference else None


def kind_of_search(typed):
    """Return by what a search looked, in one word for the audit trail, which holds nothing that was typed."""
    if read_reference(typed):
        return "reference"
    if "@" in typed:
        return "email"
    return "telephone" if is_number(typed) else "name"

"""Searching: what is typed may name a person, so it travels sealed and never stands in an address in clear."""

from cryptography.fernet import InvalidToken

from appointments.models import AppointmentRequest
from appointments.references import read_reference
from clinic import erasure
from clinic.encryption import cipher

SEARCH_LENGTH = 254
FEWEST_DIGITS = 7


def sealed_search(typed):
    """Return what stands in the address for a search: a reference as it is, anything else sealed; "" for nothing."""
    typed = typed.strip()[:SEARCH_LENGTH]
    return read_reference(typed) or (cipher("search").encrypt(typed.encode()).decode() if typed else "")


def opened_search(sealed):
    """Return what was typed, from what stands in the address; a text that we did not seal is taken as typed."""
    try:
        return cipher("search").decrypt(sealed.encode()).decode()
    except InvalidToken:
        return sealed.strip()[:SEARCH_LENGTH]


def found_by(requests, typed):
    """Keep the requests that a reference (in any spelling), a whole email address or a telephone number leads to."""
    if reference := read_reference(typed):
        return requests.filter(reference=reference)
    if "@" in typed:
        return requests.filter(email_index__in=AppointmentRequest._meta.get_field("email_index").candidates(typed))
    if sum(sign.isdigit() for sign in typed) >= FEWEST_DIGITS:
        return requests.filter(phone_index__in=AppointmentRequest._meta.get_field("phone_index").candidates(typed))
    return requests.none()


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
    return "telephone" if sum(sign.isdigit() for sign in typed) >= FEWEST_DIGITS else "name"

"""How a command is told which person: by the reference of a request, and which others are theirs."""

from dataclasses import dataclass

from django.core.management.base import CommandError

from appointments.models import AppointmentRequest
from appointments.references import read_reference
from appointments.same_person import likely
from clinic import erasure


@dataclass(frozen=True)
class Chosen:
    """The requests of a person; those of them that nobody named; the Likely ones that are left; whether more are."""

    chosen: list
    unnamed: list
    left: list
    more: bool


def add_person_arguments(parser, *, optional=False):
    """Let a command take a reference, --also and --all; `optional` lets it do without."""
    parser.add_argument(
        "reference", metavar="REFERENCE", nargs="?" if optional else None, help="The reference of a request."
    )
    parser.add_argument(
        "--also",
        nargs="+",
        action="extend",
        default=[],
        metavar="REFERENCE",
        help="Other requests of the same person. What is joined with a request goes along by itself.",
    )
    parser.add_argument(
        "--all",
        action="store_true",
        dest="everyone",
        help="All requests with the same email address or telephone number: of a household, all its members.",
    )


def person_of(typed, *, also, everyone):
    """Return the Chosen requests. Raises CommandError for a reference that leads nowhere."""
    requests = [_request(each) for each in (typed, *also)]
    found, more = {}, False
    for request in requests:
        likely_ones, has_more = likely(request)
        more = more or has_more
        for each in likely_ones:
            if each.request.pk not in found or each.goes_along:
                found[each.request.pk] = each
    chosen = [each.request for each in found.values() if everyone or each.goes_along]
    named = {request.pk for request in requests}
    return Chosen(
        chosen=chosen,
        unnamed=[request for request in chosen if request.pk not in named],
        left=[each for each in found.values() if not everyone and not each.goes_along],
        more=more,
    )


def _request(typed):
    reference = read_reference(typed)
    # By key alone: what no key opens can be erased, too.
    found = AppointmentRequest.of_every_kind.not_heartbeat().filter(reference=reference or "").only("pk").first()
    if found is None and reference and erasure.erased_at(reference):
        raise CommandError("The request with this reference was erased.")
    if found is None:
        raise CommandError("There is no request with this reference.")
    return found

"""Whose requests may be one person's: those joined with each other, and others with the same way to reach them.

A household may share an address or a telephone, so that somebody has to say which are theirs.
"""

from dataclasses import dataclass

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from appointments.models import AppointmentRequest, normalise_email, normalise_phone
from clinic.encryption import Unreadable, each_readable

# A number of an office may stand in very many requests.
MOST_OTHERS = 100


class Because(models.TextChoices):
    """Why a request may be the same person's."""

    NAMED = "named", _("the one you chose")
    JOINED = "joined", _("joined with it")
    SAME_EMAIL = "same_email", _("same email address")
    SAME_PHONE = "same_phone", _("same telephone number")


@dataclass(frozen=True)
class Likely:
    """A request that may be the same person's, and why."""

    request: AppointmentRequest
    because: tuple

    @property
    def goes_along(self):
        """Whether it is theirs without anybody saying so: staff have joined them."""
        return not {Because.NAMED, Because.JOINED}.isdisjoint(self.because)

    @property
    def reasons(self):
        """Why it may be theirs, in words."""
        return ", ".join(str(each.label) for each in self.because)


def joined_with(keys):
    """Return the Q of requests that these primary keys name, and of all that are joined with them in either way."""
    leads = AppointmentRequest.of_every_kind.filter(pk__in=keys, merged_into__isnull=False).values("merged_into")
    roots = Q(pk__in=leads) | Q(merged_into__in=leads)
    return Q(pk__in=keys) | Q(merged_into__in=keys) | roots


def likely(request, *, rows=None):
    """Return the Likely ones of a request, itself first, then the newest first; and whether there are more.

    `rows` are those that may be looked at. The names and addresses that were told of it before count, too.
    """
    rows = AppointmentRequest.of_every_kind.not_heartbeat() if rows is None else rows
    own = each_readable(rows.filter(joined_with([request.pk])).order_by("-pk"))
    keys = {row.pk for row in own}
    emails, phones = _contacts(row for row in own if row.is_readable)
    same = Q(email_index__in=emails) | Q(phone_index__in=phones)
    others = each_readable(rows.filter(same).exclude(pk__in=keys).order_by("-pk")[: MOST_OTHERS + 1])
    found = [
        Likely(row, (Because.NAMED if row.pk == request.pk else Because.JOINED,))
        for row in sorted(own, key=lambda row: row.pk != request.pk)
    ]
    for row in others[:MOST_OTHERS]:
        because = []
        if row.email_index in emails:
            because.append(Because.SAME_EMAIL)
        if row.phone_index in phones:
            because.append(Because.SAME_PHONE)
        found.append(Likely(row, tuple(because)))
    return found, len(others) > MOST_OTHERS


def _contacts(requests):
    """Return the indexes, under every key, of the addresses and of the numbers that these requests ever told."""
    email, phone = (AppointmentRequest._meta.get_field(name) for name in ("email_index", "phone_index"))
    told = [each for request in requests for each in ever_told(request)]
    emails = {index for each in told for index in email.candidates(each.get("email") or "")}
    phones = {index for each in told for index in phone.candidates(each.get("phone") or "")}
    return emails, phones


def ever_told(request):
    """Return what a request said of who it is, now and before it was changed or joined: dictionaries of answers."""
    told = [{name: getattr(request, name) for name in ("full_name", "email", "phone")}]
    try:
        for amendment in request.amendments.all():
            told += [amendment.before or {}, amendment.after or {}]
        for made in request.merges_kept.all():
            told += [made.before.get("kept", {})] if made.before else []
    except Unreadable:
        # What no key opens tells nobody anything.
        pass
    return told


def marks_of(requests):
    """Return what the persons of these requests are known by, for `clinic.marks.Marks.of`; of what no key opens, the
    reference alone.
    """
    marks = {"names": [], "emails": [], "phones": [], "references": [request.reference for request in requests]}
    for request in requests:
        for told in ever_told(request) if request.is_readable else ():
            marks["names"].append((told.get("full_name") or "").strip())
            marks["emails"].append(normalise_email(told.get("email") or ""))
            marks["phones"] += [told.get("phone") or "", normalise_phone(told.get("phone") or "")]
    return marks

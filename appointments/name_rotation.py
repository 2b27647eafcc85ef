"""Brings the tokens of names under the newest key, and writes those that are missing: a part of `rotate_keys`."""

from collections import defaultdict

from appointments.models import AppointmentRequest, NameToken
from appointments.models.name_tokens import names_in, tokens_of
from clinic.encryption import Unreadable
from clinic.key_rotation import Rows, SealedRow, sealed

NAMES = ("full_name", "helper")


class NameTokens(Rows):
    """The tokens of all requests, as their names ask for them now."""

    label = NameToken._meta.label

    def stored(self):
        """Return each request with its names, as they are stored; to lock it is to lock its tokens."""
        shut = {f"sealed_{name}": sealed(name) for name in NAMES}
        return AppointmentRequest.of_every_kind.order_by("pk").annotate(**shut).values("pk", *shut)

    def look(self, batch):
        """Return a SealedRow for each request: `due` holds the tokens it should have (1 query)."""
        known = defaultdict(set)
        pairs = NameToken.objects.filter(request__in=[stored["pk"] for stored in batch])
        for pk, token in pairs.values_list("request_id", "token"):
            known[pk].add(token)
        return [self._look(stored, known[stored["pk"]]) for stored in batch]

    def _look(self, stored, known):
        row, field = SealedRow(stored["pk"]), AppointmentRequest._meta.get_field
        try:
            names = names_in(*(field(name).opened(stored[f"sealed_{name}"]) for name in NAMES))
        except Unreadable:
            # Named with its fields.
            return row
        if (wanted := tokens_of(*names)) != known:
            row.due = {"tokens": wanted}
        return row

    def write(self, row):
        """Let the tokens of a locked request be those that are due."""
        wanted = row.due["tokens"]
        NameToken.objects.filter(request=row.pk).exclude(token__in=wanted).delete()
        new = [NameToken(request_id=row.pk, token=token) for token in sorted(wanted)]
        NameToken.objects.bulk_create(new, ignore_conflicts=True)

"""`manage.py list_requests`: tells other programs what was asked for, without saying by whom."""

import json
from datetime import UTC

from django.core.management.base import BaseCommand

from appointments.models import AppointmentRequest

CHUNK = 2000


class Command(BaseCommand):
    """Write one JSON object a line for each request that a patient sent, oldest first.

    What is held as spam says so.
    """

    help = "List the requests as JSON lines: reference, status, procedure (its key, or null), created (UTC). No names."

    def handle(self, **options):
        rows = AppointmentRequest.objects.order_by("id").values_list(
            "reference", "status", "procedure__key", "created_at", "held_because"
        )
        for reference, status, procedure, created, held_because in rows.iterator(chunk_size=CHUNK):
            line = {
                "reference": reference,
                "status": status,
                "procedure": procedure,
                "created": created.astimezone(UTC).isoformat(timespec="seconds"),
            }
            if held_because:
                line["held_as_spam"] = True
            self.stdout.write(json.dumps(line))

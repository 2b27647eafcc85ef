"""The demonstration's saved replies, kept by the workflow from `replies.toml` where there are none yet."""

import tomllib
from pathlib import Path

from django.conf import settings
from django.db import transaction

from accounts.models import User
from appointments import workflow
from appointments.models import SavedReply

FILE = Path(__file__).parent / "demonstration" / "replies.toml"


@transaction.atomic
def load(requests=0):
    """Keep those of the file as the made-up manager would, once; return a sentence on what was made."""
    manager = User.objects.filter(username="manager").first()
    if not settings.DEMO or manager is None:
        return "no saved replies: DEMO is off"
    if SavedReply.objects.exists():
        return "0 saved replies"
    rows = tomllib.loads(FILE.read_text(encoding="utf-8"))["replies"]
    for row in rows:
        workflow.keep_reply(None, by=manager.as_actor(), **row)
    return f"{len(rows)} saved replies"

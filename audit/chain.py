"""Links committed events into a chain sealed with a key that is not in the database. `verifying.py` checks it.

Linking happens after commit, by the sender: linking inside each transaction would make every write wait for one row.
"""

import hmac
import json
import sys
from datetime import UTC, timedelta
from pathlib import Path
from tempfile import NamedTemporaryFile

from django.conf import settings
from django.db import models, transaction
from django.utils import timezone

from audit.models import ChainHead, Event, SealedMonth, chain_key

LINKED_FIELDS = (
    "id",
    "happened_at",
    "verb",
    "object_type",
    "object_id",
    "actor_kind",
    "actor_id",
    "actor_role",
    "actor_name",
    "details",
)
BATCH = 500
LINKS_LOOKED_AT = 3
UNLINKED_FOR_TOO_LONG = timedelta(minutes=1)
UNREADABLE = sys.maxsize


class WrongKey(Exception):
    """Raised instead of linking with a key that the chain does not know."""


def seal(event, position, previous):
    """Return the link (64 hex characters) of `event` at `position` after the link `previous`."""
    values = {name: getattr(event, name) for name in LINKED_FIELDS}
    values["happened_at"] = values["happened_at"].astimezone(UTC).isoformat()
    return _sealed([position, previous, values])


def seal_month(month, previous):
    """Return the seal (64 hex characters) of a SealedMonth after the one before it; `previous` is that one's."""
    places = [month.first_position, month.last_position, month.last_mac]
    return _sealed(
        ["sealed month", previous, month.month.isoformat(), *places, month.pruned_at.astimezone(UTC).isoformat()]
    )


def _sealed(values):
    text = json.dumps(values, sort_keys=True, ensure_ascii=True, separators=(",", ":"))
    return hmac.digest(chain_key(), text.encode(), "sha256").hex()


def link():
    """Link every committed event that is not linked yet; return how many.

    Safe beside other senders: the head row is the lock. The newest link is then written to `settings.AUDIT_HEAD`.
    """
    count = 0
    while Event.objects.unlinked().exists():
        count += _link_batch()
    write_head()
    return count


@transaction.atomic
def _link_batch():
    ChainHead.objects.get_or_create(id=1)
    head = ChainHead.objects.select_for_update().get(id=1)
    _check_key()
    events = list(Event.objects.unlinked().order_by("id")[:BATCH])
    for event in events:
        head.position += 1
        head.mac = seal(event, head.position, head.mac)
        # The one write to an existing event: its place in the chain, past the refusals of EventQuerySet.
        models.QuerySet(Event).filter(pk=event.pk, position=None).update(position=head.position, mac=head.mac)
    if events:
        head.linked_at = timezone.now()
        head.save()
    return len(events)


def _check_key():
    """Raise WrongKey when none of the newest links was made with this key: more of them would break the chain.

    One altered event does not stop the linking; `verify` names it.
    """
    newest = list(Event.objects.linked().reverse()[: LINKS_LOOKED_AT + 1])
    pruned = SealedMonth.objects.last()
    before = [*(event.mac for event in newest[1:]), pruned.last_mac if pruned else ""]
    links = list(zip(newest, before, strict=bool(newest)))[:LINKS_LOOKED_AT]
    if links and not any(event.mac == seal(event, event.position, previous) for event, previous in links):
        raise WrongKey("AUDIT_KEY is not the key of this chain. Put the right one back: until then nothing is linked.")


def write_head():
    """Write the newest link to `settings.AUDIT_HEAD`, whole or not at all.

    What stands there is only ever replaced by a later link of the same chain: after the database was cut short or
    exchanged, it stays as the evidence.
    """
    head, written = stored_head(), written_head()
    if head.position > written.position and stands_in_chain(written):
        path = Path(settings.AUDIT_HEAD)
        path.parent.mkdir(parents=True, exist_ok=True)
        # A name of its own for each writer: senders in two containers may well have the same process number.
        with NamedTemporaryFile("w", dir=path.parent, prefix=f"{path.name}.", delete=False) as fresh:
            fresh.write(json.dumps({"position": head.position, "mac": head.mac}))
        Path(fresh.name).replace(path)


def stored_head():
    """Return the head kept in the database; at place 0 before there is one."""
    return ChainHead.objects.filter(id=1).first() or ChainHead()


def written_head():
    """Return the head kept outside the database as an unsaved ChainHead; at place 0 before there is one."""
    path = Path(settings.AUDIT_HEAD)
    if not path.is_file():
        return ChainHead()
    try:
        kept = json.loads(path.read_text())
        head = ChainHead(position=int(kept["position"]), mac=str(kept["mac"]))
    except (OSError, ValueError, OverflowError, KeyError, TypeError):
        head = ChainHead(position=UNREADABLE)
    # Whoever spoilt the file must not get it quietly replaced.
    return head if head.position > 0 else ChainHead(position=UNREADABLE)


def stands_in_chain(head):
    """Say whether the chain has this link: one of an event, or the last one of a month that was pruned."""
    if not head.position or Event.objects.filter(position=head.position, mac=head.mac).exists():
        return True
    return SealedMonth.objects.filter(last_position=head.position, last_mac=head.mac).exists()


def unlinked_for_too_long():
    """Events that should have been linked by now: the sender is down, or somebody slipped rows in."""
    return Event.objects.unlinked().filter(happened_at__lt=timezone.now() - UNLINKED_FOR_TOO_LONG)


def trouble():
    """The part "audit" of the status page: a sentence when events wait, or the kept head is behind or not theirs."""
    if waiting := unlinked_for_too_long().count():
        return f"{waiting} audit events wait to be linked."
    head, written = stored_head(), written_head()
    if not stands_in_chain(written):
        return "The audit head kept outside the database is not in the chain. Run manage.py verify_audit."
    if written.position < head.position and head.linked_at < timezone.now() - UNLINKED_FOR_TOO_LONG:
        return "The audit head cannot be written outside the database. Look at AUDIT_HEAD."
    return None

"""The audit event: inserted with what it records, linked later, never changed, and kept until its month is pruned."""

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from audit.actors import kind_words


class AppendOnly(Exception):
    """Raised when code tries to change or delete an audit event."""


class AppendOnlyQuerySet(models.QuerySet):
    """Reads; and refuses every way in which rows could be changed."""

    def update(self, **values):
        raise AppendOnly("Audit events are never changed.")

    def bulk_update(self, objs, fields, batch_size=None):
        raise AppendOnly("Audit events are never changed.")

    def bulk_create(self, objs, *args, update_conflicts=False, **kwargs):
        if update_conflicts or any(row.pk is not None for row in objs):
            raise AppendOnly("Audit events are never changed.")
        return super().bulk_create(objs, *args, **kwargs)

    def delete(self):
        raise AppendOnly("Audit events are never deleted.")


class AppendOnlyModel(models.Model):
    """A row that is only ever added."""

    objects = AppendOnlyQuerySet.as_manager()

    class Meta:
        abstract = True

    def save(self, *args, **kwargs):
        if self.pk is not None:
            raise AppendOnly("Audit events are never changed.")
        super().save(*args, **kwargs)

    def delete(self, *args, **kwargs):
        raise AppendOnly("Audit events are never deleted.")


class EventQuerySet(AppendOnlyQuerySet):
    """Words for events."""

    def unlinked(self):
        """Events that the sender has not yet put into the chain."""
        return self.filter(position=None)

    def linked(self):
        """Events in the chain, in its order."""
        return self.exclude(position=None).order_by("position")

    def about(self, thing):
        """Events that record something about this row, newest first."""
        return self.filter(object_type=thing._meta.label_lower, object_id=str(thing.pk)).order_by("-id")

    def visible_to(self, user):
        """Events that this member of staff may read."""
        return self if user.has_perm("audit.view_event") else self.none()


class Event(AppendOnlyModel):
    """One thing that happened. Holds ids, roles and field names, never a value that a person typed."""

    personal_data = ()

    happened_at = models.DateTimeField(_("when"), default=timezone.now, editable=False)
    verb = models.CharField(_("what"), max_length=60)
    object_type = models.CharField(_("kind of thing"), max_length=80, blank=True)
    object_id = models.CharField(_("which one"), max_length=40, blank=True)
    actor_kind = models.CharField(_("kind of actor"), max_length=10)
    actor_id = models.BigIntegerField(_("actor's number"), null=True)
    actor_role = models.CharField(_("roles at that moment"), max_length=120, blank=True)
    actor_name = models.CharField(_("command"), max_length=60, blank=True)
    details = models.JSONField(_("details"), default=dict)
    position = models.BigIntegerField(_("place in the chain"), null=True, unique=True, editable=False)
    mac = models.CharField(_("link"), max_length=64, blank=True, editable=False)

    objects = EventQuerySet.as_manager()

    class Meta:
        verbose_name = _("audit event")
        verbose_name_plural = _("audit events")
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["object_type", "object_id", "id"], name="event_by_object"),
            models.Index(fields=["actor_kind", "actor_id", "id"], name="event_by_actor"),
            models.Index(fields=["happened_at"], name="event_by_time"),
            models.Index(fields=["verb", "id"], name="event_by_verb"),
            models.Index(fields=["id"], name="event_unlinked", condition=models.Q(position=None)),
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(position=None, mac="") | (models.Q(position__gt=0) & ~models.Q(mac="")),
                name="event_linked_whole",
            )
        ]

    def __str__(self):
        return f"{self.verb} {self.object_type} {self.object_id}".strip()

    @property
    def actor_words(self):
        """Who did it, where that was no member of staff: the command's name, else the kind of actor in words."""
        if self.actor_name and self.actor_id:
            words = {"command": self.actor_name, "number": self.actor_id}
            return gettext("%(command)s for staff number %(number)s") % words
        return self.actor_name or kind_words(self.actor_kind)

    @classmethod
    def record(cls, verb, *, by, about=None, **details):
        """Insert one event inside the caller's transaction and return it.

        `verb` is a dotted name such as "request.claimed", `by` an Actor, `about` the saved row it concerns, or a model
        where it concerns rows of that kind. `details` hold states, counts, ids and field names only.
        """
        return cls.objects.create(
            verb=verb,
            object_type=about._meta.label_lower if about is not None else "",
            object_id=str(about.pk) if isinstance(about, models.Model) else "",
            actor_kind=by.kind,
            actor_id=by.id,
            actor_role=by.role,
            actor_name=by.name,
            details=details,
        )


class ChainHead(models.Model):
    """The newest link of the chain: one row, also the lock under which the sender links."""

    personal_data = ()

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    position = models.BigIntegerField(default=0)
    mac = models.CharField(max_length=64, blank=True)
    linked_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="chain_head_is_one_row")]

    def __str__(self):
        return f"{self.position}"


class SealedMonth(AppendOnlyModel):
    """What is left of a month whose events were pruned: which places of the chain it held, and its last link.

    Its own `mac` is under the key of the chain, and holds the one of the month before.
    """

    personal_data = ()

    month = models.DateField(unique=True)
    first_position = models.BigIntegerField(unique=True)
    last_position = models.BigIntegerField(unique=True)
    last_mac = models.CharField(max_length=64)
    pruned_at = models.DateTimeField(default=timezone.now)
    mac = models.CharField(max_length=64)

    class Meta:
        ordering = ["first_position"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(first_position__gt=0, last_position__gte=models.F("first_position")),
                name="sealed_month_holds_events",
            )
        ]

    def __str__(self):
        return f"{self.month:%Y-%m}"

    @property
    def count(self):
        """How many events the month held: places follow each other without a gap."""
        return self.last_position - self.first_position + 1


def chain_key():
    """The key that seals the chain; it is not in the database."""
    return settings.AUDIT_KEY.encode()

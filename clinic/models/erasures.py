"""What is kept of an erasure: its receipt, and which references were erased, so that none of it comes back."""

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from clinic.encryption import EncryptedJSONField
from clinic.visible import VisibleQuerySet


class ErasedBecause(models.TextChoices):
    """Why a person was erased."""

    ASKED = "asked", _("the person asked for it")
    REPRESENTATIVE = "representative", _("somebody who may act for the person asked for it")
    NOT_THEIRS = "not_theirs", _("the person it names did not send it")
    AUTHORITY = "authority", _("a court or an authority ordered it")
    RESTORED = "restored", _("a backup had brought it back")


class Erasure(models.Model):
    """One erasure of one person: when, by whom, what went, and what was found afterwards.

    It names nobody. `looking_for` holds the marks of the person, encrypted, while the site is read through again, and
    is emptied at the end of that. `findings` hold the kind and number of rows, and names of fields.
    """

    personal_data = ("looking_for",)

    number = models.CharField(_("receipt"), max_length=9, unique=True, editable=False)
    erased_at = models.DateTimeField(_("erased"), default=timezone.now, editable=False)
    reason = models.CharField(_("because"), max_length=15, choices=ErasedBecause, editable=False)
    actor_kind = models.CharField(max_length=10, editable=False)
    actor_id = models.BigIntegerField(null=True, editable=False)
    actor_role = models.CharField(max_length=120, blank=True, editable=False)
    actor_name = models.CharField(max_length=60, blank=True, editable=False)
    # How many rows of each model went.
    removed = models.JSONField(default=dict, editable=False)
    # "model/number" of what has the same address or telephone number, and stays because it is somebody else's.
    left = models.JSONField(default=list, editable=False)
    written_outside_at = models.DateTimeField(null=True, editable=False)

    looking_for = EncryptedJSONField(null=True, editable=False)
    # How far the reading came: each step is written by whoever took it first.
    steps = models.PositiveIntegerField(default=0, editable=False)
    reached = models.JSONField(default=dict, editable=False)
    findings = models.JSONField(default=list, editable=False)
    looked_through_at = models.DateTimeField(null=True, editable=False)

    objects = VisibleQuerySet.as_manager()

    class Meta:
        verbose_name = _("erasure")
        verbose_name_plural = _("erasures")
        ordering = ["-id"]
        default_permissions = ("view",)
        indexes = [
            models.Index(fields=["id"], condition=models.Q(looked_through_at=None), name="erasure_to_look"),
            models.Index(fields=["id"], condition=models.Q(written_outside_at=None), name="erasure_to_write"),
        ]

    def __str__(self):
        return self.number


class ErasedReference(models.Model):
    """A reference that was erased. Its key is drawn from AUDIT_KEY (`clinic/erasure.py`) and leads back to nobody."""

    personal_data = {
        "key": "A keyed index of an erased reference, which leads back to nobody; it keeps a backup, or a new request, "
        "from bringing the reference back."
    }

    erasure = models.ForeignKey(Erasure, on_delete=models.PROTECT, related_name="references")
    key = models.CharField(max_length=64, db_index=True, editable=False)

    class Meta:
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["erasure", "key"], name="erased_reference_once")]

    def __str__(self):
        return str(self.pk)

"""When the clinic takes no requests through the form: a manager says until when, and in which words."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from clinic.translated import TranslatedField
from clinic.visible import VisibleQuerySet


class FormClosureQuerySet(VisibleQuerySet):
    """Reads of closures."""

    def current(self, now=None):
        """What keeps the form closed at this moment, the longest first."""
        now = now or timezone.now()
        return self.filter(starts_at__lte=now, ends_at__gt=now, lifted_at=None).order_by("-ends_at")


class FormClosure(models.Model):
    """A time in which the form is closed. It always has an end, and opens by itself then."""

    personal_data = ()

    starts_at = models.DateTimeField(_("from"), default=timezone.now)
    ends_at = models.DateTimeField(_("until"))
    words = TranslatedField(_("what patients read"), long=True)
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, editable=False, related_name="+")
    made_at = models.DateTimeField(default=timezone.now, editable=False)
    lifted_at = models.DateTimeField(_("opened again early"), null=True, editable=False)

    objects = FormClosureQuerySet.as_manager()

    class Meta:
        verbose_name = _("closing of the form")
        verbose_name_plural = _("closings of the form")
        ordering = ["-starts_at"]
        constraints = [
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="form_closure_ends_after_it_starts")
        ]

    def __str__(self):
        return f"{self.starts_at:%Y-%m-%d} – {self.ends_at:%Y-%m-%d}"

    @property
    def can_be_lifted(self):
        """Whether it keeps the form closed now, or will."""
        return self.lifted_at is None and self.ends_at > timezone.now()

"""The signs that everybody who asks for an appointment is asked about, and how soon a sign needs help."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from clinic.translated import TranslatedField
from clinic.visible import VisibleQuerySet


class Urgency(models.TextChoices):
    """How soon a warning sign needs help."""

    EMERGENCY = "emergency", _("Emergency: call the emergency number now")
    URGENT = "urgent", _("Urgent: telephone us today")
    ASK = "ask", _("Ask us")


class GeneralWarningSign(models.Model):
    """A sign that every person who asks for an appointment is asked about, whatever the procedure."""

    personal_data = ()

    key = models.SlugField(_("key"), unique=True)
    text = TranslatedField(_("the sign, as a patient would say it"))
    action = TranslatedField(_("what to do"))
    urgency = models.CharField(_("how urgent"), max_length=10, choices=Urgency)
    order = models.PositiveSmallIntegerField(_("order"), default=0)

    objects = VisibleQuerySet.as_manager()

    class Meta:
        verbose_name = _("general warning sign")
        verbose_name_plural = _("general warning signs")
        ordering = ["order", "id"]

    def __str__(self):
        return str(self.text)

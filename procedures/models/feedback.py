"""What readers said about a page. Nothing tells who they are; their words are encrypted and kept for 90 days."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from clinic.encryption import EncryptedTextField
from clinic.translated import language_choices
from clinic.visible import VisibleQuerySet
from procedures.models.conditions import ConditionPage
from procedures.models.procedures import ProcedurePage


class FeedbackQuerySet(VisibleQuerySet):
    """Reads of feedback."""

    def open(self):
        """What an editor has still to look at."""
        return self.filter(done_at=None)

    def done(self):
        """What needs nothing more."""
        return self.exclude(done_at=None)

    def about(self, page):
        """What was said about one page, whatever its version."""
        return self.filter(**{f"{page.kind}_page": page})


class Feedback(models.Model):
    """What one reader said about one page: whether it helped, and what is missing.

    `version` is the number of the version that was on the site. `sent_hash` tells the same form sent twice, which is
    one row, from two readers who say the same. `done_by` is empty where there never was anything to do.
    """

    personal_data = ("words",)

    procedure_page = models.ForeignKey(
        ProcedurePage, on_delete=models.CASCADE, null=True, editable=False, related_name="feedback"
    )
    condition_page = models.ForeignKey(
        ConditionPage, on_delete=models.CASCADE, null=True, editable=False, related_name="feedback"
    )
    version = models.PositiveIntegerField(_("version"), editable=False)
    language = models.CharField(_("language"), max_length=10, choices=language_choices, editable=False)
    is_helpful = models.BooleanField(_("it helped"), editable=False)
    words = EncryptedTextField(_("what is missing"), blank=True, editable=False)
    sent_hash = models.CharField(max_length=64, unique=True, editable=False)
    made_at = models.DateTimeField(_("sent"), default=timezone.now, db_index=True, editable=False)
    done_at = models.DateTimeField(_("done on"), null=True, editable=False)
    done_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        editable=False,
        related_name="+",
        verbose_name=_("done by"),
    )

    objects = FeedbackQuerySet.as_manager()

    class Meta:
        verbose_name = _("answer about a page")
        verbose_name_plural = _("answers about pages")
        ordering = ["-made_at", "-id"]
        permissions = [("close_feedback", "Can mark feedback as done")]
        constraints = [
            models.CheckConstraint(
                condition=Q(procedure_page=None, condition_page__isnull=False)
                | Q(procedure_page__isnull=False, condition_page=None),
                name="feedback_about_one_page",
            ),
            models.CheckConstraint(
                condition=Q(done_by=None) | Q(done_at__isnull=False), name="feedback_done_by_somebody_at_a_time"
            ),
        ]
        indexes = [models.Index(fields=["id"], name="feedback_open", condition=Q(done_at=None))]

    def __str__(self):
        return f"{self.page}, {self.pk}"

    @property
    def page(self):
        """The page that it is about."""
        return self.procedure_page or self.condition_page

    @page.setter
    def page(self, page):
        setattr(self, f"{page.kind}_page", page)

"""What reviewers and editors say to each other about a section of a version."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from procedures.models.conditions import ConditionVersion
from procedures.models.procedures import ProcedureVersion


class CommentQuerySet(models.QuerySet):
    """Reads of comments."""

    def open(self):
        """Comments that nobody has settled; an answer belongs to its comment."""
        return self.filter(answers=None, settled_at=None)


class Comment(models.Model):
    """Words about a section of a version, or an answer to such words. It stays with its version for good.

    `by` is empty for somebody without an account, whom `by_name` then names, with their role.
    """

    personal_data = {
        "by_name": "A clinician without an account stands by a remark with name and role, as by a sign-off."
    }

    section = models.SlugField(_("section"), max_length=40)
    words = models.TextField(_("comment"))
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("written by")
    )
    by_name = models.CharField(_("name and role"), max_length=200, blank=True)
    made_at = models.DateTimeField(_("written"), default=timezone.now)
    answers = models.ForeignKey("self", on_delete=models.CASCADE, null=True, related_name="replies")
    settled_at = models.DateTimeField(_("settled"), null=True)
    settled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("settled by")
    )

    objects = CommentQuerySet.as_manager()

    class Meta:
        abstract = True
        default_permissions = ()
        ordering = ["made_at", "id"]

    def __str__(self):
        return f"{self.section}, {self.made_at:%Y-%m-%d %H:%M}"

    @property
    def author(self):
        """Who wrote it, as colleagues call them."""
        return str(self.by) if self.by_id else self.by_name

    @property
    def is_open(self):
        """Whether it still waits for somebody to settle it."""
        return self.settled_at is None


def comment_constraints(name):
    """Return the constraints of a kind of comment: somebody wrote it, and an answer is never settled by itself."""
    return [
        models.CheckConstraint(condition=Q(by__isnull=False) | ~Q(by_name=""), name=f"{name}_by_somebody"),
        models.CheckConstraint(
            condition=Q(settled_at=None, settled_by=None) | Q(settled_at__isnull=False, answers=None),
            name=f"{name}_settled",
        ),
    ]


class ProcedureComment(Comment):
    """A comment on a version of a procedure's page."""

    version = models.ForeignKey(ProcedureVersion, on_delete=models.CASCADE, related_name="comments")

    class Meta(Comment.Meta):
        verbose_name = _("comment on a procedure page")
        verbose_name_plural = _("comments on procedure pages")
        constraints = comment_constraints("procedure_comment")


class ConditionComment(Comment):
    """A comment on a version of a condition's page."""

    version = models.ForeignKey(ConditionVersion, on_delete=models.CASCADE, related_name="comments")

    class Meta(Comment.Meta):
        verbose_name = _("comment on a condition page")
        verbose_name_plural = _("comments on condition pages")
        constraints = comment_constraints("condition_comment")

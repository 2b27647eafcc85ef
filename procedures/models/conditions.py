"""A condition that procedures treat, its pages, their versions and the rows of a version."""

from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from clinic.visible import VisibleQuerySet
from procedures import drawings
from procedures.models.rows import FigureRow, QuestionRow, SourceRow, WarningSignRow, fact_constraints
from procedures.models.versions import (
    FormerAddress,
    Page,
    Version,
    former_address_constraints,
    page_constraints,
    version_constraints,
    version_indexes,
)


class Condition(models.Model):
    """What is wrong with the patient, whatever the language of its pages."""

    personal_data = ()

    key = models.SlugField(_("key"), unique=True, help_text=_("A short name in English, for files."))
    order = models.PositiveSmallIntegerField(_("order"), default=0)

    objects = VisibleQuerySet.as_manager()

    class Meta:
        verbose_name = _("condition")
        verbose_name_plural = _("conditions")
        ordering = ["order", "key"]

    def __str__(self):
        return self.key


class ConditionPage(Page):
    """A condition in one language."""

    kind = "condition"
    personal_data = ()

    condition = models.ForeignKey(
        Condition, on_delete=models.PROTECT, related_name="pages", verbose_name=_("condition")
    )
    live_version = models.OneToOneField(
        "ConditionVersion", on_delete=models.PROTECT, null=True, editable=False, related_name="+"
    )

    class Meta:
        verbose_name = _("condition page")
        verbose_name_plural = _("condition pages")
        ordering = ["condition__order", "condition__key", "language"]
        constraints = page_constraints("condition_page", "condition")

    def get_absolute_url(self):
        """The public address, in the language that is active."""
        return reverse("procedures:condition", args=[self.slug])


class FormerConditionAddress(FormerAddress):
    """An address that a condition's page once had."""

    personal_data = ()

    page = models.ForeignKey(ConditionPage, on_delete=models.CASCADE, related_name="former_addresses")

    class Meta(FormerAddress.Meta):
        constraints = former_address_constraints("former_condition_address")


class ConditionVersion(Version):
    """What a condition's page says. Empty sections are not shown."""

    personal_data = ()

    markdown_fields = ("what_it_is", "symptoms", "causes", "diagnosis", "treatments", "when_to_seek_help")

    page = models.ForeignKey(ConditionPage, on_delete=models.PROTECT, related_name="versions")
    started_from = models.ForeignKey("self", on_delete=models.PROTECT, null=True, editable=False, related_name="+")
    what_it_is = models.TextField(_("what it is"), blank=True)
    symptoms = models.TextField(_("what you may feel"), blank=True)
    causes = models.TextField(_("why it happens"), blank=True)
    diagnosis = models.TextField(_("how it is found"), blank=True)
    treatments = models.TextField(_("how it is treated"), blank=True)
    when_to_seek_help = models.TextField(_("when to seek help"), blank=True)
    drawing = models.CharField(
        _("drawing"),
        max_length=60,
        blank=True,
        default="",
        # Kept in the database too, for the release before, which does not know the column.
        db_default="",
        choices=drawings.choices,
        help_text=_("One of ours. Choose it only if it shows this very condition."),
    )
    written_against = models.ForeignKey("self", on_delete=models.PROTECT, null=True, editable=False, related_name="+")

    class Meta:
        verbose_name = _("version of a condition page")
        verbose_name_plural = _("versions of condition pages")
        ordering = ["page", "-number"]
        constraints = version_constraints("condition_version")
        indexes = version_indexes("condition_version")


class ConditionSource(SourceRow):
    """A source of a condition page."""

    version = models.ForeignKey(ConditionVersion, on_delete=models.CASCADE, related_name="sources")

    class Meta(SourceRow.Meta):
        verbose_name = _("source")
        constraints = [models.UniqueConstraint(fields=["version", "key"], name="condition_source_key_once")]


class ConditionFigure(FigureRow):
    """A key figure of a condition page."""

    version = models.ForeignKey(ConditionVersion, on_delete=models.CASCADE, related_name="figures")

    class Meta(FigureRow.Meta):
        verbose_name = _("key figure")
        constraints = fact_constraints("condition_figure")


class ConditionWarningSign(WarningSignRow):
    """A warning sign of a condition page."""

    version = models.ForeignKey(ConditionVersion, on_delete=models.CASCADE, related_name="warningsigns")

    class Meta(WarningSignRow.Meta):
        verbose_name = _("warning sign")
        constraints = [models.UniqueConstraint(fields=["version", "key"], name="condition_sign_key_once")]


class ConditionQuestion(QuestionRow):
    """A question and its answer on a condition page."""

    version = models.ForeignKey(ConditionVersion, on_delete=models.CASCADE, related_name="questions")

    class Meta(QuestionRow.Meta):
        verbose_name = _("question")

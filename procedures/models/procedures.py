"""A procedure, its pages, their versions and the rows of a version."""

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from clinic.models import Clinician, Location, StoredFile
from clinic.visible import VisibleQuerySet
from procedures import drawings
from procedures.models.conditions import Condition
from procedures.models.rows import (
    Fact,
    FigureRow,
    ProcedureRow,
    QuestionRow,
    Row,
    SourceRow,
    WarningSignRow,
    fact_constraints,
)
from procedures.models.versions import (
    FormerAddress,
    Page,
    PageQuerySet,
    Version,
    former_address_constraints,
    page_constraints,
    version_constraints,
    version_indexes,
)

TAKEN_SLUGS = {"leaflet", "compare"}


class Procedure(models.Model):
    """One thing the clinic does, whatever the language of its pages."""

    personal_data = ()

    key = models.SlugField(_("key"), unique=True, help_text=_("A short name in English, for files."))
    conditions = models.ManyToManyField(Condition, blank=True, related_name="procedures", verbose_name=_("conditions"))
    performed_at = models.ManyToManyField(
        Location, blank=True, related_name="procedures_performed", verbose_name=_("performed at")
    )
    evaluated_at = models.ManyToManyField(
        Location,
        blank=True,
        related_name="procedures_evaluated",
        verbose_name=_("only evaluated at"),
        help_text=_("Places where patients are examined for it, but where it is not done."),
    )
    clinicians = models.ManyToManyField(
        Clinician, blank=True, related_name="procedures", verbose_name=_("performed by")
    )
    order = models.PositiveSmallIntegerField(_("order"), default=0)

    objects = VisibleQuerySet.as_manager()

    class Meta:
        verbose_name = _("procedure")
        verbose_name_plural = _("procedures")
        ordering = ["order", "key"]

    def __str__(self):
        return self.key


class ProcedurePageQuerySet(PageQuerySet):
    """Reads of procedures' pages."""

    def for_leaflet(self):
        """Published pages with all that a leaflet says of them."""
        return self.published().select_related("procedure", "live_version__leaflet__file")


class ProcedurePage(Page):
    """A procedure in one language."""

    kind = "procedure"
    personal_data = ()

    procedure = models.ForeignKey(
        Procedure, on_delete=models.PROTECT, related_name="pages", verbose_name=_("procedure")
    )
    live_version = models.OneToOneField(
        "ProcedureVersion", on_delete=models.PROTECT, null=True, editable=False, related_name="+"
    )

    objects = ProcedurePageQuerySet.as_manager()

    class Meta:
        verbose_name = _("procedure page")
        verbose_name_plural = _("procedure pages")
        ordering = ["procedure__order", "procedure__key", "language"]
        constraints = page_constraints("procedure_page", "procedure")

    def clean(self):
        """Refuse an address that would hide the page behind one of our own (`procedures/urls.py`)."""
        if self.is_own_address():
            raise ValidationError({"slug": _("The site uses this address itself. Choose another.")})

    def is_own_address(self):
        """Whether the site itself uses the page's address."""
        return self.slug in TAKEN_SLUGS

    def get_absolute_url(self):
        """The public address, in the language that is active."""
        return reverse("procedures:procedure", args=[self.slug])


class FormerProcedureAddress(FormerAddress):
    """An address that a procedure's page once had."""

    personal_data = ()

    page = models.ForeignKey(ProcedurePage, on_delete=models.CASCADE, related_name="former_addresses")

    class Meta(FormerAddress.Meta):
        constraints = former_address_constraints("former_procedure_address")


class ProcedureVersion(Version):
    """What a procedure's page says: the anatomy that patients need. Empty sections are not shown."""

    personal_data = ()

    markdown_fields = (
        "aim",
        "who_may_benefit",
        "who_should_not",
        "other_choices",
        "timing",
        "anaesthesia",
        "position",
        "setting",
        "straight_after",
        "follow_up",
    )

    page = models.ForeignKey(ProcedurePage, on_delete=models.PROTECT, related_name="versions")
    started_from = models.ForeignKey("self", on_delete=models.PROTECT, null=True, editable=False, related_name="+")
    aim = models.TextField(_("what it aims at"), blank=True)
    who_may_benefit = models.TextField(_("who it may help"), blank=True)
    who_should_not = models.TextField(_("who should not have it"), blank=True)
    other_choices = models.TextField(_("other choices"), blank=True)
    timing = models.TextField(_("when it works best"), blank=True)
    anaesthesia = models.TextField(_("anesthesia"), blank=True)
    position = models.TextField(_("how you lie"), blank=True)
    setting = models.TextField(_("where it is done"), blank=True)
    straight_after = models.TextField(_("straight after"), blank=True)
    follow_up = models.TextField(_("follow-up"), blank=True)
    related = models.ManyToManyField(Procedure, blank=True, related_name="+", verbose_name=_("related procedures"))
    written_against = models.ForeignKey("self", on_delete=models.PROTECT, null=True, editable=False, related_name="+")

    class Meta:
        verbose_name = _("version of a procedure page")
        verbose_name_plural = _("versions of procedure pages")
        ordering = ["page", "-number"]
        constraints = version_constraints("procedure_version")
        indexes = version_indexes("procedure_version")
        permissions = [
            ("edit_version", "Can write drafts of pages"),
            ("sign_off_version", "Can sign off versions of pages"),
            ("publish_version", "Can publish versions of pages"),
        ]


class Source(ProcedureRow, SourceRow):
    """A source of a procedure page."""

    class Meta(SourceRow.Meta):
        verbose_name = _("source")
        constraints = [models.UniqueConstraint(fields=["version", "key"], name="source_key_once_a_version")]


class Figure(ProcedureRow, FigureRow):
    """A key figure of a procedure page."""

    class Meta(FigureRow.Meta):
        verbose_name = _("key figure")
        constraints = fact_constraints("figure")


class PreparationItem(ProcedureRow, Row):
    """A line of the checklist before the procedure."""

    when = models.CharField(_("when"), max_length=80, help_text=_("In words, such as: On the day."))
    text = models.CharField(_("what to do"), max_length=300)

    class Meta(Row.Meta):
        verbose_name = _("preparation")

    def __str__(self):
        return self.text


class Step(ProcedureRow, Row):
    """A step of the procedure, as the patient lives it."""

    label = models.CharField(_("label"), max_length=80)
    text = models.TextField(_("what happens"))
    drawing = models.CharField(
        _("drawing"),
        max_length=60,
        blank=True,
        choices=drawings.choices,
        help_text=_("One of ours. Choose it only if it shows this very step."),
    )

    class Meta(Row.Meta):
        verbose_name = _("step")

    def __str__(self):
        return self.label


class Milestone(ProcedureRow, Row, Fact):
    """What is allowed, or not, from one day to another after the procedure. Day 0 is the day itself."""

    class Kind(models.TextChoices):
        """Whether the patient may or may not."""

        ALLOWED = "allowed", _("you may")
        RESTRICTED = "restricted", _("do not")

    kind = models.CharField(_("kind"), max_length=10, choices=Kind)
    from_day = models.PositiveSmallIntegerField(_("from day"), default=0)
    to_day = models.PositiveSmallIntegerField(_("to day"), null=True, blank=True)
    until = models.CharField(
        _("until, in words"),
        max_length=120,
        blank=True,
        help_text=_("When there is no last day: until you are cleared."),
    )
    text = models.CharField(_("what"), max_length=300)

    class Meta(Row.Meta):
        verbose_name = _("recovery milestone")
        constraints = [
            *fact_constraints("milestone"),
            models.CheckConstraint(
                condition=Q(to_day=None) | Q(to_day__gte=F("from_day")),
                name="milestone_days_in_order",
                violation_error_code="days_out_of_order",
                violation_error_message=_("The last day must not be before the first."),
            ),
        ]

    def __str__(self):
        return self.text

    @property
    def figure(self):
        """What must agree in every language: the days too."""
        return (*super().figure, self.kind, self.from_day, self.to_day)


class WarningSign(ProcedureRow, WarningSignRow):
    """A warning sign of a procedure page."""

    class Meta(WarningSignRow.Meta):
        verbose_name = _("warning sign")
        constraints = [models.UniqueConstraint(fields=["version", "key"], name="sign_key_once_a_version")]


class Risk(ProcedureRow, Row, Fact):
    """Something that may go wrong, and how often."""

    class Scope(models.TextChoices):
        """Whether every procedure carries it, or this one."""

        GENERAL = "general", _("of any procedure")
        SPECIFIC = "specific", _("of this procedure")

    key = models.SlugField(_("key"), max_length=60, help_text=_("The same in every language."))
    name = models.CharField(_("name"), max_length=120)
    text = models.CharField(_("what it means"), max_length=400, blank=True)
    scope = models.CharField(_("kind"), max_length=10, choices=Scope, default=Scope.SPECIFIC)
    how_often = models.CharField(_("how often, in words"), max_length=120, blank=True)

    class Meta(Row.Meta):
        verbose_name = _("risk")
        constraints = [
            *fact_constraints("risk"),
            models.UniqueConstraint(fields=["version", "key"], name="risk_key_once_a_version"),
        ]

    def __str__(self):
        return self.name


class Question(ProcedureRow, QuestionRow):
    """A question and its answer on a procedure page."""

    class Meta(QuestionRow.Meta):
        verbose_name = _("question")


class MediaItem(ProcedureRow, Row):
    """A picture, or a film with its captions and transcript; described, or marked decorative."""

    file = models.ForeignKey(StoredFile, on_delete=models.PROTECT, related_name="+", verbose_name=_("file"))
    alternative_text = models.CharField(
        _("words for those who cannot see it"), max_length=300, blank=True, help_text=_("What the picture shows.")
    )
    is_decorative = models.BooleanField(
        _("decorative"), default=False, help_text=_("It tells nothing that the text does not.")
    )
    caption = models.CharField(_("caption"), max_length=300, blank=True)
    transcript = models.TextField(_("transcript"), blank=True)
    captions = models.ForeignKey(
        StoredFile, on_delete=models.PROTECT, related_name="+", null=True, blank=True, verbose_name=_("captions")
    )

    class Meta(Row.Meta):
        verbose_name = _("picture or film")
        constraints = [
            models.CheckConstraint(
                condition=Q(is_decorative=True, alternative_text="")
                | (Q(is_decorative=False) & ~Q(alternative_text="")),
                name="media_alternative_decided",
                violation_error_code="alternative_undecided",
                violation_error_message=_("Describe the picture, or mark it decorative: one of the two."),
            )
        ]

    def __str__(self):
        return self.caption or self.alternative_text or self.file.name


class PrintDocument(ProcedureRow, Row):
    """A document to read or print."""

    file = models.ForeignKey(StoredFile, on_delete=models.PROTECT, related_name="+", verbose_name=_("file"))
    title = models.CharField(_("title"), max_length=200)

    class Meta(Row.Meta):
        verbose_name = _("document to print")

    def __str__(self):
        return self.title

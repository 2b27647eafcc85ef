"""What pages of every kind share: a page is one language of a thing, a version is its text at one time."""

from datetime import timedelta

from django.conf import settings
from django.db import models
from django.db.models import F, Max, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from clinic.models import Clinician
from clinic.translated import TranslatedField, language_choices
from clinic.visible import VisibleQuerySet


class State(models.TextChoices):
    """Where a version stands on its way to patients."""

    DRAFT = "draft", _("draft")
    IN_REVIEW = "in_review", _("in review")
    SIGNED_OFF = "signed_off", _("signed off")
    PUBLISHED = "published", _("published")
    SUPERSEDED = "superseded", _("superseded")


UNPUBLISHED = (State.DRAFT, State.IN_REVIEW, State.SIGNED_OFF)

# So often a withdrawn page leads on to another that was withdrawn as well.
MOST_STEPS = 5


class PageQuerySet(VisibleQuerySet):
    """Reads of pages."""

    def published(self):
        """Pages that patients can read."""
        return self.filter(live_version__isnull=False)

    def overdue(self):
        """Published pages whose next check was due before today."""
        return self.published().filter(live_version__next_review_due__lt=timezone.localdate())

    def in_language(self, language):
        """Pages of one language."""
        return self.filter(language=language)

    def once_published(self):
        """Pages that patients can read, or could before they were withdrawn."""
        return self.filter(versions__state__in=(State.PUBLISHED, State.SUPERSEDED)).distinct()


class Page(models.Model):
    """One language of a procedure or a condition. Its names are copies from the live version, for lists.

    `kind` is "procedure" or "condition": the field that says what the page is about, and the beginning of the names of
    its addresses. Only a page that was withdrawn has a successor.
    """

    kind = ""

    language = models.CharField(_("language"), max_length=10, choices=language_choices)
    slug = models.SlugField(
        _("address"), max_length=80, help_text=_("The last part of the page's address: small letters and hyphens.")
    )
    plain_name = models.CharField(_("plain name"), max_length=120, blank=True, editable=False)
    medical_name = models.CharField(_("medical name"), max_length=120, blank=True, editable=False)
    synonyms = models.JSONField(_("other names"), default=list, blank=True, editable=False)
    summary = models.TextField(_("summary"), blank=True, editable=False)
    successor_procedure = models.ForeignKey(
        "procedures.ProcedurePage", on_delete=models.PROTECT, null=True, editable=False, related_name="+"
    )
    successor_condition = models.ForeignKey(
        "procedures.ConditionPage", on_delete=models.PROTECT, null=True, editable=False, related_name="+"
    )

    objects = PageQuerySet.as_manager()

    class Meta:
        abstract = True

    def __str__(self):
        return f"{self.plain_name or self.slug} ({self.get_language_display()})"

    @property
    def subject(self):
        """What the page is about, whatever its language."""
        return getattr(self, self.kind)

    @property
    def short_name(self):
        """The name that is one word in most cases: the medical one, else the plain one."""
        return self.medical_name or self.plain_name

    @property
    def is_published(self):
        """Whether patients can read the page."""
        return self.live_version_id is not None

    def is_own_address(self):
        """Whether the site itself uses the page's address."""
        return False

    def open_version(self):
        """Return the one version that is being worked on, or None."""
        return self.versions.open().first()

    def last_read(self):
        """Return the version that patients read, or read last; None for a page that never was on the site."""
        if self.live_version is not None:
            return self.live_version
        # By when, not by number: a page that was reviewed while a draft lay open has numbers out of turn.
        return self.versions.filter(state=State.SUPERSEDED).order_by("-published_at", "-number").first()

    @property
    def successor(self):
        """The page that readers of this one, once withdrawn, should read instead; None where there is none."""
        return self.successor_procedure or self.successor_condition

    def lead_to(self, successor):
        """Name the page to read instead, or None; return the names of the fields to save."""
        self.successor_procedure = self.successor_condition = None
        if successor is not None:
            setattr(self, f"successor_{successor.kind}", successor)
        return ["successor_procedure", "successor_condition"]

    def leads_on_to(self):
        """Return the published page that a withdrawn one leads its readers to, or None (2 queries a page on the way).

        A successor may have been withdrawn since; then it leads on to its own, a few times at most.
        """
        page = self
        for _step in range(MOST_STEPS):
            page = page.successor
            if page is None or page.is_published:
                return page
        return None

    def next_number(self):
        """Return the number that the next version of this page gets."""
        return (self.versions.aggregate(last=Max("number"))["last"] or 0) + 1

    def keep_address(self, slug):
        """Let an address that readers knew lead to this page from now on, whichever page it led to before."""
        if self.last_read() is not None:
            known = {"language": self.language, "slug": slug}
            self.former_addresses.model.objects.update_or_create(**known, defaults={"page": self})


class FormerAddress(models.Model):
    """An address that a page had while patients could read it: bookmarks and printed leaflets keep it for years."""

    language = models.CharField(max_length=10, choices=language_choices)
    slug = models.SlugField(max_length=80)

    class Meta:
        abstract = True
        ordering = ["id"]

    def __str__(self):
        return self.slug


# Later than this after its time, a publication was missed: a sender comes round every few seconds.
MISSED_AFTER = timedelta(minutes=10)


class VersionQuerySet(VisibleQuerySet):
    """Reads of versions."""

    def scheduled(self):
        """Versions that wait for the time of their publication, or missed it."""
        return self.filter(publish_at__isnull=False)

    def missed(self):
        """Versions that were not published at their time: refused, or nobody came to do it."""
        was_missed = Q(publish_at__lt=timezone.now() - MISSED_AFTER) | Q(publish_refused_at__isnull=False)
        return self.scheduled().filter(was_missed)

    def open(self):
        """Versions still being worked on."""
        return self.filter(state__in=UNPUBLISHED)

    def published(self):
        """The versions that patients read."""
        return self.filter(state=State.PUBLISHED)


class Version(models.Model):
    """The text of a page at one time. Never edited once published; publication freezes it into `document`.

    `imported_hash` is the SHA-256 of the file that a version came from; "" for what staff write. `signed_hash` is that
    of the clinical fields as they were signed off (`publishing/signature.py`), `words_hash` that of what readers notice
    of a published version (`documents.py`). `written_against`, which each kind has, is the published version in the
    leading language that it says the same as (`languages.py`). Patients could read it from `published_at` until
    `superseded_at`: until another took its place, or the page was withdrawn. Versions of one `publish_group` are
    published together at `publish_at`; why they were not is kept until somebody decides anew. `reminded_on` is the day
    on which staff were last reminded of its next review.
    """

    number = models.PositiveIntegerField(_("number"))
    state = models.CharField(_("state"), max_length=12, choices=State, default=State.DRAFT)
    revision = models.PositiveIntegerField(default=1, editable=False)
    created_at = models.DateTimeField(_("started"), default=timezone.now, editable=False)
    authors = models.ManyToManyField(
        settings.AUTH_USER_MODEL, related_name="%(class)ss_written", blank=True, verbose_name=_("authors")
    )
    plain_name = models.CharField(
        _("plain name"), max_length=120, help_text=_("What a patient would call it. It is the heading of the page.")
    )
    medical_name = models.CharField(_("medical name"), max_length=120, blank=True)
    synonyms = models.JSONField(
        _("other names"), default=list, blank=True, help_text=_("Words people search by, misspellings too.")
    )
    summary = models.TextField(_("summary"), help_text=_("One or two sentences: what it is. No formatting."))
    changes_wanted = models.TextField(_("changes asked for"), blank=True, editable=False)
    sent_for_review_at = models.DateTimeField(_("sent for review"), null=True, editable=False)
    signed_off_at = models.DateTimeField(_("signed off"), null=True, editable=False)
    signed_off_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        editable=False,
        related_name="%(class)ss_signed_off",
        verbose_name=_("signed off by"),
    )
    reviewed_by = models.ForeignKey(
        Clinician, on_delete=models.PROTECT, null=True, editable=False, related_name="+", verbose_name=_("reviewer")
    )
    reviewed_on = models.DateField(_("reviewed on"), null=True, editable=False)
    next_review_due = models.DateField(_("next review due"), null=True, editable=False)
    published_at = models.DateTimeField(_("published"), null=True, editable=False)
    imported_hash = models.CharField(max_length=64, blank=True, editable=False)
    document = models.JSONField(null=True, editable=False)
    publish_at = models.DateTimeField(_("to be published"), null=True, editable=False)
    publish_at_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        editable=False,
        related_name="+",
        verbose_name=_("time set by"),
    )
    publish_group = models.UUIDField(null=True, editable=False)
    publish_refused_at = models.DateTimeField(null=True, editable=False)
    publish_refusal = TranslatedField(null=True, default=None, editable=False)
    reminded_on = models.DateField(null=True, editable=False)
    # Kept in the database too, for the release before, which does not know the column.
    signed_hash = models.CharField(max_length=64, blank=True, default="", db_default="", editable=False)
    superseded_at = models.DateTimeField(_("off the site"), null=True, editable=False)
    words_hash = models.CharField(max_length=64, blank=True, default="", db_default="", editable=False)

    objects = VersionQuerySet.as_manager()

    class Meta:
        abstract = True

    def __str__(self):
        return f"{self.plain_name}, {self.number}"

    # The fields that take Markdown, in the order of the page; each kind of version has its own.
    markdown_fields = ()

    @property
    def is_editable(self):
        """Whether an editor may change it now: a draft, or what is signed off, whose signature that may void."""
        return self.state in (State.DRAFT, State.SIGNED_OFF)

    @property
    def missed_its_time(self):
        """Whether it should have been published by now, and was not."""
        is_late = self.publish_at is not None and self.publish_at < timezone.now() - MISSED_AFTER
        return is_late or self.publish_refused_at is not None

    @property
    def language(self):
        """The language of its page."""
        return self.page.language


def page_constraints(name, subject):
    """Return the constraints of a kind of page: one a language, one an address."""
    return [
        models.UniqueConstraint(fields=[subject, "language"], name=f"{name}_once_a_language"),
        models.UniqueConstraint(fields=["language", "slug"], name=f"{name}_slug_once_a_language"),
    ]


def former_address_constraints(name):
    """Return the constraint of a kind of former address: it leads to one page."""
    return [models.UniqueConstraint(fields=["language", "slug"], name=f"{name}_once_a_language")]


def version_constraints(name):
    """Return the constraints of a kind of version: who and when go together, one open and one live a page."""
    is_signed = Q(state__in=(State.SIGNED_OFF, State.PUBLISHED, State.SUPERSEDED))
    is_published = Q(state__in=(State.PUBLISHED, State.SUPERSEDED))
    # Without a user it was signed outside the site, and a content file names the clinician.
    signature = Q(reviewed_by__isnull=False, signed_off_at__isnull=False, reviewed_on__isnull=False)
    no_signature = Q(signed_off_by=None, signed_off_at=None)
    frozen = Q(document__isnull=False, published_at__isnull=False)
    not_frozen = Q(document=None, published_at=None)
    scheduled = Q(
        state=State.SIGNED_OFF, publish_at__isnull=False, publish_at_by__isnull=False, publish_group__isnull=False
    )
    not_scheduled = Q(publish_at=None, publish_at_by=None, publish_group=None, publish_refused_at=None)
    return [
        models.UniqueConstraint(fields=["page", "number"], name=f"{name}_number_once_a_page"),
        models.UniqueConstraint(fields=["page"], condition=Q(state__in=UNPUBLISHED), name=f"{name}_one_open_a_page"),
        models.UniqueConstraint(fields=["page"], condition=Q(state=State.PUBLISHED), name=f"{name}_one_live_a_page"),
        models.CheckConstraint(condition=(is_signed & signature) | (~is_signed & no_signature), name=f"{name}_signed"),
        models.CheckConstraint(condition=(is_published & frozen) | (~is_published & not_frozen), name=f"{name}_frozen"),
        models.CheckConstraint(condition=scheduled | not_scheduled, name=f"{name}_scheduled"),
        models.CheckConstraint(
            condition=Q(next_review_due=None) | Q(next_review_due__gt=F("reviewed_on")), name=f"{name}_review_dates"
        ),
    ]


def version_indexes(name):
    """Return the indexes of a kind of version: the desk reads few of very many, and the sender asks what is due."""
    return [
        models.Index(fields=["publish_at"], condition=Q(publish_at__isnull=False), name=f"{name}_due"),
        models.Index(fields=["state", "next_review_due"], name=f"{name}_by_state"),
    ]

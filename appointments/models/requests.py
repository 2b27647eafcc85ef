"""The request, never called an appointment until a time is agreed: who asks for what, and where it stands."""

import unicodedata
from contextlib import suppress

from django.conf import settings
from django.db import models, transaction
from django.db.models import Q
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from appointments.models.name_tokens import write_name_tokens
from clinic.encryption import EncryptedDateField, EncryptedJSONField, EncryptedTextField, KeyedIndexField
from clinic.models import Location
from clinic.telephone import normalise_phone
from clinic.translated import language_choices
from clinic.visible import VisibleQuerySet
from procedures.models import Procedure, ProcedureVersion


def normalise_email(email):
    """Return an e-mail address as it is compared: case aside, a name of a site in its own letters (RFC 5890)."""
    before, at, site = unicodedata.normalize("NFC", email.strip()).casefold().rpartition("@")
    if "xn--" in site:
        with suppress(UnicodeError):
            site = site.encode("ascii").decode("idna")
    return f"{before}{at}{site}"


class Status(models.TextChoices):
    """Where a request stands."""

    NEW = "new", _("new")
    IN_PROGRESS = "in_progress", _("in progress")
    WAITING = "waiting", _("waiting for the patient")
    AGREED = "agreed", _("time agreed")
    ANSWERED = "answered", _("answered")
    DECLINED = "declined", _("declined")
    WITHDRAWN = "withdrawn", _("withdrawn")
    CLOSED = "closed", _("closed")


# What holds somebody's name.
NAMES = frozenset({"full_name", "helper"})
WAITS_FOR_CLINIC = (Status.NEW, Status.IN_PROGRESS)
OPEN = (*WAITS_FOR_CLINIC, Status.WAITING, Status.AGREED)
IN_HAND = (Status.IN_PROGRESS, Status.WAITING)
CLOSED = (Status.DECLINED, Status.WITHDRAWN, Status.CLOSED)
# What waits for the clinic needs no such mark: it stands in the queue by itself.
MAY_HAVE_NEWS = (Status.WAITING, Status.AGREED, Status.WITHDRAWN)

# How the tag of a status looks, to staff and to patients alike (templates/_components/status_tag.html).
STATUS_TONES = {
    Status.NEW: "new",
    Status.IN_PROGRESS: "going",
    Status.WAITING: "waiting",
    Status.AGREED: "good",
    Status.ANSWERED: "good",
    Status.DECLINED: "stopped",
    Status.WITHDRAWN: "stopped",
    Status.CLOSED: "stopped",
}


class Kind(models.TextChoices):
    """Whether a patient sent it; practice and heartbeat requests are never counted."""

    REAL = "real", _("real")
    PRACTICE = "practice", _("practice")
    HEARTBEAT = "heartbeat", _("heartbeat")


class Source(models.TextChoices):
    """By which door it came in: the patient sent it, or staff wrote it down for them."""

    WEB = "web", _("the website")
    TELEPHONE = "telephone", _("telephone")
    WALK_IN = "walk_in", _("in person")
    PAPER = "paper", _("paper")


class Wish(models.TextChoices):
    """What the patient would like."""

    APPOINTMENT = "appointment", _("an appointment")
    QUESTION = "question", _("an answer to a question")


class DeclineReason(models.TextChoices):
    """Why the clinic cannot help with a request, in the words that the patient reads."""

    NOT_OFFERED = "not_offered", _("we do not offer this treatment")
    REFERRAL_NEEDED = "referral_needed", _("a letter from a doctor is needed first")
    OTHER_CARE = "other_care", _("other care is better for this problem")
    NOT_REACHED = "not_reached", _("we could not reach you")
    DUPLICATE = "duplicate", _("we have this request from you already")


class HeldBecause(models.TextChoices):
    """What makes a request look as if no patient had sent it. Staff read it; whoever sent it never does."""

    DECOY = "decoy", _("a box that people do not see was filled in")
    TOO_FAST = "too_fast", _("the form was filled in faster than anybody reads it")
    MANY_FROM_ADDRESS = "many_from_address", _("many requests came from the same network")
    MANY_FROM_CONTACT = "many_from_contact", _("many requests came with the same e-mail address or telephone number")
    MANY_TODAY = "many_today", _("more requests came today than the clinic’s daily number")
    STAFF = "staff", _("a member of staff said that it is spam")


class IsOneOf(models.Func):
    """Whether a column holds one of our own constants, written out in the query.

    SQLite uses an index over such rows alone only where their values stand in the query, not as its parameters.
    """

    template = "(%(expressions)s IN (%(values)s))"
    output_field = models.BooleanField()

    def __init__(self, column, values):
        super().__init__(models.F(column) if isinstance(column, str) else column)
        self.values = tuple(str(value) for value in values)

    def as_sql(self, compiler, connection, **context):
        values = ", ".join(f"'{value}'" for value in self.values)
        return super().as_sql(compiler, connection, values=values, **context)


def number_of(rows, name):
    """Return how many `rows` belong to the row of the outer query; in the column `name` they are all the same."""
    counted = rows.order_by().values(name).annotate(number=models.Count("pk")).values("number")
    return Coalesce(models.Subquery(counted), 0)


class RequestQuerySet(VisibleQuerySet):
    """Queue words."""

    def visible_to(self, user):
        """Requests of the locations to which this member of staff is limited, and those with none chosen yet.

        All of them without a limit, none without the right to view requests. One row: `is_at_a_place_of`.
        """
        rows = super().visible_to(user)
        return rows.filter(Q(location=None) | Q(location__in=user.location_ids)) if user.location_ids else rows

    def real(self):
        """Requests that patients sent."""
        return self.filter(kind=Kind.REAL)

    def practice(self):
        """Requests that staff made for training."""
        return self.filter(kind=Kind.PRACTICE)

    def not_heartbeat(self):
        """What staff may look at: what patients sent, and what is for training."""
        return self.exclude(kind=Kind.HEARTBEAT)

    def held_as_spam(self):
        """Requests that look like spam and wait for somebody to say whether they are."""
        return self.filter(held_because__gt="")

    def trusted(self):
        """Requests that are not held as spam."""
        return self.filter(held_because="")

    def to_be_judged(self):
        """Requests held as spam of which nobody has said yet whether they are."""
        return self.held_as_spam().filter(status=Status.NEW)

    def judged_spam(self):
        """Requests held as spam for which nothing is left to do: judged, or withdrawn."""
        return self.held_as_spam().filter(status__in=[status for status in Status if status != Status.NEW])

    def waiting_for_clinic(self):
        """What waits for the clinic, held as spam or not."""
        return self.filter(IsOneOf("status", WAITS_FOR_CLINIC))

    def held_by(self, user):
        """What this member of staff has in hand: to do, or waiting for its patient."""
        return self.filter(IsOneOf("status", IN_HAND), holder=user)

    def unclaimed(self):
        """What waits for the clinic, and nobody has."""
        return self.waiting_for_clinic().filter(holder=None)

    def ended(self):
        """What nothing more is to be done about."""
        return self.filter(IsOneOf("status", CLOSED))

    def with_news(self):
        """Requests whose patients told us something while it was not our turn, and nobody has taken notice yet."""
        return self.trusted().filter(news_since__isnull=False, status__in=MAY_HAVE_NEWS)

    def snoozed(self, now=None):
        """What somebody put aside until a moment that is still to come."""
        return self.filter(snoozed_until__gt=now or timezone.now())

    def not_snoozed(self, now=None):
        """What nobody put aside, or what is back."""
        return self.exclude(snoozed_until__gt=now or timezone.now())

    def in_queue_order(self):
        """Danger first, then urgent, then due soonest: what is overdue comes first by itself."""
        return self.order_by("-is_danger", "-is_urgent", "due_at", "id")

    def overdue(self, now=None):
        """Requests that the clinic promised to have answered by now."""
        return self.waiting_for_clinic().filter(due_at__lt=now or timezone.now())


class RealRequests(models.Manager.from_queryset(RequestQuerySet)):
    """What every query sees unless it asks for more: real requests."""

    def get_queryset(self):
        """Leave out practice and heartbeat requests."""
        return super().get_queryset().real()


class AppointmentRequest(models.Model):
    """What a patient asked for. Every change goes through `appointments/workflow.py`."""

    personal_data = (
        "full_name",
        "email",
        "email_index",
        "phone",
        "phone_index",
        "date_of_birth",
        "matter",
        "preferences",
        "signs",
        "helper",
        "answer",
        "answers_index",
        "danger_because",
    )

    reference = models.CharField(_("reference"), max_length=9, unique=True, editable=False)
    kind = models.CharField(_("kind"), max_length=10, choices=Kind, default=Kind.REAL)
    source = models.CharField(_("came by"), max_length=10, choices=Source, default=Source.WEB)
    status = models.CharField(_("status"), max_length=12, choices=Status, default=Status.NEW)
    revision = models.PositiveIntegerField(default=1, editable=False)
    language = models.CharField(_("language"), max_length=10, choices=language_choices, default="en")
    wish = models.CharField(_("would like"), max_length=12, choices=Wish)
    procedure = models.ForeignKey(
        Procedure, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("procedure")
    )
    location = models.ForeignKey(
        Location, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("location")
    )
    page_version = models.ForeignKey(
        ProcedureVersion,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        editable=False,
        related_name="+",
        verbose_name=_("version of the page that the patient had read"),
    )
    is_danger = models.BooleanField(_("danger"), default=False)
    is_urgent = models.BooleanField(_("urgent"), default=False)
    created_at = models.DateTimeField(_("received"), default=timezone.now, editable=False)
    status_since = models.DateTimeField(_("in this status since"), default=timezone.now, editable=False)
    # The promise runs from here: from when the patient sent it, or last gave the next move back to the clinic.
    promised_from = models.DateTimeField(default=timezone.now, editable=False)
    # For how many working minutes from there; None: the clinic's promise. What was left when the patient was asked.
    promise_minutes = models.PositiveIntegerField(null=True, editable=False)
    due_at = models.DateTimeField(_("due by"), null=True, editable=False)
    # When the clinic first told the patient something, and the working time since it came (workflow/first_answer.py).
    first_answered_at = models.DateTimeField(_("first answered"), null=True, editable=False)
    first_answer_minutes = models.PositiveIntegerField(_("working minutes to it"), null=True, editable=False)
    holder = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="requests_held",
        verbose_name=_("held by"),
    )
    held_since = models.DateTimeField(_("held since"), null=True, editable=False)
    snoozed_until = models.DateTimeField(_("put aside until"), null=True, editable=False)
    # Since when the patient has told us something that no member of staff took notice of (workflow/news.py).
    news_since = models.DateTimeField(_("news since"), null=True, editable=False)
    merged_into = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        editable=False,
        related_name="merged",
        verbose_name=_("joined with"),
    )
    decline_reason = models.CharField(_("reason"), max_length=20, choices=DeclineReason, blank=True)
    held_because = models.CharField(_("held as spam because"), max_length=20, choices=HeldBecause, blank=True)
    wants_details = models.BooleanField(
        _("messages name the treatment"), default=False, help_text=_("Else they say nothing that others may not read.")
    )
    # What `preferences` say, so that whoever waits for an earlier time is found without opening every request.
    wants_sooner = models.BooleanField(
        _("wants an earlier time that comes free"), default=False, db_default=False, editable=False
    )
    wants_reminders = models.BooleanField(_("wants reminders"), default=True)
    bounced_at = models.DateTimeField(_("e-mail came back"), null=True, editable=False)
    # One calendar entry a request (RFC 5545), named by its reference: a higher sequence updates or cancels it.
    calendar_sequence = models.PositiveIntegerField(default=0, editable=False)

    full_name = EncryptedTextField(_("name"))
    email = EncryptedTextField(_("e-mail"), blank=True)
    email_index = KeyedIndexField(source="email", normalise=normalise_email)
    phone = EncryptedTextField(_("telephone"), blank=True)
    phone_index = KeyedIndexField(source="phone", normalise=normalise_phone)
    date_of_birth = EncryptedDateField(_("date of birth"), null=True, blank=True)
    matter = EncryptedTextField(_("what is the matter"))
    preferences = EncryptedJSONField(_("when it suits"), null=True, blank=True)
    signs = EncryptedJSONField(_("warning signs shown, and the answers"), null=True, blank=True)
    helper = EncryptedJSONField(_("who asks for the patient"), null=True, blank=True)
    answer = EncryptedTextField(_("answer to the patient"), blank=True)
    # All that was found so far, so that what staff judged to be no danger is not found again (workflow/danger.py).
    danger_because = EncryptedJSONField(_("words of danger"), null=True, blank=True, editable=False)
    # A keyed index of all answers as sent: tells the same form sent again from one sent with other answers.
    answers_index = models.CharField(max_length=64, blank=True, editable=False)

    objects = RealRequests()
    of_every_kind = RequestQuerySet.as_manager()

    class Meta:
        verbose_name = _("request")
        verbose_name_plural = _("requests")
        default_permissions = ("view",)
        permissions = [
            ("triage_appointmentrequest", "Can claim and answer requests"),
            ("release_others", "Can release requests that others hold"),
            ("view_figures", "Can see the figures of requests"),
            ("erase_person", "Can erase a person, and export what is held of one"),
        ]
        base_manager_name = "of_every_kind"
        indexes = [
            # One index serves the order of each view of the queue (appointments/admin/queue/views.py). None begins with
            # the kind, which nearly all share: SQLite would think that it finds few rows by it.
            # At its end stands what is asked besides, so that counting a view opens no row.
            models.Index(
                fields=[
                    *("held_because", "-is_danger", "-is_urgent", "due_at", "id"),
                    *("kind", "status", "snoozed_until", "holder"),
                ],
                condition=Q(status__in=WAITS_FOR_CLINIC),
                name="request_queue",
            ),
            models.Index(
                fields=["holder", "held_because", "kind", "status"],
                condition=Q(status__in=IN_HAND),
                name="request_in_hand",
            ),
            models.Index(fields=["status", "held_because", "id", "kind"], name="request_by_state"),
            # With all that the filters ask, so that what fits seldom is found without opening each row.
            models.Index(
                fields=["held_because", "id", "kind", "status", "procedure", "location"], name="request_by_number"
            ),
            models.Index(
                fields=["snoozed_until", "id", "kind"], condition=Q(snoozed_until__isnull=False), name="request_snoozed"
            ),
            models.Index(
                fields=["held_because", "-is_danger", "news_since", "id", "kind", "status"],
                condition=Q(news_since__isnull=False),
                name="request_news",
            ),
            models.Index(fields=["status", "due_at"], name="request_by_status"),
            # By arrival, with all that the figures count (appointments/figures.py), who then open no row.
            models.Index(
                fields=[
                    *("held_because", "created_at", "kind", "first_answer_minutes", "status"),
                    *("procedure", "location", "language"),
                ],
                name="request_figures",
            ),
            models.Index(fields=["kind"], condition=Q(kind="practice"), name="request_practice"),
            models.Index(
                fields=["held_because", "created_at", "id", "status", "kind"],
                condition=Q(wants_sooner=True),
                name="request_sooner",
            ),
            models.Index(
                fields=["status", "held_because", "page_version", "id", "kind"],
                condition=Q(page_version__isnull=False),
                name="request_had_read",
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(holder=None, held_since=None) | Q(holder__isnull=False, held_since__isnull=False),
                name="request_holder_and_since",
            ),
            models.CheckConstraint(condition=~Q(status="new") | Q(holder=None), name="request_new_is_unheld"),
            models.CheckConstraint(
                condition=~Q(status="declined") | ~Q(decline_reason=""), name="request_declined_has_reason"
            ),
            models.CheckConstraint(condition=~Q(email_index="", phone_index=""), name="request_can_be_answered"),
            models.CheckConstraint(
                condition=~Q(status__in=["new", "in_progress"]) | Q(due_at__isnull=False), name="request_waiting_is_due"
            ),
            models.CheckConstraint(
                condition=Q(merged_into=None) | (Q(status="closed") & ~Q(merged_into=models.F("id"))),
                name="request_merged_is_closed",
            ),
            models.CheckConstraint(
                condition=Q(first_answered_at=None, first_answer_minutes=None)
                | Q(first_answered_at__isnull=False, first_answer_minutes__isnull=False),
                name="request_first_answer_is_measured",
            ),
        ]

    def __str__(self):
        return self.reference

    def save(self, *args, **kwargs):
        """Save it, and with a name the tokens by which it is found."""
        is_new, written = self._state.adding, kwargs.get("update_fields")
        shut = self.get_deferred_fields()
        has_names = not shut >= NAMES if written is None else not NAMES.isdisjoint(written)
        with transaction.atomic(savepoint=False):
            super().save(*args, **kwargs)
            if has_names:
                write_name_tokens(self, is_new=is_new)

    @property
    def is_practice(self):
        """Whether it is for training: nobody is written to, and it is never counted."""
        return self.kind == Kind.PRACTICE

    def is_at_a_place_of(self, user):
        """Whether this member of staff works for its location; everybody does while none is chosen."""
        return self.location_id is None or not user.location_ids or self.location_id in user.location_ids

    @property
    def is_open(self):
        """Whether something can still come of it."""
        return self.status in OPEN

    @property
    def can_be_written_to(self):
        """Whether a message by e-mail is likely to arrive; else the clinic telephones."""
        return bool(self.email) and self.bounced_at is None

    @property
    def waits_for_clinic(self):
        """Whether the clinic has the next move."""
        return self.status in WAITS_FOR_CLINIC

    def is_snoozed(self, now=None):
        """Whether somebody put it aside until a moment that is still to come."""
        return self.snoozed_until is not None and self.snoozed_until > (now or timezone.now())

    @property
    def has_news(self):
        """Whether the patient told us something, while it was not our turn, that nobody has taken notice of yet."""
        return self.news_since is not None and self.status in MAY_HAVE_NEWS and not self.held_because

    def is_overdue(self, now=None):
        """Whether the clinic promised to have answered by now."""
        return self.waits_for_clinic and self.due_at < (now or timezone.now())

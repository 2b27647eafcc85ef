"""Who and where the clinic is: profile, places, hours, people, and the stamp that says when a public page changed."""

from datetime import timedelta
from zoneinfo import ZoneInfo

from django.core.exceptions import ValidationError
from django.core.validators import MinValueValidator, RegexValidator
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from clinic.hours import WorkingHours
from clinic.telephone import telephone_href
from clinic.translated import TranslatedField
from clinic.visible import VisibleQuerySet

PICTURE_UNDECIDED = _("Describe the picture, or mark it decorative: one of the two.")

telephone_shape = RegexValidator(r"[0-9]", _("Write a telephone number with digits."))


class Weekday(models.IntegerChoices):
    """A day of the week, numbered as Python's `date.weekday()` does."""

    MONDAY = 0, _("Monday")
    TUESDAY = 1, _("Tuesday")
    WEDNESDAY = 2, _("Wednesday")
    THURSDAY = 3, _("Thursday")
    FRIDAY = 4, _("Friday")
    SATURDAY = 5, _("Saturday")
    SUNDAY = 6, _("Sunday")


class Urgency(models.TextChoices):
    """How soon a warning sign needs help."""

    EMERGENCY = "emergency", _("Emergency: call the emergency number now")
    URGENT = "urgent", _("Urgent: telephone us today")
    ASK = "ask", _("Ask us")


class SpokenLanguage(models.TextChoices):
    """A language in which patients can talk with a clinician, by its IETF code (BCP 47)."""

    ENGLISH = "en", _("English")
    SPANISH = "es", _("Spanish")
    SIGN = "ase", _("American Sign Language")
    ARABIC = "ar", _("Arabic")
    CANTONESE = "yue", _("Cantonese")
    FRENCH = "fr", _("French")
    GERMAN = "de", _("German")
    HINDI = "hi", _("Hindi")
    ITALIAN = "it", _("Italian")
    JAPANESE = "ja", _("Japanese")
    KOREAN = "ko", _("Korean")
    MANDARIN = "cmn", _("Mandarin")
    POLISH = "pl", _("Polish")
    PORTUGUESE = "pt", _("Portuguese")
    PUNJABI = "pa", _("Punjabi")
    RUSSIAN = "ru", _("Russian")
    SOMALI = "so", _("Somali")
    TAGALOG = "tl", _("Tagalog")
    UKRAINIAN = "uk", _("Ukrainian")
    VIETNAMESE = "vi", _("Vietnamese")


class StoredFile(models.Model):
    """One uploaded file. `hash` is the SHA-256 of its bytes; the same file uploaded twice is one row.

    It is kept under that hash, so that an address never changes what it shows.
    """

    personal_data = ()

    hash = models.CharField(max_length=64, unique=True, editable=False)
    name = models.CharField(_("file name"), max_length=120)
    content_type = models.CharField(max_length=60, editable=False)
    size = models.PositiveIntegerField(_("size in bytes"), editable=False)
    width = models.PositiveIntegerField(_("width in pixels"), null=True, editable=False)
    height = models.PositiveIntegerField(_("height in pixels"), null=True, editable=False)
    stored_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("file")
        verbose_name_plural = _("files")

    def __str__(self):
        return self.name

    def get_absolute_url(self):
        """The address that never changes."""
        return reverse("media", args=[self.hash, self.name])

    @property
    def path(self):
        """Where the file lies below MEDIA_ROOT."""
        return f"{self.hash[:2]}/{self.hash}"


class Pictured(models.Model):
    """What may have a picture: described, or marked decorative; there is none without that decision."""

    picture = models.ForeignKey(
        StoredFile, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("picture")
    )
    alternative_text = TranslatedField(
        _("words for those who cannot see it"), blank=True, help_text=_("What the picture shows.")
    )
    is_decorative = models.BooleanField(
        _("decorative"), default=False, help_text=_("It tells nothing that the text beside it does not.")
    )

    class Meta:
        abstract = True
        constraints = [
            models.CheckConstraint(
                condition=Q(picture=None)
                | Q(is_decorative=True, alternative_text={})
                | (Q(is_decorative=False) & ~Q(alternative_text={})),
                name="%(class)s_picture_decided",
                violation_error_message=PICTURE_UNDECIDED,
            )
        ]


class WhenOverdue(models.TextChoices):
    """What a page says to readers once it is past its review date; what it says of dates is true in each case."""

    DATES = "dates", _("Nothing but the dates: when it was checked, and when the next check was due")
    FOOT = "foot", _("A warning at the foot of the page, beside the dates")
    TOP = "top", _("A warning at the top of the page, below its heading")


class ClinicProfile(models.Model):
    """The clinic as patients meet it: one row."""

    personal_data = ()

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    name = models.CharField(_("name"), max_length=80)
    strapline = TranslatedField(_("what the clinic does, in one line"), blank=True)
    telephone = models.CharField(_("telephone"), max_length=40, validators=[telephone_shape])
    emergency_number = models.CharField(_("emergency number"), max_length=20, default="911")
    email = models.EmailField(_("e-mail"), blank=True)
    address = models.TextField(_("postal address"), blank=True)
    about = TranslatedField(_("why patients can trust you"), long=True, blank=True)
    privacy = TranslatedField(_("privacy page"), long=True, blank=True)
    accessibility = TranslatedField(_("accessibility page"), long=True, blank=True)
    demonstration_notice = TranslatedField(
        _("demonstration notice"), blank=True, help_text=_("Stands on every page. Empty it when the clinic is real.")
    )
    promise_hours = models.PositiveSmallIntegerField(
        _("promise, in working hours"),
        default=8,
        validators=[MinValueValidator(1)],
        help_text=_("Within how many working hours you answer a request."),
    )
    urgent_promise_hours = models.PositiveSmallIntegerField(
        _("promise for urgent requests, in working hours"), default=2, validators=[MinValueValidator(1)]
    )
    # What a chore of the sender reckons once a day: within how many working hours nine in ten got their first answer.
    # None where too few did to say so; patients then read the promise.
    answered_within_hours = models.PositiveSmallIntegerField(null=True, editable=False)
    answers_reckoned_on = models.DateField(null=True, editable=False)

    discreet_name = models.CharField(
        _("discreet name"),
        max_length=80,
        blank=True,
        help_text=_("Signs messages that others may see: a name that does not tell what you treat."),
    )
    daily_number = models.PositiveIntegerField(
        _("daily number of requests"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text=_("Above it, requests of that day wait for a look before they join the queue. None is refused."),
    )
    when_overdue = models.CharField(
        _("what readers are told"), max_length=10, choices=WhenOverdue, default=WhenOverdue.FOOT
    )

    objects = VisibleQuerySet.as_manager()

    class Meta:
        verbose_name = _("clinic profile")
        verbose_name_plural = _("clinic profile")
        constraints = [models.CheckConstraint(condition=Q(id=1), name="profile_is_one_row")]

    def __str__(self):
        return self.name

    @property
    def telephone_href(self):
        """The address that dials the clinic."""
        return telephone_href(self.telephone)

    @property
    def is_demonstration(self):
        """Whether every page says that the clinic is made up."""
        return bool(str(self.demonstration_notice))

    def promise(self, *, urgent=False):
        """Return the working time (timedelta) within which a request is answered."""
        return timedelta(hours=self.urgent_promise_hours if urgent else self.promise_hours)

    @classmethod
    def current(cls):
        """Return the profile; an unsaved nameless one before anybody filled it in."""
        return cls.objects.filter(id=1).first() or cls()


def profile_trouble():
    """The part "clinic profile" of the status page: a sentence while patients cannot see whom to call, else None."""
    profile = ClinicProfile.current()
    if profile.name and profile.telephone:
        return None
    return "The clinic has no name or telephone number yet: fill in its profile at the clinic desk."


class Location(models.Model):
    """A place where the clinic sees patients."""

    personal_data = ()

    key = models.SlugField(_("key"), unique=True, help_text=_("A short name for files and addresses in English."))
    name = models.CharField(_("name"), max_length=80)
    address = models.TextField(_("address"))
    telephone = models.CharField(_("telephone"), max_length=40, blank=True, validators=[telephone_shape])
    email = models.EmailField(_("e-mail"), blank=True)
    getting_there = TranslatedField(_("how to get there"), long=True, blank=True)
    step_free = TranslatedField(_("step-free access"), blank=True)
    order = models.PositiveSmallIntegerField(_("order"), default=0)
    is_open = models.BooleanField(_("in use"), default=True, help_text=_("Untick it to take the place off the site."))

    objects = VisibleQuerySet.as_manager()

    class Meta:
        verbose_name = _("location")
        verbose_name_plural = _("locations")
        ordering = ["order", "name"]

    def __str__(self):
        return self.name

    @property
    def telephone_href(self):
        """The address that dials this place."""
        return telephone_href(self.telephone)

    @property
    def address_lines(self):
        """The address, line by line."""
        return self.address.splitlines()


class OpeningHours(models.Model):
    """One span of a weekday; without a location, when reception answers the telephone and requests."""

    personal_data = ()

    location = models.ForeignKey(
        Location,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="hours",
        verbose_name=_("location"),
        help_text=_("Leave empty for reception: when the telephone and requests are answered."),
    )
    weekday = models.PositiveSmallIntegerField(_("day"), choices=Weekday)
    opens = models.TimeField(_("opens"))
    closes = models.TimeField(_("closes"))

    objects = VisibleQuerySet.as_manager()

    class Meta:
        verbose_name = _("opening hours")
        verbose_name_plural = _("opening hours")
        ordering = ["location", "weekday", "opens"]
        constraints = [
            models.CheckConstraint(
                condition=Q(closes__gt=F("opens")),
                name="hours_close_after_opening",
                violation_error_message=_("Closing time must be later than opening time."),
            ),
        ]

    def __str__(self):
        return f"{self.get_weekday_display()} {self.opens:%H:%M}–{self.closes:%H:%M}"

    def clean(self):
        """Refuse a span that overlaps another of the same day and place, which would count its hours twice."""
        if None in (self.weekday, self.opens, self.closes):
            return
        same_day = OpeningHours.objects.filter(location=self.location, weekday=self.weekday).exclude(pk=self.pk)
        if other := same_day.filter(opens__lt=self.closes, closes__gt=self.opens).first():
            raise ValidationError(_("These hours overlap %(hours)s. Change one of the two.") % {"hours": other})


class Closure(models.Model):
    """A day on which the clinic, or one place, is closed."""

    personal_data = ()

    location = models.ForeignKey(
        Location,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        verbose_name=_("location"),
        help_text=_("Leave empty when the whole clinic is closed, reception included."),
    )
    date = models.DateField(_("date"))
    reason = TranslatedField(_("reason, as patients read it"), blank=True)

    objects = VisibleQuerySet.as_manager()

    class Meta:
        verbose_name = _("closure")
        verbose_name_plural = _("closures")
        ordering = ["date"]
        constraints = [
            models.UniqueConstraint(fields=["date"], condition=Q(location=None), name="closure_once_a_day"),
            models.UniqueConstraint(fields=["location", "date"], name="closure_once_a_day_and_place"),
        ]

    def __str__(self):
        return f"{self.date}"


def reception_hours():
    """Return the WorkingHours of reception, in which the promise to patients runs (2 queries)."""
    return _hours(OpeningHours.objects.filter(location=None), Closure.objects.filter(location=None))


def hours_at(location):
    """Return the WorkingHours of a place, closed too when the whole clinic is (2 queries)."""
    closures = Closure.objects.filter(Q(location=None) | Q(location=location))
    return _hours(OpeningHours.objects.filter(location=location), closures)


def _hours(rows, closures):
    spans = {}
    for row in rows:
        spans.setdefault(row.weekday, []).append((row.opens, row.closes))
    closed = frozenset(closures.values_list("date", flat=True))
    return WorkingHours(spans, closed, ZoneInfo(timezone.get_default_timezone_name()))


class Clinician(Pictured):
    """A person who treats patients, as the public team page shows them."""

    personal_data = {
        "name": "A clinician's name and registration are public, as patients must be able to check them.",
        "picture": "A photo is there only where the clinic shows it to everybody.",
    }

    key = models.SlugField(_("key"), unique=True)
    name = models.CharField(_("name"), max_length=80)
    role = TranslatedField(_("role"))
    registration_body = models.CharField(_("registration body"), max_length=120, blank=True)
    registration_number = models.CharField(_("registration number"), max_length=40, blank=True)
    languages = models.JSONField(_("languages spoken"), default=list, blank=True)
    biography = TranslatedField(_("about"), long=True, blank=True)
    locations = models.ManyToManyField(Location, blank=True, related_name="clinicians", verbose_name=_("locations"))
    order = models.PositiveSmallIntegerField(_("order"), default=0)
    is_shown = models.BooleanField(_("shown on the site"), default=True)

    objects = VisibleQuerySet.as_manager()

    class Meta(Pictured.Meta):
        verbose_name = _("clinician")
        verbose_name_plural = _("clinicians")
        ordering = ["order", "name"]

    def __str__(self):
        return self.name

    @property
    def language_names(self):
        """The languages spoken, in the reader's words."""
        return [SpokenLanguage(code).label for code in self.languages if code in SpokenLanguage]


class Accreditation(Pictured):
    """A body that vouches for the clinic."""

    personal_data = ()

    key = models.SlugField(_("key"), unique=True)
    name = models.CharField(_("name"), max_length=120)
    body = models.CharField(_("awarded by"), max_length=120)
    since = models.PositiveSmallIntegerField(_("since (year)"), null=True, blank=True)
    order = models.PositiveSmallIntegerField(_("order"), default=0)

    objects = VisibleQuerySet.as_manager()

    class Meta(Pictured.Meta):
        verbose_name = _("accreditation")
        verbose_name_plural = _("accreditations")
        ordering = ["order", "name"]

    def __str__(self):
        return self.name


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


class PageStamp(models.Model):
    """Moves with every write that a public page shows, so that a kept page knows it is old: one row."""

    personal_data = ()

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    value = models.PositiveBigIntegerField(default=1)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(id=1), name="stamp_is_one_row")]

    def __str__(self):
        return str(self.value)

    @classmethod
    def move(cls):
        """Move the stamp, inside the caller's transaction."""
        if not cls.objects.filter(id=1).update(value=F("value") + 1):
            cls.objects.bulk_create([cls(id=1)], ignore_conflicts=True)
            cls.objects.filter(id=1).update(value=F("value") + 1)

    @classmethod
    def current(cls):
        """Return the stamp (a number)."""
        return cls.objects.filter(id=1).values_list("value", flat=True).first() or 1


class Tally(models.Model):
    """How often something happened in one span of time, for limits. `key` is a keyed index: it leads back to nobody."""

    personal_data = {"key": "A keyed index of an address or a contact, which leads back to nobody, kept for 2 days."}

    key = models.CharField(max_length=64, editable=False)
    begins_at = models.DateTimeField(editable=False)
    count = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["key", "begins_at"], name="tally_once_a_span")]
        indexes = [models.Index(fields=["begins_at"], name="tally_by_time")]

    def __str__(self):
        return f"{self.begins_at:%Y-%m-%d %H:%M}"

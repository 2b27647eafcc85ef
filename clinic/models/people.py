"""Who treats patients, and who vouches for the clinic."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from clinic.models.files import Pictured
from clinic.models.places import Location
from clinic.translated import TranslatedField
from clinic.visible import VisibleQuerySet


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

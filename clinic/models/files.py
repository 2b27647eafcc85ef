"""What is kept of uploaded files, and the rows of the clinic's own that may have one as their picture."""

from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from clinic.translated import TranslatedField

PICTURE_UNDECIDED = _("Describe the picture, or mark it decorative: one of the two.")


class StoredFile(models.Model):
    """One uploaded file. `hash` is the SHA-256 of its bytes; the same file uploaded twice is one row.

    It is kept under that hash, so that an address never changes what it shows. `sizes` are smaller copies of a picture,
    stored files as well: [{hash, name, width}], the narrowest first.
    """

    personal_data = ()

    hash = models.CharField(max_length=64, unique=True, editable=False)
    name = models.CharField(_("file name"), max_length=120)
    content_type = models.CharField(max_length=60, editable=False)
    size = models.PositiveIntegerField(_("size in bytes"), editable=False)
    width = models.PositiveIntegerField(_("width in pixels"), null=True, editable=False)
    height = models.PositiveIntegerField(_("height in pixels"), null=True, editable=False)
    sizes = models.JSONField(default=list, editable=False)
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
    def srcset(self):
        """The picture in each of its sizes, as a page offers them to a browser; "" where there is only one."""
        return srcset(self.sizes, self.get_absolute_url(), self.width)

    @property
    def path(self):
        """Where the file lies below MEDIA_ROOT."""
        return f"{self.hash[:2]}/{self.hash}"


def srcset(sizes, url, width):
    """Return the `srcset` of a picture at `url`, `width` pixels wide, and of its copies ({hash, name, width})."""
    copies = [(reverse("media", args=[each["hash"], each["name"]]), each["width"]) for each in sizes]
    return ", ".join(f"{address} {wide}w" for address, wide in [*copies, (url, width)]) if copies else ""


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

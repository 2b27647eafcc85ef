"""Uploaded files: kept under the hash of what they hold, so that an address never changes what it shows."""

from django.db import models
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class StoredFile(models.Model):
    """One uploaded file. `hash` is the SHA-256 of its bytes; the same file uploaded twice is one row."""

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

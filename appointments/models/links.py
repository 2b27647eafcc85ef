"""The private addresses of a request, and the forms that were sent: both know a token by its hash alone."""

from datetime import timedelta

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from appointments.models.requests import AppointmentRequest
from appointments.references import hash_of
from clinic.encryption import EncryptedTextField

TRACKING_LINK_LASTS = timedelta(days=365)


class TrackingLinkQuerySet(models.QuerySet):
    """Reads of private links."""

    def opening(self, request):
        """Links that show this request: its own, and those of what is joined with it."""
        shown = AppointmentRequest.of_every_kind.filter(Q(pk=request.pk) | Q(merged_into=request.pk))
        return self.filter(request__in=shown.values("pk"))


class TrackingLink(models.Model):
    """A private address of a request's status page. Only the token's hash is stored."""

    personal_data = ()

    request = models.ForeignKey(AppointmentRequest, on_delete=models.CASCADE, related_name="tracking_links")
    token_hash = models.CharField(max_length=64, unique=True, editable=False)
    made_for = models.CharField(_("made for"), max_length=40)
    made_at = models.DateTimeField(default=timezone.now, editable=False)
    expires_at = models.DateTimeField(_("expires"))
    revoked_at = models.DateTimeField(_("revoked"), null=True, blank=True)

    objects = TrackingLinkQuerySet.as_manager()

    class Meta:
        verbose_name = _("tracking link")
        verbose_name_plural = _("tracking links")

    def __str__(self):
        return f"{self.made_for} {self.pk}"

    @classmethod
    def make(cls, request, *, token, made_for):
        """Store the private link that `token` opens, and return it; the token itself is not kept."""
        expires_at = timezone.now() + TRACKING_LINK_LASTS
        return cls.objects.create(request=request, token_hash=hash_of(token), made_for=made_for, expires_at=expires_at)

    @property
    def is_open(self):
        """Whether the link still shows the page."""
        return self.revoked_at is None and self.expires_at > timezone.now()


class SentForm(models.Model):
    """A form that was sent, by the hash of its token, so that sending it again never makes a second request.

    It outlives an erased request for as long as a form stays fresh: a replay cannot bring the person back.
    """

    personal_data = ()

    token_hash = models.CharField(max_length=64, unique=True, editable=False)
    request = models.ForeignKey(AppointmentRequest, on_delete=models.SET_NULL, null=True, related_name="sent_forms")
    sent_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("sent form")
        verbose_name_plural = _("sent forms")

    def __str__(self):
        return str(self.pk)


class LinkAsked(models.Model):
    """That somebody asked for a new private link, until the sender has looked whether there is such a request.

    It is kept whether there is one or not, so that nobody learns that from how long the answer takes.
    """

    personal_data = ("contact",)

    reference = models.CharField(max_length=9, editable=False)
    contact = EncryptedTextField(editable=False)
    asked_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("link that was asked for")
        verbose_name_plural = _("links that were asked for")
        default_permissions = ()

    def __str__(self):
        return str(self.pk)

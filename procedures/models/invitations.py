"""The private link by which a clinician without an account reads a version, comments on it, and may approve it."""

from datetime import timedelta
from hashlib import sha256

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from clinic.encryption import EncryptedTextField
from clinic.models import Clinician
from procedures.models.conditions import ConditionVersion
from procedures.models.procedures import ProcedureVersion
from procedures.models.versions import UNPUBLISHED


class ReviewInvitationQuerySet(models.QuerySet):
    """Reads of private links to versions."""

    def opened_by(self, token):
        """Return the link that a token opens, with its version and clinician; None for any other (1 query)."""
        found = self.filter(token_hash=ReviewInvitation.hash_of(token)).select_related(
            "clinician",
            "procedure_version__page__procedure",
            "procedure_version__page__live_version",
            "condition_version__page__condition",
            "condition_version__page__live_version",
        )
        invitation = found.first()
        return invitation if invitation is not None and invitation.is_open else None

    def usable(self):
        """Links that have neither run out nor been revoked nor served."""
        return self.filter(revoked_at=None, approved_at=None, expires_at__gt=timezone.now())

    def over(self, before):
        """Links that had run out, been revoked or served before a moment (aware), and still know an address."""
        ended = Q(expires_at__lt=before) | Q(revoked_at__lt=before) | Q(approved_at__lt=before)
        return self.filter(ended, email__isnull=False)


class ReviewInvitation(models.Model):
    """A private link to one version, for one clinician and the e-mail address that a manager entered.

    The token and the code that approving asks for are known by their hashes alone. The address is forgotten some time
    after the link has ended (`email` is then None); who approved, with role and registration as they were, stays.
    """

    personal_data = {
        "email": "It is encrypted.",
        "signed_name": "Who approved a page is public, with role and registration, as under the page itself.",
    }

    procedure_version = models.ForeignKey(
        ProcedureVersion, on_delete=models.CASCADE, null=True, related_name="invitations"
    )
    condition_version = models.ForeignKey(
        ConditionVersion, on_delete=models.CASCADE, null=True, related_name="invitations"
    )
    clinician = models.ForeignKey(Clinician, on_delete=models.PROTECT, related_name="+", verbose_name=_("clinician"))
    email = EncryptedTextField(_("email address"), null=True)
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField(default=timezone.now)
    token_hash = models.CharField(max_length=64, unique=True, editable=False)
    expires_at = models.DateTimeField(_("works until"))
    revoked_at = models.DateTimeField(_("revoked"), null=True)
    revoked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")

    # The one code that can be typed now: a keyed hash, until when, how often it was tried, and for which text.
    code_hash = models.CharField(max_length=64, blank=True, editable=False)
    code_expires_at = models.DateTimeField(null=True, editable=False)
    code_tries = models.PositiveSmallIntegerField(default=0, editable=False)
    code_revision = models.PositiveIntegerField(null=True, editable=False)
    code_signs = models.CharField(max_length=64, blank=True, editable=False)

    approved_at = models.DateTimeField(_("approved"), null=True, editable=False)
    signed_name = models.CharField(max_length=80, blank=True, editable=False)
    signed_role = models.TextField(blank=True, editable=False)
    registration_body = models.CharField(max_length=120, blank=True, editable=False)
    registration_number = models.CharField(max_length=40, blank=True, editable=False)
    signed_hash = models.CharField(max_length=64, blank=True, editable=False)

    objects = ReviewInvitationQuerySet.as_manager()

    class Meta:
        verbose_name = _("link for a reviewer")
        verbose_name_plural = _("links for reviewers")
        default_permissions = ()
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(procedure_version=None, condition_version__isnull=False)
                | Q(procedure_version__isnull=False, condition_version=None),
                name="invitation_to_one_version",
            ),
            models.CheckConstraint(
                condition=Q(revoked_at=None, revoked_by=None) | Q(revoked_at__isnull=False, revoked_by__isnull=False),
                name="invitation_revoked_by_somebody",
            ),
            models.CheckConstraint(
                condition=Q(approved_at=None, signed_name="", signed_hash="")
                | (Q(approved_at__isnull=False) & ~Q(signed_name="") & ~Q(signed_hash="")),
                name="invitation_approved_by_somebody",
            ),
        ]

    def __str__(self):
        return str(self.pk)

    @staticmethod
    def hash_of(token):
        """Return what is stored of a token."""
        return sha256(token.encode(errors="replace")).hexdigest()

    @property
    def version(self):
        """The version that it leads to, of either kind."""
        return self.procedure_version if self.procedure_version_id else self.condition_version

    @property
    def is_over(self):
        """Whether it was revoked or has run out."""
        return self.revoked_at is not None or self.expires_at <= timezone.now()

    @property
    def is_open(self):
        """Whether it still opens its page: what was published is read on the site."""
        return not self.is_over and self.version.state in UNPUBLISHED

    @property
    def has_code(self):
        """Whether a code was sent that can still be typed."""
        return bool(self.code_hash) and self.code_expires_at > timezone.now()


# How long a link works.
LINK_LASTS, LINK_LASTS_AT_MOST = timedelta(days=14), timedelta(days=30)

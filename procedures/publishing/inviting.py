"""Private links to a version in review, for a clinician without an account: made and revoked by a manager."""

import secrets
from datetime import timedelta

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from audit.actors import STAFF
from audit.models import Event
from clinic.refusals import Refused, Unfit
from procedures.models import ReviewInvitation
from procedures.models.invitations import LINK_LASTS, LINK_LASTS_AT_MOST
from procedures.publishing import link_letters
from procedures.publishing.checks import check_state
from procedures.publishing.moving import locked
from procedures.publishing.table import PUBLISH

MADE, REVOKED = "review_link.made", "review_link.revoked"
TOKEN_BYTES = 24


def check_invite(version, *, by):
    """Raise Refused with the reason when `by` may not send a link to this version now: managers may, authors never."""
    _check_manager(by)
    check_state(version, "sign_off")
    if version.authors.filter(pk=by.id).exists():
        raise Refused(_("You wrote part of this version, so another manager must say who reviews it."))


@transaction.atomic
def invite_reviewer(*, version, clinician, email, by, lasts=LINK_LASTS):
    """Send a clinician a private link to a version in review, and return the ReviewInvitation.

    Approving by it asks for a code that is sent to the same address. The token itself stands in the message alone.
    """
    version = locked(version)
    check_invite(version, by=by)
    if not timedelta(0) < lasts <= LINK_LASTS_AT_MOST:
        raise Unfit(_("Choose between 1 and %(most)d days.") % {"most": LINK_LASTS_AT_MOST.days}, field="days")
    check_clinician(version, clinician)
    if clinician.pk == by.user.clinician_id:
        raise Unfit(_("Nobody sends a link to themselves. Another manager can."), field="clinician")
    email = email.strip()
    check_address(email, clinician)
    if version.invitations.usable().filter(clinician=clinician).exists():
        raise Unfit(_("There is a link for this clinician already. Revoke it first."), field="clinician")
    token, now = secrets.token_urlsafe(TOKEN_BYTES), timezone.now()
    invitation = version.invitations.create(
        clinician=clinician,
        email=email,
        made_by=by.user,
        made_at=now,
        token_hash=ReviewInvitation.hash_of(token),
        expires_at=now + lasts,
    )
    Event.record(MADE, by=by, about=invitation, **_ids(invitation))
    link_letters.send_link(invitation, token=token)
    return invitation


@transaction.atomic
def revoke_invitation(*, invitation, by):
    """Let a link open nothing any more, and a code that is on its way be worth nothing."""
    locked(invitation.version)
    invitation = ReviewInvitation.objects.get(pk=invitation.pk)
    _check_manager(by)
    if invitation.is_over:
        raise Refused(_("This link does not work any more already."))
    invitation.revoked_at, invitation.revoked_by, invitation.code_hash = timezone.now(), by.user, ""
    invitation.save(update_fields=["revoked_at", "revoked_by", "code_hash"])
    Event.record(REVOKED, by=by, about=invitation, **_ids(invitation))


def check_clinician(version, clinician):
    """Raise Unfit when this clinician can sign nothing, or not this version."""
    account = User.objects.filter(clinician=clinician).first()
    if account is not None and (not account.is_active or account.has_expired):
        raise Unfit(_("The account of %(name)s is closed.") % {"name": clinician}, field="clinician")
    if not (clinician.registration_body and clinician.registration_number):
        raise Unfit(
            _("%(name)s has no registration in the team, which stands under what they approve.") % {"name": clinician},
            field="clinician",
        )
    if account is not None and version.authors.filter(pk=account.pk).exists():
        raise Unfit(
            _("%(name)s wrote part of this version, so someone else must approve it.") % {"name": clinician},
            field="clinician",
        )


def check_address(email, clinician):
    """Raise Unfit when an address is none, or is where somebody else of the staff reads: they would approve."""
    try:
        validate_email(email)
    except ValidationError:
        raise Unfit(_("Write the email address in full, such as name@example.com."), field="email") from None
    if User.objects.filter(email__iexact=email).exclude(clinician=clinician).exists():
        raise Unfit(_("This is the address of another member of staff. Write the clinician’s own."), field="email")


def _check_manager(by):
    if by.kind != STAFF or not by.user.has_perm(PUBLISH):
        raise Refused(_("Your role does not allow this."))


def _ids(invitation):
    return {"version": invitation.version.pk, "clinician": invitation.clinician_id}

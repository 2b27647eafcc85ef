"""What somebody does who holds a private link to a version: anyone comments; who reads the mailbox too approves.

Each function looks at the link anew under the lock of the page, so that none outlives the moment of its revocation.
"""

import hmac
import secrets
from datetime import timedelta

from django.db import transaction
from django.utils import timezone, translation
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from audit.actors import Actor
from audit.models import Event
from clinic import limits
from clinic.encryption import index_candidates, index_of
from clinic.refusals import Refused, Stale, Unfit
from procedures.models import ReviewInvitation
from procedures.publishing import link_letters
from procedures.publishing.checks import check_state
from procedures.publishing.comments import comment
from procedures.publishing.inviting import check_address, check_clinician
from procedures.publishing.moving import check_seen, locked, move
from procedures.publishing.review import signature
from procedures.publishing.signature import clinical_hash

OPENED, CODE_SENT, CODE_WRONG = "review_link.opened", "review_link.code_sent", "review_link.code_wrong"
CODE_LENGTH, CODE_LASTS, MOST_TRIES = 8, timedelta(minutes=10), 5
MOST_CODES_A_DAY, MOST_COMMENTS_A_DAY = 5, 40
NAME_LENGTH = 80
# Programs that look through mail open a link many times.
OPENED_AGAIN = timedelta(hours=1)


@transaction.atomic
def note_opened(*, invitation):
    """Record that a link was opened, once an hour at most."""
    lately = Event.objects.about(invitation).filter(verb=OPENED, happened_at__gt=timezone.now() - OPENED_AGAIN)
    if not lately.exists():
        Event.record(OPENED, by=Actor.reviewer(invitation.pk), about=invitation)


@transaction.atomic
def comment_by_link(*, invitation, section, words, name, by):
    """Write a comment on a section (its key), under the name that was typed; return it.

    Anyone may hold the link, so the comment says by whose link it came.
    """
    version, invitation = _locked(invitation)
    name = name.strip()
    if not name:
        raise Unfit(_("Write your name."), field="name")
    if len(name) > NAME_LENGTH:
        raise Unfit(_("Write your name in %(number)d characters at most.") % {"number": NAME_LENGTH}, field="name")
    if limits.count("comment by link", str(invitation.pk), span=limits.DAY) > MOST_COMMENTS_A_DAY:
        raise Refused(_("Too many comments came by this link today. Write the rest tomorrow."))
    with translation.override(version.language):
        by_name = gettext("%(name)s (by the link for %(clinician)s)") % {
            "name": name,
            "clinician": invitation.clinician,
        }
    return comment(version=version, section=section, words=words, by=by, by_name=by_name)


@transaction.atomic
def ask_code(*, invitation, by, seen_revision):
    """Send a code to the clinician's address, good for the text as it was seen; one that was sent before is void."""
    version, invitation = _locked(invitation)
    check_approve(version, invitation)
    check_seen(version, seen_revision)
    if limits.count("review code", str(invitation.pk), span=limits.DAY) > MOST_CODES_A_DAY:
        raise Refused(_("Too many codes were sent today. Ask for one tomorrow, or call us."))
    code = "".join(secrets.choice("0123456789") for _place in range(CODE_LENGTH))
    invitation.code_hash = index_of(_bound(invitation, code), "review code")
    invitation.code_expires_at = timezone.now() + CODE_LASTS
    invitation.code_tries = 0
    invitation.code_revision, invitation.code_signs = version.revision, clinical_hash(version)
    invitation.save(update_fields=["code_hash", "code_expires_at", "code_tries", "code_revision", "code_signs"])
    Event.record(CODE_SENT, by=by, about=invitation, revision=version.revision)
    link_letters.send_code(invitation, code=code)


def approve_by_link(*, invitation, code, by):
    """Sign a version off in the name of the link's clinician, whose name, role and registration are written down.

    A wrong code is counted, which must outlast its refusal. Returns the version.
    """
    with transaction.atomic():
        version, invitation = _locked(invitation)
        check_approve(version, invitation)
        refusal = _try_code(invitation, code, by)
        if refusal is None:
            return _approve(version, invitation, by)
    raise refusal


def check_approve(version, invitation):
    """Raise Refused with the reason when nothing can be approved by this link now."""
    if invitation.approved_at is not None:
        raise Refused(_("This link has served: the text was approved by it."))
    check_state(version, "sign_off")
    check_clinician(version, invitation.clinician)
    if invitation.email is None:
        raise Refused(_("This link is over. Ask the clinic for another."))
    check_address(invitation.email, invitation.clinician)
    if version.authors.filter(pk=invitation.made_by_id).exists():
        raise Refused(_("Whoever sent this link changed the text since. Another manager must send you a link."))


def _locked(invitation):
    version = locked(invitation.version)
    invitation = ReviewInvitation.objects.select_related("clinician", "made_by").get(pk=invitation.pk)
    setattr(invitation, f"{version.page.kind}_version", version)
    if not invitation.is_open:
        raise Refused(_("This link is over. Ask the clinic for another."))
    return version, invitation


def _bound(invitation, code):
    return f"{invitation.pk} {code}"


def _try_code(invitation, typed, by):
    """Count a try; return None for the right code, else the refusal. The last wrong try makes the code void."""
    if not invitation.has_code:
        return Unfit(_("This code is too old, or was tried too often. Ask for a new one."), field="code")
    typed = "".join(sign for sign in typed if not sign.isspace())
    known = index_candidates(_bound(invitation, typed), "review code")
    if any(hmac.compare_digest(each, invitation.code_hash) for each in known):
        return None
    invitation.code_tries += 1
    if invitation.code_tries >= MOST_TRIES:
        invitation.code_hash = ""
    invitation.save(update_fields=["code_tries", "code_hash"])
    Event.record(CODE_WRONG, by=by, about=invitation, tries=invitation.code_tries)
    return Unfit(_("This is not the code that we sent last. Look at the newest message."), field="code")


def _approve(version, invitation, by):
    if version.revision != invitation.code_revision or clinical_hash(version) != invitation.code_signs:
        raise Stale(_("The text was changed since the code was sent. Read it again, then ask for a new code."))
    clinician = invitation.clinician
    version = move(version, "sign_off", by=by, **signature(version, by=by, reviewer=clinician))
    with translation.override(version.language):
        role = str(clinician.role)
    invitation.approved_at, invitation.code_hash = version.signed_off_at, ""
    invitation.signed_name, invitation.signed_role = clinician.name, role
    invitation.registration_body = clinician.registration_body
    invitation.registration_number = clinician.registration_number
    invitation.signed_hash = version.signed_hash
    invitation.save()
    link_letters.tell_of_approval(invitation)
    return version

"""How a page changes: drafts, review, sign-off and publication. One table of moves, and the functions that make them.

Each function runs in one transaction and writes the version, the page and the audit event together. All of them first
lock what the page is about, so that two people, or two languages, never publish past each other.
"""

from dataclasses import dataclass
from datetime import timedelta

from django.db import transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from audit.actors import COMMAND, STAFF
from audit.models import Event
from clinic.models import PageStamp
from clinic.refusals import Refused, Stale, Unfit
from procedures import content_checks, search_index
from procedures.documents import figures_of, freeze
from procedures.models import Leaflet, ProcedureVersion, State
from procedures.sections import sections_of

REVIEW_LASTS = timedelta(days=365)


@dataclass(frozen=True)
class Move:
    """One row of the table: what staff press, from which states, to which, by whom, and what the audit trail says."""

    label: Promise
    allowed_from: tuple
    leads_to: str
    permissions: tuple
    event: str


EDIT, SIGN_OFF, PUBLISH = "procedures.edit_version", "procedures.sign_off_version", "procedures.publish_version"

MOVES = {
    "save_section": Move(
        label=_("Save"),
        allowed_from=(State.DRAFT,),
        leads_to=State.DRAFT,
        permissions=(EDIT,),
        event="version.saved",
    ),
    "send_for_review": Move(
        label=_("Send for review"),
        allowed_from=(State.DRAFT,),
        leads_to=State.IN_REVIEW,
        permissions=(EDIT,),
        event="version.sent_for_review",
    ),
    "ask_for_changes": Move(
        label=_("Ask for changes"),
        allowed_from=(State.IN_REVIEW, State.SIGNED_OFF),
        leads_to=State.DRAFT,
        permissions=(EDIT, SIGN_OFF, PUBLISH),
        event="version.changes_asked",
    ),
    "sign_off": Move(
        label=_("Sign off"),
        allowed_from=(State.IN_REVIEW,),
        leads_to=State.SIGNED_OFF,
        permissions=(SIGN_OFF,),
        event="version.signed_off",
    ),
    "publish": Move(
        label=_("Publish"),
        allowed_from=(State.SIGNED_OFF,),
        leads_to=State.PUBLISHED,
        permissions=(PUBLISH,),
        event="version.published",
    ),
    "withdraw": Move(
        label=_("Withdraw the page"),
        allowed_from=(State.PUBLISHED,),
        leads_to=State.SUPERSEDED,
        permissions=(PUBLISH,),
        event="page.withdrawn",
    ),
}
STARTED, SUPERSEDED = "version.started", "version.superseded"


def state_arrows():
    """Return the arrows of the state diagram: (from, to, label), None standing for "not there yet"."""
    moves = [(start, move.leads_to, move.label) for move in MOVES.values() for start in move.allowed_from]
    return [
        (None, State.DRAFT, _("Start a draft")),
        *moves,
        (State.PUBLISHED, State.SUPERSEDED, _("A newer version is published")),
    ]


# Who may, and when


def check_move(version, name, *, by):
    """Raise Refused with the reason when `by` may not make this move with the version as it stands."""
    move = MOVES[name]
    _check_permission(move.permissions, by)
    if version.state not in move.allowed_from:
        raise Refused(
            _("This version is “%(state)s”, so this cannot be done now.") % {"state": version.get_state_display()}
        )
    if name in CHECKS:
        CHECKS[name](version, by)


def can_move(version, name, *, by):
    """Say whether `by` may make this move now."""
    return _is_allowed(check_move, version, name, by=by)


def check_open_draft(page, *, by):
    """Raise Refused with the reason when `by` may not start a draft of this page now."""
    _check_permission((EDIT,), by)
    if (open_version := page.open_version()) is not None:
        raise Refused(
            _("Version %(number)s of this page is being worked on: it is “%(state)s”.")
            % {"number": open_version.number, "state": open_version.get_state_display()}
        )


def can_open_draft(page, *, by):
    """Say whether `by` may start a draft of this page now."""
    return _is_allowed(check_open_draft, page, by=by)


def check_withdraw(page, *, by):
    """Raise Refused with the reason when `by` may not take this page off the site now."""
    _check_permission(MOVES["withdraw"].permissions, by)
    if not page.is_published:
        raise Refused(_("This page is not on the site."))


def can_withdraw(page, *, by):
    """Say whether `by` may take this page off the site now."""
    return _is_allowed(check_withdraw, page, by=by)


def check_publish(versions, *, by):
    """Raise Refused with the reason when `by` may not publish these versions together now.

    Every figure must be the same in each language that patients will then read; words may run ahead.
    """
    if not versions:
        raise Refused(_("Choose what to publish."))
    for version in versions:
        check_move(version, "publish", by=by)
    going_live = {(version.page.subject, version.page.language): version for version in versions}
    for version in versions:
        for page in version.page.subject.pages.exclude(pk=version.page_id).select_related("live_version"):
            other = going_live.get((version.page.subject, page.language)) or page.live_version
            if other is not None:
                _check_figures_agree(version, other, page)


def _is_allowed(check, *args, by):
    try:
        check(*args, by=by)
    except Refused:
        return False
    return True


def _check_permission(permissions, by):
    if by.kind == COMMAND or (by.kind == STAFF and any(by.user.has_perm(name) for name in permissions)):
        return
    raise Refused(_("Your role does not allow this."))


def _check_content(version, by):
    findings = content_checks.errors(version)
    if findings:
        raise Refused(_("Mend this first: %(finding)s") % {"finding": findings[0]})


def _check_signer(version, by):
    if by.kind != STAFF:
        return
    if by.user.clinician_id is None:
        raise Refused(_("Only a clinician can sign off. A manager can link your account to your entry in the team."))
    if version.authors.filter(pk=by.id).exists():
        raise Refused(_("You wrote part of this version, so someone else must sign it off."))


def _check_figures_agree(version, other, page):
    ours, theirs = figures_of(version), figures_of(other)
    if ours == theirs:
        return
    different = (ours - theirs) + (theirs - ours)
    names = sorted({figure[1] or _recovery_days(figure) for figure in different})
    raise Refused(
        _("These figures differ from the page in %(language)s: %(figures)s. Publish both languages together.")
        % {"language": page.get_language_display(), "figures": ", ".join(names)}
    )


def _recovery_days(figure):
    *_rest, first, last = figure
    days = f"{first}–{last}" if last is not None else f"{first}–"
    return str(_("recovery, day %(days)s") % {"days": days})


CHECKS = {"send_for_review": _check_content, "sign_off": _check_signer, "publish": _check_content}


# Writing


@transaction.atomic
def open_draft(*, page, by):
    """Start a draft of a page from what patients read, or last read, or from nothing; return the new version."""
    _lock([page.subject])
    page.refresh_from_db()
    check_open_draft(page, by=by)
    base = page.live_version or page.versions.filter(state=State.SUPERSEDED).first()
    number = (page.versions.aggregate(last=Max("number"))["last"] or 0) + 1
    version = page.versions.model(page=page, number=number, started_from=base)
    version.save()
    if base is not None:
        for section in sections_of(version):
            section.copy(base, version)
    Event.record(STARTED, by=by, about=version, number=number, started_from=base.pk if base else None)
    return version


@transaction.atomic
def save_section(*, version, section, values, by, seen_revision):
    """Write one section of a draft and return the version as it then stands.

    `values` are clean: a dictionary of the section's fields, or a list of them, one a row, in order. `seen_revision` is
    the revision that the writer opened; raises Stale when the version moved on since, Refused when it is no draft or
    the role does not allow it. The writer becomes an author. What changes nothing leaves no trace.
    """
    version = _locked(version)
    check_move(version, "save_section", by=by)
    before = section.read(version)
    if version.revision != seen_revision:
        raise Stale(_("Somebody changed this version while you had it open. Compare, then save again."))
    section.write(version, values)
    after = section.read(version)
    if after == before:
        return version
    version.revision += 1
    version.save(update_fields=["revision"])
    if by.kind == STAFF:
        version.authors.add(by.user)
    Event.record(
        MOVES["save_section"].event,
        by=by,
        about=version,
        section=section.key,
        fields=_changed_fields(before, after),
        revision=version.revision,
    )
    return version


def _changed_fields(before, after):
    if isinstance(after, dict):
        return sorted(field for field in after if after[field] != before[field])
    return []


# Review


@transaction.atomic
def send_for_review(*, version, by, seen_revision=None):
    """Hand a draft to the reviewers; nobody can change it while they look. Refused while it has findings."""
    version = _locked(version, seen_revision)
    check_move(version, "send_for_review", by=by)
    return _move(version, "send_for_review", by=by, sent_for_review_at=timezone.now())


@transaction.atomic
def ask_for_changes(*, version, words, by, seen_revision=None):
    """Give a version back to its editors as a draft, with the words that say what to change; a signature is void."""
    version = _locked(version, seen_revision)
    check_move(version, "ask_for_changes", by=by)
    words = words.strip()
    if not words:
        raise Unfit(_("Say what should change."), field="words")
    signature = ("signed_off_at", "signed_off_by", "reviewed_by", "reviewed_on", "next_review_due")
    return _move(version, "ask_for_changes", by=by, changes_wanted=words, **dict.fromkeys(signature))


@transaction.atomic
def sign_off(*, version, by, seen_revision=None, reviewed_on=None, next_review_due=None, reviewer=None):
    """Approve a version as it stands, under the name and registration of the signer's clinician.

    The signer is never an author of the version, superusers included. `reviewed_on` is today unless given,
    `next_review_due` a year later. Only a command may name another `reviewer`, whom a content file says approved it.
    """
    version = _locked(version, seen_revision)
    check_move(version, "sign_off", by=by)
    reviewed_on = reviewed_on or timezone.localdate()
    next_review_due = next_review_due or reviewed_on + REVIEW_LASTS
    if next_review_due <= reviewed_on:
        raise Unfit(_("Choose a day after the day of the review."), field="next_review_due")
    if by.kind == STAFF:
        reviewer = by.user.clinician
    if reviewer is None:
        raise Refused(_("Say which clinician approved it."))
    return _move(
        version,
        "sign_off",
        by=by,
        signed_off_at=timezone.now(),
        signed_off_by=by.user,
        reviewed_by=reviewer,
        reviewed_on=reviewed_on,
        next_review_due=next_review_due,
    )


def _move(version, name, *, by, **values):
    move = MOVES[name]
    before = version.state
    for field, value in values.items():
        setattr(version, field, value)
    version.state = move.leads_to
    version.revision += 1
    version.save(update_fields=["state", "revision", *values])
    Event.record(
        move.event, by=by, about=version, **{"from": before, "to": version.state, "revision": version.revision}
    )
    return version


# Publishing


@transaction.atomic
def publish(*, versions, by, seen_revisions=None):
    """Put signed-off versions before patients, all of them or none, and return them.

    Each is frozen into its document, takes the place of the version that was live, and lends the page its names.
    `seen_revisions` are those that the person looked at, by the version's number in the database; raises Stale when
    one of them moved on since.
    """
    _lock(version.page.subject for version in versions)
    versions = [_fresh(version) for version in versions]
    for version in versions:
        _check_seen(version, (seen_revisions or {}).get(version.pk))
    check_publish(versions, by=by)
    for version in versions:
        _supersede(version.page.live_version, by=by)
        version.published_at = timezone.now()
        version.document = freeze(version)
        _move(version, "publish", by=by, published_at=version.published_at, document=version.document)
        _point_page_at(version)
    Leaflet.objects.promise([version for version in versions if isinstance(version, ProcedureVersion)])
    PageStamp.move()
    search_index.index_subjects({version.page.subject for version in versions})
    return versions


@transaction.atomic
def withdraw_page(*, page, by):
    """Take a page off the site at once; its versions stay, and a draft can be started from the last one."""
    _lock([page.subject])
    page.refresh_from_db()
    check_withdraw(page, by=by)
    live = page.live_version
    page.live_version = None
    page.save(update_fields=["live_version"])
    type(live).objects.filter(pk=live.pk).update(state=State.SUPERSEDED)
    Event.record(MOVES["withdraw"].event, by=by, about=page, version=live.pk)
    PageStamp.move()
    search_index.index_subjects([page.subject])
    return page


def _supersede(version, *, by):
    if version is not None:
        type(version).objects.filter(pk=version.pk).update(state=State.SUPERSEDED)
        Event.record(SUPERSEDED, by=by, about=version)


def _point_page_at(version):
    page = version.page
    page.live_version = version
    copied = ["plain_name", "medical_name", "synonyms", "summary"]
    for field in copied:
        setattr(page, field, getattr(version, field))
    page.save(update_fields=["live_version", *copied])


# Locking


def _lock(subjects):
    """Lock procedures and conditions for this transaction, always in the same order, so that nobody waits in a ring."""
    for subject in sorted(set(subjects), key=lambda subject: (subject._meta.label, subject.pk)):
        type(subject).objects.select_for_update(no_key=True).get(pk=subject.pk)


def _fresh(version):
    return type(version).objects.select_related("page__live_version").get(pk=version.pk)


def _locked(version, seen_revision=None):
    """Return the version as it stands under the lock; raise Stale when it is no longer what was seen."""
    _lock([version.page.subject])
    version = _fresh(version)
    _check_seen(version, seen_revision)
    return version


def _check_seen(version, seen_revision):
    if seen_revision is not None and version.revision != seen_revision:
        raise Stale(_("Somebody changed this version while you had it open. Look at it again, then decide."))

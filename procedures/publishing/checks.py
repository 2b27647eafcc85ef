"""Who may make a move, and when: a check raises the reason why not; what screens ask is said as yes or no too."""

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from audit.actors import COMMAND, REVIEWER, STAFF
from clinic.refusals import Refused, Unfit
from procedures import content_checks
from procedures.documents import figures_of
from procedures.languages import leading_live
from procedures.models import State
from procedures.models.versions import UNPUBLISHED
from procedures.publishing.signature import clinical_hash
from procedures.publishing.table import EDIT, MOVES, SIGN_OFF


def check_move(version, name, *, by):
    """Raise Refused with the reason when `by` may not make this move with the version as it stands."""
    _check_permission(MOVES[name].permissions, by)
    check_state(version, name)
    if name in CHECKS:
        CHECKS[name](version, by)


def check_state(version, name):
    """Raise Refused when nobody can make this move with the version as it stands."""
    if version.state not in MOVES[name].allowed_from:
        raise Refused(
            _("This version is “%(state)s”, so this cannot be done now.") % {"state": version.get_state_display()}
        )


def can_move(version, name, *, by):
    """Say whether `by` may make this move now."""
    return _is_allowed(check_move, version, name, by=by)


def saving(version):
    """Return the name of the move that saves a section of this version, as it stands."""
    return "save_signed" if version.state == State.SIGNED_OFF else "save_section"


def check_save(version, *, by):
    """Raise Refused with the reason when `by` may not save a section of this version now."""
    if version.state == State.IN_REVIEW:
        _check_permission((EDIT,), by)
        raise Refused(_("It is in review, so nobody can change it now. Take it back first: ask for changes."))
    check_move(version, saving(version), by=by)


def can_save(version, *, by):
    """Say whether `by` may save a section of this version now."""
    return _is_allowed(check_save, version, by=by)


def check_comment(version, *, by):
    """Raise Refused with the reason when `by` may not comment on this version now; whoever holds its link may."""
    if by.kind != REVIEWER:
        _check_permission((EDIT, SIGN_OFF), by)
    if version.state not in UNPUBLISHED:
        raise Refused(_("This version was published. Start a draft to change the page."))


def can_comment(version, *, by):
    """Say whether `by` may comment on this version now."""
    return _is_allowed(check_comment, version, by=by)


def check_settle(comment, *, by):
    """Raise Refused with the reason when `by` may not settle this comment now: its editors may, and who wrote it."""
    check_comment(comment.version, by=by)
    if by.kind == STAFF and comment.by_id != by.id and not by.user.has_perm(EDIT):
        raise Refused(_("An editor settles it, or whoever wrote it."))
    if not comment.is_open:
        raise Refused(_("It is settled already."))


def can_settle(comment, *, by):
    """Say whether `by` may settle this comment now."""
    return _is_allowed(check_settle, comment, by=by)


def check_confirm(page, *, by):
    """Raise Refused with the reason when `by` may not say now that this page needs no change."""
    _check_permission(MOVES["confirm"].permissions, by)
    if not page.is_published:
        raise Refused(_("This page is not on the site."))
    check_move(page.live_version, "confirm", by=by)


def can_confirm(page, *, by):
    """Say whether `by` may say now that this page needs no change."""
    return _is_allowed(check_confirm, page, by=by)


def writers_of(version):
    """Return the ids of all who wrote what a version says, in it or in those it came from (2 queries)."""
    versions = type(version).objects
    came_from = dict(versions.filter(page=version.page_id).values_list("pk", "started_from"))
    line, number = [], version.pk
    while number is not None:
        line.append(number)
        number = came_from.get(number)
    return set(versions.filter(pk__in=line, authors__isnull=False).values_list("authors", flat=True))


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


def check_change_facts(*, by):
    """Raise Refused with the reason when `by` may not change a figure in the ledger."""
    _check_permission((EDIT,), by)


def check_say_matches(version, *, by):
    """Raise Refused with the reason when `by` may not say now what this version matches; return what is to match."""
    _check_permission((EDIT,), by)
    if version.state not in (*UNPUBLISHED, State.PUBLISHED):
        raise Refused(_("Patients do not read this version any more."))
    live = leading_live(version.page)
    if live is None:
        raise Refused(_("There is no page on the site that it could say the same as."))
    return live


def can_say_matches(version, *, by):
    """Say whether `by` may say now what this version matches."""
    return _is_allowed(check_say_matches, version, by=by)


def check_withdraw(page, *, by):
    """Raise Refused with the reason when `by` may not take this page off the site now."""
    _check_permission(MOVES["withdraw"].permissions, by)
    if not page.is_published:
        raise Refused(_("This page is not on the site."))


def can_withdraw(page, *, by):
    """Say whether `by` may take this page off the site now."""
    return _is_allowed(check_withdraw, page, by=by)


def check_choose_successor(page, *, by):
    """Raise Refused with the reason when `by` may not say now where readers of this page should go instead."""
    _check_permission(MOVES["withdraw"].permissions, by)
    if page.is_published or page.last_read() is None:
        raise Refused(_("Only a page that was withdrawn leads its readers elsewhere."))


def check_successor(page, successor, *, others=()):
    """Raise Unfit when readers of a page cannot be led to `successor`, a page or None, while `others` go too."""
    if successor is None:
        return
    successor.refresh_from_db()
    if successor.language != page.language:
        raise Unfit(_("Choose a page in the same language."), field="successor")
    if successor == page or successor.subject == page.subject:
        raise Unfit(_("Choose another page than this one."), field="successor")
    if not successor.is_published:
        raise Unfit(_("That page is not on the site any more. Choose another."), field="successor")


def check_restore(version, *, by):
    """Raise Refused with the reason when `by` may not start a draft from this old version now."""
    _check_permission((EDIT,), by)
    if version.state in UNPUBLISHED:
        raise Refused(_("This version is being worked on. There is nothing to bring back."))
    if version.state == State.PUBLISHED:
        raise Refused(_("Patients read this version now. Start a draft on the page's screen instead."))
    check_open_draft(version.page, by=by)


def check_rename(page, *, by):
    """Raise Refused with the reason when `by` may not give this page another address."""
    _check_permission((EDIT,), by)


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
    _check_clinician(by)
    if version.authors.filter(pk=by.id).exists():
        raise Refused(_("You wrote part of this version, so someone else must sign it off."))


def _check_clinician(by):
    if by.user.clinician_id is None:
        raise Refused(_("Only a clinician can sign off. A manager can link your account to your entry in the team."))


def _check_confirmer(version, by):
    if by.kind != STAFF:
        return
    _check_clinician(by)
    if by.id in writers_of(version):
        raise Refused(_("You wrote part of this page, so someone else must review it."))


def _check_not_signer(version, by):
    if by.kind != STAFF:
        return
    if by.id == version.signed_off_by_id or by.user.clinician_id == version.reviewed_by_id:
        raise Refused(_("You signed this version off, so someone else must change it, or you ask for changes."))
    if version.invitations.filter(approved_at=version.signed_off_at, made_by=by.id).exists():
        raise Refused(_("You chose who signed this version off, so someone else must change it."))


def _check_publishable(version, by):
    _check_content(version, by)
    if version.signed_hash != clinical_hash(version):
        raise Refused(_("This is no longer what was signed off. Ask for changes, so that it is reviewed again."))
    if version.authors.filter(Q(pk=version.signed_off_by_id) | Q(clinician=version.reviewed_by_id)).exists():
        raise Refused(
            _("Whoever signed this version off wrote part of it. Ask for changes, so that it is reviewed again.")
        )
    served = version.invitations.filter(approved_at=version.signed_off_at)
    if served.filter(made_by__in=version.authors.all()).exists():
        raise Refused(
            _("Whoever chose the reviewer wrote part of this version. Ask for changes, so that it is reviewed again.")
        )


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


CHECKS = {
    "save_signed": _check_not_signer,
    "void_signature": _check_not_signer,
    "send_for_review": _check_content,
    "sign_off": _check_signer,
    "publish": _check_publishable,
    "confirm": _check_confirmer,
}

"""The overview of a version: where it stands, what is left to mend, its sections, and what can be done with it now."""

from collections.abc import Callable
from dataclasses import dataclass

from django.forms import Form
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from procedures import content_checks, publishing
from procedures.admin import ledger
from procedures.admin.comparing import compare_url
from procedures.admin.pages import admin_url
from procedures.changed_sections import changed_sections
from procedures.forms import ChangesForm, NoInput, SignOffForm
from procedures.models import ProcedureVersion, State
from procedures.models.versions import UNPUBLISHED
from procedures.preview_ways import WAYS
from procedures.repeated_figures import repeats
from procedures.schedule_form import WhenForm
from procedures.sections import read_at_once, sections_of

TONES = {
    State.DRAFT: "new",
    State.IN_REVIEW: "waiting",
    State.SIGNED_OFF: "going",
    State.PUBLISHED: "good",
    State.SUPERSEDED: "stopped",
}


@dataclass(frozen=True)
class Action:
    """A button of the overview: its words, what is typed for it, who says no, and what it does.

    What is done to all languages together (`is_together`) is told which versions of the others were seen.
    """

    label: Promise
    done: Promise
    form: type[Form]
    check: Callable
    make: Callable
    is_together: bool = False


# `check` of an action is told the other languages too, which are read once for all buttons.


def _action(name, done, form, move):
    """Return the action of one row of the table of moves; `move` is its function in publishing."""

    def check(version, _others, *, by):
        publishing.check_move(version, name, by=by)

    def make(version, **values):
        move(version=version, **values)

    return Action(publishing.MOVES[name].label, done, form, check, make)


def _publishing_action(label, done, *, is_together=False):
    """Return an action that publishes a version, or all languages together."""

    def check(version, others, *, by):
        publishing.check_publish(_going(version, others, is_together), by=by)

    def make(version, *, by, seen_revision, seen_others=None):
        versions = _going(version, other_languages(version), is_together)
        publishing.publish(versions=versions, by=by, seen_revisions=_seen(versions, seen_revision, seen_others))

    return Action(label, done, NoInput, check, make, is_together)


def _going(version, others, is_together):
    return [version, *others] if is_together else [version]


def other_languages(version):
    """Return the signed-off versions of the same page in other languages."""
    versions = type(version).objects.filter(state=State.SIGNED_OFF, page__in=version.page.subject.pages.all())
    return list(versions.exclude(pk=version.pk).select_related("page__live_version").order_by("pk"))


def revisions_of(versions):
    """Return what a form carries of versions that its button is about too: which they are, and how they stood."""
    return " ".join(f"{each.pk}:{each.revision}" for each in versions)


def _seen(versions, seen_revision, seen_others):
    """Return the revisions that the person looked at; raise Stale when the others are not those any more."""
    version, *others = versions
    if seen_others is None:
        return {version.pk: seen_revision}
    if seen_others != revisions_of(others):
        raise publishing.Stale(
            _("Another language was changed while you had this open. Look at all of them again, then decide.")
        )
    return {version.pk: seen_revision} | {each.pk: each.revision for each in others}


def _scheduling_action(label, done, *, is_together=False):
    """Return an action that sets a time for a version, or for all languages together."""

    def check(version, others, *, by):
        publishing.check_schedule(_going(version, others, is_together), by=by)

    def make(version, *, by, seen_revision, at, seen_others=None, **_typed):
        versions = _going(version, other_languages(version), is_together)
        seen = _seen(versions, seen_revision, seen_others)
        publishing.schedule(versions=versions, at=at, by=by, seen_revisions=seen)

    return Action(label, done, WhenForm, check, make, is_together)


ACTIONS = {
    "send_for_review": _action(
        "send_for_review", _("It is with the reviewers now."), NoInput, publishing.send_for_review
    ),
    "sign_off": _action("sign_off", _("It is signed off. A manager can publish it."), SignOffForm, publishing.sign_off),
    "publish": _publishing_action(publishing.MOVES["publish"].label, _("It is on the site now.")),
    "publish_together": _publishing_action(
        _("Publish all languages together"),
        _("All languages are on the site now."),
        is_together=True,
    ),
    "schedule": _scheduling_action(publishing.MOVES["schedule"].label, _("The time is set.")),
    "schedule_together": _scheduling_action(
        _("Set a time to publish all languages together"),
        _("The time is set for all languages."),
        is_together=True,
    ),
    "unschedule": Action(
        publishing.MOVES["unschedule"].label,
        _("The time is taken back."),
        NoInput,
        lambda version, _others, *, by: publishing.check_unschedule(version, by=by),
        lambda version, **values: publishing.unschedule(version=version, **values),
    ),
    "ask_for_changes": _action(
        "ask_for_changes",
        _("It is a draft again, and the editors see what you asked for."),
        ChangesForm,
        publishing.ask_for_changes,
    ),
}


@dataclass(frozen=True)
class Button:
    """An action as the overview shows it: a form to send, or the reason why it cannot be done now."""

    name: str
    label: str
    form: Form
    url: str
    reason: str = ""
    seen_others: str = ""

    @property
    def typed(self):
        """What was typed for it, which must not be lost when it cannot be done."""
        typed = (self.form.data.get(name, "") for name in ("words", "day", "time")) if self.form.is_bound else ()
        return " ".join(filter(None, typed))


def overview(version, *, by, name="", form=None):
    """Return the template context of a version's overview, as `by` sees it (a fixed number of queries).

    `form` is what was typed for the action `name`; the others get empty forms.
    """
    is_open = version.state in UNPUBLISHED
    # The checks, the buttons and the lists all look at every row, also of what patients read now.
    live = version.page.live_version
    read_at_once([version, live] if is_open and live is not None else [version])
    findings = content_checks.look_and_keep(version) if is_open else []
    buttons = _buttons(version, by, name, form) if is_open else []
    may_write = publishing.can_save(version, by=by)
    changed = _changed(version, may_write=may_write) if is_open else None
    has_risks = is_open and isinstance(version, ProcedureVersion)
    return {
        "tone": TONES[version.state],
        "facts": _facts(version),
        "missed": version.missed_its_time,
        "sections": _sections(version, findings, changed or [], may_write=may_write),
        "may_write": may_write,
        "changed": changed,
        "found": found(version, findings, may_write=may_write),
        **_figures(version, by, is_open),
        "risks_left_out": content_checks.risks_left_out(version) if has_risks else [],
        "may_publish": any(not button.reason for button in buttons if button.name.startswith("publish")),
        "kept": any(button.reason and button.typed for button in buttons),
        "shows_asked": version.state in (State.DRAFT, State.IN_REVIEW) and version.changes_wanted,
        "possible": [button for button in buttons if not button.reason],
        "impossible": [button for button in buttons if button.reason],
        "is_open": is_open,
        "compare_url": _compare_url(version) if is_open else "",
        "preview_url": reverse(f"procedures:preview_{version.page.kind}", args=[version.pk]),
        "previews": [
            {"text": words, "url": reverse(f"procedures:preview_{version.page.kind}_as", args=[version.pk, way])}
            for way, (words, *_size) in WAYS.items()
        ],
    }


def found(version, findings, *, section=None, may_write=True):
    """Return findings as the component `findings` shows them, of one section or of all; each leads to its field."""
    titles = {each.key: each.title for each in sections_of(version)}
    told = {"errors": [], "advice": []}
    for finding in findings:
        if section is not None and finding.section != section.key:
            continue
        anchor = f"#{finding.place}" if finding.place else ""
        address = "" if section is not None else admin_url(version, "section", finding.section)
        told["errors" if finding.is_error else "advice"].append(
            {
                "section": "" if section is not None else titles[finding.section],
                "url": f"{address}{anchor}" if may_write else "",
                "text": finding.sentence,
            }
        )
    return told


def _buttons(version, by, name, form):
    shown = dict(ACTIONS)
    others = other_languages(version)
    if version.state == State.SIGNED_OFF and by.user.has_perm(publishing.PUBLISH):
        # Two buttons ask whether these could be published too.
        read_at_once(others)
        for other in others:
            content_checks.keep_errors(other)
    if not others:
        del shown["publish_together"], shown["schedule_together"]
    if version.state != State.SIGNED_OFF:
        shown.pop("schedule_together", None)
        del shown["schedule"]
    if version.publish_at is None:
        del shown["unschedule"]
    made = []
    for each, action in shown.items():
        each_form = form if each == name and form is not None else action.form(auto_id=f"{each}_%s")
        reason = ""
        try:
            action.check(version, others, by=by)
        except publishing.Refused as refused:
            reason = refused.reason
        seen_others = revisions_of(others) if action.is_together else ""
        made.append(Button(each, action.label, each_form, admin_url(version, "move", each), reason, seen_others))
    return made


def _facts(version):
    """Return rows for the component `summary_list`."""
    rows = [
        (gettext("Language"), version.page.get_language_display()),
        (gettext("Started"), moment(version.created_at)),
        (gettext("Written by"), ", ".join(map(str, version.authors.all())) or gettext("nobody yet")),
    ]
    if version.sent_for_review_at:
        rows.append((gettext("Sent for review"), moment(version.sent_for_review_at)))
    if version.signed_off_at:
        rows += [
            (gettext("Signed off by"), str(version.reviewed_by)),
            (gettext("Reviewed on"), _day(version.reviewed_on)),
            (gettext("Next review due"), _day(version.next_review_due)),
        ]
    if version.publish_at:
        rows += [
            (gettext("To be published"), moment(version.publish_at)),
            (gettext("Time set by"), str(version.publish_at_by)),
        ]
    if version.published_at:
        rows.append((gettext("Published"), moment(version.published_at)))
    if version.superseded_at:
        rows.append((gettext("Off the site"), moment(version.superseded_at)))
    return [{"label": label, "value": value} for label, value in rows]


def moment(when):
    """Return an aware moment as the desk writes it."""
    return date_format(timezone.localtime(when), "SHORT_DATETIME_FORMAT")


def _day(day):
    return date_format(day, "DATE_FORMAT") if day else ""


def _sections(version, findings, changed, *, may_write):
    """Return what the list of sections says of each: its title, its address, how full it is, whether to mend it.

    Whoever does not write it is led to what changed there.
    """
    to_mend = {finding.section for finding in findings if finding.is_error}
    urls = {each["key"]: each["url"] for each in changed}
    return [
        {
            "key": section.key,
            "title": section.title,
            "url": admin_url(version, "section", section.key) if may_write else urls.get(section.key, ""),
            "filled": _how_full(version, section),
            "is_to_mend": section.key in to_mend,
        }
        for section in sections_of(version)
    ]


def _changed(version, *, may_write):
    """Return the sections that say something else than what patients read; None where they read nothing yet.

    Each leads whoever writes it to its form, and everybody else to the comparison at that section.
    """
    changed = changed_sections(version)
    return changed and [
        {
            "key": section.key,
            "title": section.title,
            "url": admin_url(version, "section", section.key)
            if may_write
            else f"{_compare_url(version)}#section-{section.key}",
            "fields": labels,
        }
        for section, labels in changed
    ]


def _compare_url(version):
    """Return where the version is compared with what patients read, "" where they read nothing."""
    live = version.page.live_version
    return compare_url(version.page, live.number, version.number) if live is not None else ""


def _figures(version, by, is_open):
    """Return what is to be known of figures that an open version changes: what still says the old, and who waits."""
    if not is_open:
        return {}
    return {
        "repeats": ledger.linked(repeats(version, version.page.live_version), version),
        "waiting": ledger.waiting_elsewhere(version, user=by.user),
    }


def _how_full(version, section):
    if section.model is not None:
        count = getattr(version, section.rows).count()
        return ngettext("%(count)d entry", "%(count)d entries", count) % {"count": count} if count else gettext("empty")
    filled = sum(bool(value) for value in section.read(version).values())
    if filled == 0:
        return gettext("empty")
    total = len(section.fields)
    if filled < total:
        return gettext("%(filled)d of %(total)d parts written") % {"filled": filled, "total": total}
    return gettext("written")

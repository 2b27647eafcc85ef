"""Pages in any state for tests, made by walking the real publishing functions."""

import itertools
from datetime import date, timedelta

from django.utils import timezone

from accounts.roles import Role
from audit.actors import Actor
from clinic.models import Clinician, StoredFile
from procedures import feedback, publishing
from procedures.content_files import fill
from procedures.models import (
    Condition,
    ConditionPage,
    ConditionVersion,
    Procedure,
    ProcedurePage,
    ProcedureVersion,
    ReviewInvitation,
)
from procedures.sections import section_named, sections_of
from tests.staff import make_staff

COMMAND = Actor.command("tests")
REVIEWED_ON = date(2026, 9, 14)

_numbers = itertools.count(1)


def make_procedure(**values):
    """Return a saved procedure."""
    return Procedure.objects.create(**{"key": f"procedure-{next(_numbers)}", **values})


def make_condition(**values):
    """Return a saved condition."""
    return Condition.objects.create(**{"key": f"condition-{next(_numbers)}", **values})


def make_page(subject=None, *, language="en", **values):
    """Return a saved page of a procedure or a condition, with nothing written yet."""
    subject = subject or make_procedure()
    page_model, kind = (ConditionPage, "condition") if isinstance(subject, Condition) else (ProcedurePage, "procedure")
    return page_model.objects.create(
        **{kind: subject, "language": language, "slug": f"{subject.key}-{language}", **values}
    )


def make_clinician(**values):
    """Return a saved clinician who can stand under a sign-off."""
    number = next(_numbers)
    values = {
        "key": f"clinician-{number}",
        "name": f"Dr. Number {number}",
        "role": {"en": "Radiologist", "es": "Radióloga"},
        "registration_body": "Board of Medicine",
        "registration_number": f"TEST-{number}",
        **values,
    }
    return Clinician.objects.create(**values)


def make_invitation(version, *, token="", by=None, **values):
    """Return a stored link to a version that `token` opens, as if a manager had sent it."""
    number = next(_numbers)
    values = {
        "clinician": values.get("clinician") or make_clinician(),
        "email": "ana@surgery.example",
        "made_by": by or make_staff(f"inviting-{number}", Role.MANAGER),
        "token_hash": ReviewInvitation.hash_of(token or f"token-{number}"),
        "expires_at": timezone.now() + timedelta(days=14),
        **values,
    }
    return version.invitations.create(**values)


def make_feedback(page, **values):
    """Return what a reader has said about a published page: that it did not help, and why."""
    said = {"is_helpful": False, "words": "How long until I drive?", "token": f"token-{next(_numbers)}", **values}
    return feedback.leave(page=page, by=Actor.visitor(), **said)


def make_file(**values):
    """Return the row of a stored file; there are no bytes behind it."""
    hash_ = f"{next(_numbers):064x}"
    values = {"hash": hash_, "name": "spine.png", "content_type": "image/png", "size": 1200, **values}
    return StoredFile.objects.create(**values)


def enough(language="en", **values):
    """Return what sections must hold before a review, {section key: values}; `values` replace or add sections."""
    spanish = language == "es"
    names = {
        "plain_name": "Reparación con balón" if spanish else "Balloon repair",
        "medical_name": "Cifoplastia" if spanish else "Kyphoplasty",
        "synonyms": ["balón"] if spanish else ["balloon"],
        "summary": "Un balón levanta el hueso." if spanish else "A balloon lifts the bone.",
    }
    return {
        "names": names,
        "sources": [{"key": "a", "title": "A patient page", "read_on": date(2026, 8, 3)}],
        "figures": [figure(label="Cuánto dura" if spanish else "How long it takes")],
        **values,
    }


# What a page cannot go without besides (content_checks/needed.py), as short as can be: {section key: values}.
SIGN = {"key": "fever", "text": "You have a fever.", "action": "Call us.", "urgency": "ask"}
NEEDED = {
    ProcedureVersion: {
        "aim": dict.fromkeys(("aim", "who_may_benefit", "who_should_not", "other_choices"), "Ask us."),
        "sources": [{"key": "a", "title": "A patient page", "read_on": date(2026, 8, 3)}],
        "steps": [{"label": "You lie down", "text": "You lie face down."}],
        "milestones": [{"kind": "allowed", "from_day": 0, "text": "Walk a little.", "sources": ["a"]}],
        "warning_signs": [SIGN],
        "risks": [{"key": "sore", "name": "Soreness"}],
    },
    ConditionVersion: {
        "about": {"what_it_is": "A bone hurts.", "symptoms": "It hurts."},
        "sources": [{"key": "a", "title": "A patient page", "read_on": date(2026, 8, 3)}],
        "care": {"treatments": "It heals.", "when_to_seek_help": "Call us."},
        "warning_signs": [SIGN],
    },
}


def figure(**values):
    """Return the values of a key figure."""
    return {
        "fact_key": "duration",
        "low": 45,
        "high": 60,
        "unit": "minutes",
        "label": "How long",
        "sources": ["a"],
        **values,
    }


def make_draft(page=None, *, by=COMMAND, language="en", sections=None):
    """Return a draft that holds enough to go to review, written by `by`; `sections` replace or add some."""
    page = page or make_page(language=language)
    version = publishing.open_draft(page=page, by=by)
    named = enough(page.language, **(sections or {}))
    write_what_is_needed(version, besides=named)
    return fill(version, named, by=by)


def write_what_is_needed(version, *, besides=()):
    """Let a version that starts from nothing hold what no page can go without, rows of the sections `besides` excepted.

    Written straight: hundreds of tests begin here, and none of them asks how this came in.
    """
    if version.started_from_id is None:
        for key, values in NEEDED[type(version)].items():
            if key not in besides or isinstance(values, dict):
                section_named(version, key).write(version, values)


def make_in_review(page=None, *, by=COMMAND, **options):
    """Return a version that waits for a clinician."""
    return publishing.send_for_review(version=make_draft(page, by=by, **options), by=by)


def make_signed_off(page=None, *, by=COMMAND, reviewer=None, **options):
    """Return a version that a clinician signed off."""
    return publishing.sign_off(
        version=make_in_review(page, by=by, **options),
        by=COMMAND,
        reviewer=reviewer or make_clinician(),
        reviewed_on=REVIEWED_ON,
    )


def make_published(page=None, **options):
    """Return a version that patients read."""
    version = make_signed_off(page, **options)
    return publishing.publish(versions=[version], by=COMMAND)[0]


def make_both_published(subject=None, **options):
    """Return the English and the Spanish version of one subject, published together."""
    subject = subject or make_procedure()
    versions = [make_signed_off(make_page(subject, language=language), **options) for language in ("en", "es")]
    return publishing.publish(versions=versions, by=COMMAND)


def make_live(draft):
    """Put a draft before patients by the whole way, and return it."""
    publishing.send_for_review(version=draft, by=COMMAND)
    publishing.sign_off(version=draft, by=COMMAND, reviewer=make_clinician())
    return publishing.publish(versions=[draft], by=COMMAND)[0]


def told_otherwise(version, **values):
    """Let the key figures of a live version say something else, as content does that was published before the checks.

    Written straight, since publishing lets no page through that contradicts another.
    """
    version.figures.update(**values)
    return version


def content(version):
    """Return all that a version says: what each section holds, by the section's key."""
    return {section.key: section.read(version) for section in sections_of(version)}


def save(version, key, values, *, by=COMMAND):
    """Save one section of a draft as it now stands, and return the version."""
    return publishing.save_section(
        version=version,
        section=section_named(version, key),
        values=values,
        by=by,
        seen_revision=type(version).objects.get(pk=version.pk).revision,
    )


def full_sections(kind=ProcedureVersion):
    """Return every section of a kind of version, each with as many rows as fit and text in each field."""
    full = {}
    for section in sections_of(kind):
        if section.model is not None:
            full[section.key] = [_full_row(section, number) for number in range(section.most_rows)]
        elif section.key == "related":
            full[section.key] = {"related": [make_procedure(), make_procedure()]}
        else:
            full[section.key] = dict.fromkeys(section.fields, "Some **words** here.")
    if kind is ConditionVersion:
        full["drawing"] = {"drawing": "crushed-vertebra"}
    full["names"] |= {"plain_name": "Everything", "medical_name": "Omnia", "synonyms": ["all", "each"]}
    return full


def _full_row(section, number):
    row = dict.fromkeys(section.fields, f"Words {number}")
    figures = {"fact_key": f"fact/{number}", "low": number, "high": number + 1, "unit": "days"}
    fixed = {
        **figures,
        "sources": ["key-0", "key-1"],
        "key": f"key-{number}",
        "url": "https://clinic.example/",
        "read_on": date(2026, 8, 3),
        "glance": "other",
        "kind": "restricted",
        "from_day": number,
        "to_day": number + 7,
        "urgency": "emergency",
        "applies": "both",
        "scope": "specific",
        "drawing": "small-cut",
        "is_decorative": False,
    }
    row |= {field: value for field, value in fixed.items() if field in row}
    if section.key == "risks":
        row |= {"fact_key": f"risk/{number}", "unit": "per-100"}
    if section.key == "milestones":
        row["text"] = f"Do not lift {number} things."
    if section.takes_files:
        row["file"] = make_file()
        if "captions" in row:
            row["captions"] = None
    return row


def full_draft(page=None, *, by=COMMAND):
    """Return a draft with every section full."""
    page = page or make_page()
    version = publishing.open_draft(page=page, by=by)
    kind = ConditionVersion if isinstance(page, ConditionPage) else ProcedureVersion
    return fill(version, full_sections(kind), by=by)

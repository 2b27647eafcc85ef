"""Published pages for the tests of what patients read, made by the functions that the desk and the files use."""

from datetime import date, time, timedelta

from django.utils import timezone

from clinic.models import Accreditation, Clinician, ClinicProfile, Closure, OpeningHours
from procedures import publishing
from procedures.content_files import fill
from procedures.models import Leaflet
from tests.clinic.factories import make_location
from tests.procedures import factories
from tests.procedures.factories import COMMAND as BY
from tests.procedures.factories import REVIEWED_ON, make_file

EVERY_LIST = ["/", "/procedures/", "/locations/", "/team/", "/contact/"]
NAMES = {
    "en": {
        "plain_name": "Balloon repair of a broken back bone",
        "medical_name": "Kyphoplasty",
        "synonyms": [],
        "summary": "A balloon lifts the bone, and cement holds it.",
    },
    "es": {
        "plain_name": "Reparación con balón de un hueso roto",
        "medical_name": "Cifoplastia",
        "synonyms": [],
        "summary": "Un balón levanta el hueso y el cemento lo sujeta.",
    },
}


def every_section(rows=1):
    """Return every section of a procedure page that needs no file, with `rows` rows each."""
    numbers = range(rows)
    fact = {"low": 5, "high": 10, "sources": ["a"]}
    return {
        "aim": {
            "aim": "It eases **pain**.",
            "who_may_benefit": "People with a fresh break.",
            "who_should_not": "People with an infection.",
            "other_choices": "A brace.",
        },
        "day": {
            "timing": "Soon after the break.",
            "anaesthesia": "You sleep.",
            "position": "You lie face down.",
            "setting": "You go home the same day.",
        },
        "afterwards": {"straight_after": "You may be sore.", "follow_up": "We see you after 2 weeks."},
        "sources": [{"key": "a", "title": "A handout", "publisher": "A hospital", "read_on": date(2026, 8, 3)}],
        "figures": [
            {"label": f"How long {n}", "glance": "duration", "fact_key": f"time-{n}", "unit": "minutes", **fact}
            for n in numbers
        ],
        "preparation": [{"when": "Before the day", "text": f"Tell us about medicine {n}."} for n in numbers],
        "steps": [{"label": f"Step {n}", "text": "You lie down."} for n in numbers],
        "milestones": [
            {"kind": "restricted", "from_day": 0, "to_day": 7 + n, "text": "No driving.", "sources": ["a"]}
            for n in numbers
        ]
        + [{"kind": "allowed", "from_day": n, "text": "Walk about.", "sources": ["a"]} for n in numbers],
        "warning_signs": [
            {
                "key": f"{urgency}-{n}",
                "text": f"Sign {n}.",
                "action": f"Do {n}.",
                "urgency": urgency,
                "applies": "after",
            }
            for urgency in ("ask", "urgent", "emergency")
            for n in numbers
        ],
        "risks": [
            {"key": f"{scope}-{n}", "name": f"Risk {scope} {n}", "scope": scope, "how_often": "Rare", "sources": ["a"]}
            for scope in ("general", "specific")
            for n in numbers
        ],
        "questions": [{"question": f"Will it hurt {n}?", "answer": "A *little*."} for n in numbers],
    }


def make_clinic(**values):
    """Return the saved profile of a small clinic."""
    values = {
        "name": "Test Clinic",
        "telephone": "(206) 555-0142",
        "email": "hello@clinic.example",
        "strapline": {"en": "Care for your back", "es": "Cuidamos su espalda"},
        **values,
    }
    return ClinicProfile.objects.update_or_create(id=1, defaults=values)[0]


def make_place(key="quay", **values):
    """Return a saved place."""
    return make_location(key, **{"address": "14 Lantern Quay\nFernmouth, WA 98000", **values})


def make_clinician(key="ada", **values):
    """Return a saved clinician."""
    return factories.make_clinician(**{"key": key, "name": f"Dr. {key.title()}", **values})


def make_procedure(key="kyphoplasty", **values):
    """Return a saved procedure."""
    return factories.make_procedure(key=key, **values)


def make_condition(key="fracture", **values):
    """Return a saved condition."""
    return factories.make_condition(key=key, **values)


def make_draft(subject, *, language="en", slug="kyphoplasty", sections=None, names=None):
    """Return the open draft of a page, with names and a summary, and these sections ({key: values}) filled in."""
    page, _is_new = subject.pages.get_or_create(language=language, defaults={"slug": slug})
    version = publishing.open_draft(page=page, by=BY)
    factories.write_what_is_needed(version, besides=sections or ())
    return fill(version, {"names": NAMES[language] | (names or {}), **(sections or {})}, by=BY)


def sign_off(version, *, reviewed_on=REVIEWED_ON, next_review_due=None):
    """Send a draft to review and sign it off by a clinician."""
    reviewer = Clinician.objects.filter(key="rhea").first() or make_clinician("rhea", name="Dr. Rhea Rowe")
    version = publishing.send_for_review(version=version, by=BY)
    return publishing.sign_off(
        version=version, by=BY, reviewer=reviewer, reviewed_on=reviewed_on, next_review_due=next_review_due
    )


def publish_page(subject, *, reviewed_on=REVIEWED_ON, next_review_due=None, **draft):
    """Return the page of a subject, published in one language."""
    version = make_draft(subject, **draft)
    version = sign_off(version, reviewed_on=reviewed_on, next_review_due=next_review_due)
    return publishing.publish(versions=[version], by=BY)[0].page


def publish_in_both_languages(subject, slugs=("kyphoplasty", "cifoplastia"), sections=None, **names):
    """Publish a subject in English and Spanish with the same sections."""
    for language, slug in zip(("en", "es"), slugs, strict=True):
        publish_page(subject, language=language, slug=slug, sections=sections, names=names)


def make_full_clinic(rows=1):
    """Return a procedure with everything around it, each thing `rows` times, published in both languages."""
    procedure = make_procedure(f"kyphoplasty-{rows}")
    related = []
    for n in range(rows):
        name = f"{rows}-{n}"
        condition, other = make_condition(f"fracture-{name}"), make_procedure(f"other-{name}")
        publish_in_both_languages(condition, (f"fracture-{name}", f"fractura-{name}"), plain_name="Broken bone")
        publish_in_both_languages(other, (f"other-{name}", f"otra-{name}"), plain_name="Another procedure")
        procedure.conditions.add(condition)
        related.append(other)
        performs, examines = make_place(f"does-{name}"), make_place(f"looks-{name}")
        OpeningHours.objects.create(location=performs, weekday=n % 7, opens=time(8), closes=time(12))
        OpeningHours.objects.create(weekday=n % 7, opens=time(8), closes=time(12 + n))
        procedure.performed_at.add(performs)
        procedure.evaluated_at.add(examines)
        shown = {"picture": make_file(width=20, height=10), "alternative_text": {"en": "A face"}}
        clinician = make_clinician(f"ada-{name}", languages=["en"], **shown)
        clinician.locations.add(performs, examines)
        procedure.clinicians.add(clinician)
        other.clinicians.add(clinician)
        Accreditation.objects.create(key=f"mark-{name}", name="A mark", body="A body", since=2021, **shown)
        Closure.objects.create(date=timezone.localdate() + timedelta(days=10 * rows + n))
    slugs = (f"kyphoplasty-{rows}", f"cifoplastia-{rows}")
    sections = every_section(rows) | {"related": {"related": related}}
    publish_in_both_languages(procedure, slugs, sections=sections)
    return procedure


def leaflet(language="en"):
    """Return the leaflet of the only page that is published in a language."""
    return Leaflet.objects.get(version__page__language=language, version__state="published")

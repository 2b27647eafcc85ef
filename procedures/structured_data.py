"""What a page says, said again for machines in the vocabulary of schema.org: nothing that readers do not see there.

Each function returns the nodes of a page, from the frozen document or the rows that the page itself is made from;
`as_json` makes them the text of its `<script type="application/ld+json">`.
"""

import json
from html import unescape

from django.conf import settings
from django.urls import reverse
from django.utils.html import strip_tags
from django.utils.safestring import mark_safe
from django.utils.translation import get_language, gettext

from clinic.models import Weekday
from procedures.anatomy import review_of

# As Django's own json_script escapes them, so that no text can end the script or start a tag.
ESCAPES = {ord(sign): f"\\u{ord(sign):04X}" for sign in "<>&"}


def as_json(nodes):
    """Return nodes as one graph, safe inside a script."""
    graph = {"@context": "https://schema.org", "@graph": nodes}
    text = json.dumps(graph, ensure_ascii=False, separators=(",", ":")).translate(ESCAPES)
    return mark_safe(text)  # noqa: S308  # nosec B308 B703  # no sign that HTML knows is left in it


def of_procedure(clinic, document, *, path):
    """Return the nodes of a procedure's page."""
    # The steps and the checklist are not told twice: the page must arrive in one round trip.
    return _page(clinic, document, {"@type": "MedicalProcedure", **_named(document)}, path)


def of_condition(clinic, document, *, path, procedures):
    """Return the nodes of a condition's page; `procedures` are the cards of those that may help."""
    condition = {
        "@type": "MedicalCondition",
        **_named(document),
        "possibleTreatment": [
            {"@type": "MedicalTherapy", "name": card["title"], "url": absolute(card["url"])} for card in procedures
        ],
    }
    return _page(clinic, document, condition, path)


def of_comparison(clinic, pages, title, *, path):
    """Return the nodes of the comparison of two pages."""
    page = {
        "@type": "MedicalWebPage",
        "@id": absolute(path),
        "url": absolute(path),
        "name": title,
        "inLanguage": get_language(),
        "publisher": _publisher(clinic),
        "about": [
            {"@type": "MedicalProcedure", "name": page.plain_name, "url": absolute(page.get_absolute_url())}
            for page in pages
        ],
    }
    return _told([page, _crumbs(title, path), of_clinic(clinic)])


def of_clinic(clinic, **more):
    """Return the node of the clinic itself; `more` is what the page says of it beside its name and telephone."""
    if not clinic.name:
        return {}
    return {
        "@type": "MedicalClinic",
        **_clinic_id(),
        "name": clinic.name,
        "url": absolute(reverse("home")),
        "telephone": clinic.telephone,
        **more,
    }


def of_home(clinic, places):
    """Return the nodes of the home page."""
    location = [{"@type": "Place", "name": place.name, "address": _in_a_line(place.address)} for place in places]
    return _told([of_clinic(clinic, description=str(clinic.strapline), location=location)])


def of_contact(clinic, hours):
    """Return the nodes of the contact page; `hours` are reception's."""
    more = {"email": clinic.email, "address": _in_a_line(clinic.address), "openingHoursSpecification": _hours(hours)}
    return _told([of_clinic(clinic, **more)])


def of_place(clinic, place, *, path, hours, performed):
    """Return the nodes of a location's page; `performed` are the cards of what is done there."""
    node = {
        "@type": "MedicalClinic",
        "@id": f"{absolute(path)}#place",
        "url": absolute(path),
        "name": place.name,
        "address": _in_a_line(place.address),
        "telephone": place.telephone,
        "email": place.email,
        "openingHoursSpecification": _hours(hours),
        "availableService": [
            {"@type": "MedicalProcedure", "name": card["title"], "url": absolute(card["url"])} for card in performed
        ],
        "parentOrganization": _publisher(clinic),
    }
    return _told([node, of_clinic(clinic)])


def absolute(path):
    """Return the whole address of a path of the site."""
    return f"{settings.SITE_URL}{path}"


def _page(clinic, document, subject, path):
    url, names, review = absolute(path), document["names"], review_of(document)
    reviewer = {"@type": "Person", "name": review["by"], "jobTitle": review["role"]} if review["by"] else None
    page = {
        "@type": "MedicalWebPage",
        "@id": url,
        "url": url,
        "name": names["plain"],
        "description": document["summary"],
        "inLanguage": document["language"],
        "lastReviewed": review["on"].isoformat() if review["on"] else None,
        "reviewedBy": reviewer,
        "publisher": _publisher(clinic),
        "mainEntity": {"@id": f"{url}#subject"},
    }
    crumbs = _crumbs(names["medical"] or names["plain"], path)
    return _told([page, {"@id": f"{url}#subject"} | subject, _questions(document, url), crumbs, of_clinic(clinic)])


def _named(document):
    plain, medical = document["names"]["plain"], document["names"]["medical"]
    return {"name": medical or plain, "alternateName": plain if medical else "", "description": document["summary"]}


def _questions(document, url):
    if not document["questions"]:
        return {}
    questions = [
        {
            "@type": "Question",
            "name": row["question"],
            "acceptedAnswer": {"@type": "Answer", "text": _words(row["html"])},
        }
        for row in document["questions"]
    ]
    return {"@type": "FAQPage", "@id": f"{url}#questions", "mainEntity": questions}


def _crumbs(current, path):
    steps = [(gettext("Procedures"), reverse("procedures:procedure_list")), (current, path)]
    return {
        "@type": "BreadcrumbList",
        "itemListElement": [
            {"@type": "ListItem", "position": number, "name": name, "item": absolute(address)}
            for number, (name, address) in enumerate(steps, start=1)
        ],
    }


def _clinic_id():
    return {"@id": f"{absolute(reverse('home'))}#clinic"}


def _publisher(clinic):
    return _clinic_id() if clinic.name else None


def _hours(hours):
    return [
        {
            "@type": "OpeningHoursSpecification",
            "dayOfWeek": f"https://schema.org/{Weekday(row.weekday).name.title()}",
            "opens": f"{row.opens:%H:%M}",
            "closes": f"{row.closes:%H:%M}",
        }
        for row in hours
    ]


def _words(html):
    """Return the words of frozen HTML."""
    return " ".join(unescape(strip_tags(html)).split())


def _in_a_line(address):
    return ", ".join(address.splitlines())


def _told(nodes):
    """Return the nodes without what is not known."""
    return [node for node in map(_known, nodes) if node]


def _known(value):
    if isinstance(value, list):
        return [_known(each) for each in value]
    if isinstance(value, dict):
        return {name: _known(each) for name, each in value.items() if each not in (None, "", [])}
    return value

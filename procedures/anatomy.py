"""The parts of a page, in the order patients read them, made from its frozen document and what stands around it.

A part without anything in it is no part: neither the page nor its list of contents shows it.
"""

from dataclasses import dataclass
from datetime import date

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from clinic.models import Urgency, srcset
from procedures import drawings, wording
from procedures.chances import chance
from procedures.models.procedures import Milestone, Risk
from procedures.models.rows import Applies, Unit
from procedures.recovery import line_of


@dataclass(frozen=True)
class Part:
    """A part of a page: the id that its list of contents leads to, its heading, and the names of what it shows."""

    id: str
    title: str
    shows: tuple[str, ...]

    @property
    def template(self):
        """The template that draws the part, named after its id."""
        return f"procedures/_parts/{self.id.replace('-', '_')}.html"


PROCEDURE_PARTS = (
    Part("at-a-glance", _("At a glance"), ("figures",)),
    Part("what-it-is-for", _("What it is for"), ("aim", "conditions")),
    Part("is-it-for-you", _("Is it for you?"), ("who_may_benefit", "who_should_not", "other_choices", "timing")),
    Part("get-ready", _("How to get ready"), ("preparation",)),
    Part("on-the-day", _("On the day"), ("anaesthesia", "position", "setting", "steps")),
    Part("recovery", _("Your recovery"), ("straight_after", "restricted", "allowed", "follow_up")),
    Part("get-help", _("When to get help"), ("warning_signs",)),
    Part("risks", _("Risks"), ("common_risks", "rare_risks", "uncounted_risks")),
    Part("questions", _("Questions people ask"), ("questions",)),
    Part("pictures", _("Pictures and films"), ("media",)),
    Part("documents", _("To read or print"), ("documents",)),
    Part("where-and-who", _("Where and who"), ("performed", "evaluated", "clinicians")),
    Part("related", _("Related procedures"), ("related",)),
    Part("sources", _("Where our facts come from"), ("sources",)),
)
CONDITION_PARTS = (
    Part("at-a-glance", _("At a glance"), ("figures",)),
    Part("what-it-is", _("What it is"), ("what_it_is", "drawing")),
    Part("symptoms", _("What you may feel"), ("symptoms",)),
    Part("causes", _("Why it happens"), ("causes",)),
    Part("get-help", _("When to get help"), ("when_to_seek_help", "warning_signs")),
    Part("diagnosis", _("How we find it"), ("diagnosis",)),
    Part("treatments", _("How it is treated"), ("treatments", "procedures")),
    Part("questions", _("Questions people ask"), ("questions",)),
    Part("sources", _("Where our facts come from"), ("sources",)),
)
APPLIES_WORDS = {
    Applies.BOTH: _("At any time"),
    Applies.BEFORE: _("Before your treatment"),
    Applies.AFTER: _("After your treatment"),
}


def parts_with_content(parts, content):
    """Return those of `parts` that have something to show in `content` (a dictionary), in the same order."""
    return [part for part in parts if any(content.get(name) for name in part.shows)]


def content_of(document):
    """Return what a frozen document holds as the templates show it: numbers and days in words, rows in their groups."""
    milestones = document["milestones"]
    line = line_of(milestones)
    risks = sorted(document["risks"], key=lambda row: row["scope"] != Risk.Scope.SPECIFIC)
    return {
        **document["text"],
        "drawing": _image(document),
        "figures": [_figure(row) for row in document["figures"]],
        "preparation": document["preparation"],
        "steps": [row | {"image": _image(row)} for row in document["steps"]],
        "film": drawings.film(
            document["key"], [row["drawing"]["key"] for row in document["steps"] if row.get("drawing")]
        ),
        "restricted": _by_days(milestones, Milestone.Kind.RESTRICTED, line),
        "allowed": _by_days(milestones, Milestone.Kind.ALLOWED, line),
        "line": line,
        "warning_signs": _sign_groups(document),
        "common_risks": [_risk(row) for row in risks if _is_on(row, Unit.PER_100)],
        "rare_risks": [_risk(row) for row in risks if _is_on(row, Unit.PER_1000)],
        "uncounted_risks": [row for row in risks if row["low"] is None],
        "questions": document["questions"],
        "media": [_media(row) for row in document["media"]],
        "documents": [row | {"url": _file_url(row), "ending": _ending(row)} for row in document["documents"]],
        "sources": [row | {"read_on": _date(row["read_on"])} for row in document["sources"]],
    }


def review_of(document):
    """Return who checked a page and when; a check that is overdue is told as such, and no later one is promised."""
    review = document["review"]
    reviewer, due = review["reviewer"], _date(review["next_review_due"])
    is_overdue = due is not None and due < timezone.localdate()
    return {
        "by": reviewer["name"] if reviewer else "",
        "role": (reviewer["role"].get(get_language()) or "") if reviewer else "",
        "on": _date(review["reviewed_on"]),
        "next": None if is_overdue else due,
        "was_due": due if is_overdue else None,
    }


def _figure(row):
    figure = {"label": row["label"], "value": row["note"], "note": "", "sources": row["sources"]}
    if row["low"] is None:
        return figure
    return figure | {
        "value": wording.figure(row["low"], row["high"], row["unit"], row["glance"]),
        "note": row["note"],
    }


def _image(row):
    drawing = row.get("drawing")
    return drawings.image(drawing["key"], drawing["alternative_text"]) if drawing else None


def _by_days(milestones, kind, line):
    """Return what is allowed, or what is not, under the days in words that it holds for."""
    groups = {}
    for row in milestones:
        if row["kind"] == kind:
            groups.setdefault(wording.days(row["from_day"], row["to_day"], row["until"]), []).append(row)
    return [{"when": when, "points": rows, "bar": line.bar(rows[0])} for when, rows in groups.items()]


def _is_on(row, scale):
    return row["low"] is not None and row["unit"] == scale


def _risk(row):
    return row | {"chance": chance(row["low"], row["high"], row["unit"])}


def _sign_groups(document):
    """Return the warning signs by when they matter and, in that, by how urgent they are; most urgent first."""
    groups = []
    for applies, title in APPLIES_WORDS.items():
        signs = [sign for sign in document["warning_signs"] if sign["applies"] == applies]
        cards = [
            _card(urgency, same)
            for urgency in Urgency
            if (same := [sign for sign in signs if sign["urgency"] == urgency])
        ]
        if cards:
            groups.append({"title": title if document["kind"] == "procedure" else "", "cards": cards})
    return groups


def _card(urgency, signs):
    """Return a care card; what to do is said once where it is the same for every sign."""
    actions = {sign["action"] for sign in signs}
    if len(actions) > 1:
        return {"urgency": urgency.value, "signs": signs}
    texts = [{"text": sign["text"]} for sign in signs]
    return {"urgency": urgency.value, "signs": texts, "action": actions.pop()}


def _media(row):
    url = _file_url(row)
    sizes = srcset(row.get("sizes", ()), url, row["width"])
    return row | {"url": url, "captions_url": _captions_url(row), "srcset": sizes}


def _file_url(row):
    return reverse("media", args=[row["hash"], row["name"]])


def _captions_url(row):
    return _file_url(row["captions"]) if row.get("captions") else ""


def _ending(row):
    return row["name"].rpartition(".")[2].upper()


def _date(text):
    return date.fromisoformat(text) if text else None

"""What has changed between two versions of a procedure's page: figures, risks, warning signs, and what to do or not do.

The two are compared by what their documents froze. Rows are paired by the key that all versions share; rows without one
(advice in plain words) by those words. What is told is whole sentences, never marks of what was cut.
"""

from dataclasses import dataclass

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from clinic.models import Urgency
from procedures import wording
from procedures.chances import chance
from procedures.models.procedures import Milestone
from procedures.models.rows import Applies


@dataclass(frozen=True)
class Changes:
    """What has changed of one kind: sentences under a heading."""

    title: str
    sentences: list


@dataclass(frozen=True)
class Said:
    """A row in words, and what else of it counts as a change: told only where the words alone do not show it."""

    words: str
    detail: str = ""

    def beside(self, other):
        """Return the words for a reader who sees those of `other` next to them."""
        return self.words if self.words != other.words else f"{self.words} ({self.detail})"


def changes(old, new):
    """Return the Changes from one document of a page to a later one, in the active language; [] where none matter."""
    groups = [Changes(title, _sentences(dict(say(old)), dict(say(new)))) for title, say in KINDS.items()]
    return [group for group in groups if group.sentences]


def _sentences(old, new):
    """Return sentences about two dictionaries of Said by key: what is said otherwise, what is new, what is gone."""
    changed = [(old[key], new[key]) for key in new if key in old and old[key] != new[key]]
    came = [new[key] for key in new if key not in old]
    went = [old[key] for key in old if key not in new]
    return [
        *(
            gettext("Your leaflet says: “%(old)s” Now we say: “%(new)s”")
            % {"old": before.beside(after), "new": after.beside(before)}
            for before, after in changed
        ),
        *(gettext("New since your leaflet: “%(new)s”") % {"new": row.words} for row in came),
        *(gettext("Your leaflet says: “%(old)s” We no longer say this.") % {"old": row.words} for row in went),
    ]


def _figures(document):
    for row in document["figures"]:
        value = row["note"] if row["low"] is None else _value(row, row["glance"])
        yield row["fact_key"] or row["label"], Said(f"{row['label']}: {value}")


def _risks(document):
    for row in document["risks"]:
        often = "" if row["low"] is None else chance(row["low"], row["high"], row["unit"]).often
        yield row["key"], Said(_joined(row["name"], row["how_often"], often))


def signs(document):
    """Yield each warning sign of a document as its key and Said."""
    for row in document["warning_signs"]:
        detail = f"{Urgency(row['urgency']).label}, {Applies(row['applies']).label}"
        yield row["key"], Said(" ".join(filter(None, [row["text"], row["action"]])), detail)


def rules(kind):
    """Return what yields the rules of one kind for the recovery, each as its key and Said."""

    def say(document):
        for row in document["milestones"]:
            if row["kind"] == kind:
                when = wording.days(row["from_day"], row["to_day"], row["until"])
                detail = "" if row["low"] is None else _value(row)
                yield row["fact_key"] or row["text"], Said(_joined(when, row["text"]), detail)

    return say


def _preparation(document):
    for group in document["preparation"]:
        for point in group["points"]:
            yield point["text"], Said(_joined(group["when"], point["text"]))


KINDS = {
    _("Figures"): _figures,
    _("Warning signs"): signs,
    _("What not to do"): rules(Milestone.Kind.RESTRICTED),
    _("What you may do"): rules(Milestone.Kind.ALLOWED),
    _("How to get ready"): _preparation,
    _("Risks"): _risks,
}


def _value(row, glance=""):
    return wording.figure(row["low"], row["high"], row["unit"], glance)


def _joined(*words):
    return ": ".join(filter(None, words))

"""The receipt of an erasure, in words: what went, what stays and why, and where a re-scan found the person still.

It names nobody, so that the clinic may keep it and hand it out.
"""

from django.apps import apps
from django.core.cache import caches
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.text import capfirst
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from clinic import rescan

OTHER_PLACES = {
    rescan.SESSIONS: _("log-ins of staff"),
    rescan.CACHES: _("caches of this site"),
    rescan.MAIL: _("mail kept as files"),
}


def name_of(place):
    """Return what a place is called: a kind of row, or what is no row."""
    if place in OTHER_PLACES:
        return str(OTHER_PLACES[place])
    try:
        return str(apps.get_model(place)._meta.verbose_name_plural)
    except LookupError:
        return place


def removed(row):
    """Return (kind, number) of all that went, the most first."""
    lines = [(capfirst(name_of(label)), number) for label, number in row.removed.items()]
    return sorted(lines, key=lambda line: (-line[1], line[0]))


def stays():
    """Return why something stays, as sentences."""
    sentences = [
        gettext(
            "The record of who did what and when stays. It holds numbers and names of fields, and no word of anybody."
        ),
        gettext(
            "Backups made before keep the person until they are deleted. If one is restored, “erase --again” erases "
            "the person once more."
        ),
        gettext("Mail that had left is in the mailboxes it was sent to."),
    ]
    shared = [name for name in caches if not rescan.can_be_walked(caches[name])]
    if shared:
        sentences.append(gettext("A shared cache was not looked through. It holds finished public pages alone."))
    return sentences


def findings(row):
    """Return what the re-scan found and nobody left on purpose, as dictionaries of where, which and fields."""
    return [
        {"where": capfirst(name_of(each["place"])), "which": each["which"], "fields": ", ".join(each["fields"])}
        for each in row.findings
        if not each["is_left"]
    ]


def looked(row):
    """Return the sentences about the re-scan: how far it came, and what it could not read."""
    read = sum(row.reached.get("read", {}).values())
    if row.looked_through_at is None:
        return [
            gettext("The search for what is left goes on. It has looked through %(number)d rows so far.")
            % {"number": read}
        ]
    if not row.reached:
        return [gettext("This receipt came back from outside the database, and tells no more than that.")]
    if row.reached.get("is_lost"):
        return [
            gettext(
                "The search for what is left had looked through %(number)d rows when the key was given up under which "
                "it knew whom to look for. It could not go on."
            )
            % {"number": read}
        ]
    sentences = [
        gettext("All that the site keeps was looked through again (%(number)d rows, %(when)s).")
        % {"number": read, "when": _moment(row.looked_through_at)}
    ]
    if shut := sum(row.reached.get("shut", {}).values()):
        sentences.append(gettext("No key opens %(number)d of them, so they could not be read.") % {"number": shut})
    left = len(row.left)
    if left:
        sentences.append(
            gettext(
                "Other requests with the same address or number were left, as they are somebody else’s: %(number)d."
            )
            % {"number": left}
        )
    if more := row.reached.get("more", 0):
        sentences.append(gettext("%(number)d places more were found than are listed.") % {"number": more})
    if not findings(row):
        sentences.append(gettext("Nothing of the person was found."))
    return sentences


def by_whom(row):
    """Return who did it: the role and number of a member of staff, or the command."""
    if row.actor_id is None:
        return row.actor_name or row.actor_kind
    return gettext("member of staff number %(number)d (%(role)s)") % {
        "number": row.actor_id,
        "role": row.actor_role or "–",
    }


def _moment(moment):
    return date_format(timezone.localtime(moment), "DATETIME_FORMAT")


def facts(row):
    """Return (label, value) of what the receipt says first."""
    return [
        (gettext("Receipt"), row.number),
        (gettext("Erased on"), _moment(row.erased_at)),
        (gettext("By"), by_whom(row)),
        (gettext("Because"), row.get_reason_display()),
    ]


def as_text(row):
    """Return the receipt as plain text, in the active language."""
    lines = [gettext("Receipt of an erasure"), ""]
    lines += [f"{label}: {value}" for label, value in facts(row)]
    lines += ["", gettext("What was removed")]
    lines += [f"- {kind}: {number}" for kind, number in removed(row)]
    lines += ["", gettext("What stays, and why"), *(f"- {sentence}" for sentence in stays())]
    lines += ["", gettext("What was looked for afterwards"), *(f"- {sentence}" for sentence in looked(row))]
    if found := findings(row):
        lines += ["", gettext("To be looked at by hand")]
        lines += [" ".join(filter(None, (f"- {each['where']} {each['which']}", each["fields"]))) for each in found]
    return "\n".join(lines) + "\n"

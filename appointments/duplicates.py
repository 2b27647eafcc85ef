"""Finds the open requests that may be the same person's, for staff to judge: a hint with its reasons, never a decision.

Telephone numbers and e-mail addresses are compared by their keyed indexes. Names are encrypted, so they are opened
here, and those of the newest requests alone. What is closed is no longer looked at: to join it would hide its answer.
"""

import unicodedata
from dataclasses import dataclass

from django.db.models import Q, TextChoices, TextField
from django.db.models.functions import Cast
from django.utils.translation import gettext_lazy as _

from appointments.models import OPEN, AppointmentRequest, NotDuplicate
from clinic.encryption import Unreadable

# Among so many of the requests that came last, the open ones are hinted at for their name alone.
NAMES_LOOKED_AT = 300
# A flood of requests with one number must not make a sheet slow.
MOST_WITH_ONE_CONTACT = 200
# One word alone is many people's name.
FEWEST_WORDS = 2

# Letters that have no accent to take away.
PLAIN = str.maketrans({"đ": "d", "ð": "d", "ø": "o", "ł": "l", "ħ": "h", "ı": "i", "æ": "ae", "œ": "oe", "þ": "th"})
BETWEEN_WORDS = ("Z", "Pd")  # Unicode's separators, and its dashes: "López-Ruiz" is "Lopez Ruiz".

SEALED = {"sealed_name": "full_name", "sealed_born": "date_of_birth"}
READ = ("pk", "reference", "phone_index", "email_index", "merged_into", *SEALED)


class Because(TextChoices):
    """Why two requests may be one person's, the strongest reason first."""

    PHONE = "phone", _("same telephone number")
    EMAIL = "email", _("same email")
    NAME = "name", _("same name")
    BORN = "born", _("same date of birth")


@dataclass(frozen=True)
class Hint:
    """Another request that may be the same person's (primary key and reference), and why: a tuple of Because."""

    pk: int
    reference: str
    because: tuple


@dataclass(frozen=True)
class Found:
    """What belongs to a request: the hints, the most likely first, and the primary keys of those joined with it."""

    hints: tuple = ()
    joined: tuple = ()


def look(asked, *, user):
    """Return what is Found about a request among those that `user` may see (1 query)."""
    every = AppointmentRequest.of_every_kind.filter(kind=asked.kind).visible_to(user)
    rows = _read(every.filter(merged_into=asked.pk))
    if asked.is_open:
        rows = rows.union(*(_read(every.filter(pk__in=keys)) for keys in _candidates(asked, every)))
    rows = list(rows)
    hints = [hint for hint in (_hint(asked, row) for row in rows) if hint]
    hints.sort(key=lambda hint: ([each not in hint.because for each in Because], -hint.pk))
    return Found(tuple(hints), tuple(sorted(row["pk"] for row in rows if row["merged_into"] == asked.pk)))


def pair(asked, other):
    """Return the reasons why these two requests may be one person's, as a tuple of Because (no query)."""
    theirs = {name: getattr(other, name) for name in ("phone_index", "email_index", "full_name", "date_of_birth")}
    return _reasons(asked, **theirs)


def same_words(name):
    """Return a name as it is compared: its words in one order, without accents, case, apostrophes and dashes."""
    signs = unicodedata.normalize("NFKD", name).casefold().translate(PLAIN)
    spaced = (" " if unicodedata.category(sign).startswith(BETWEEN_WORDS) else sign for sign in signs)
    return sorted("".join(sign for sign in spaced if sign == " " or sign.isalnum()).split())


def _candidates(asked, every):
    """Return the queries of the keys to look at: those with a contact of the request, and the newest for their name."""
    contacts = Q()
    for index, typed in (("phone_index", asked.phone), ("email_index", asked.email)):
        contacts |= Q(**{f"{index}__in": AppointmentRequest._meta.get_field(index).candidates(typed)})
    fit = every.filter(status__in=OPEN).exclude(pk=asked.pk)
    fit = fit.held_as_spam() if asked.held_because else fit.trusted()
    for side, other in (("first", "second"), ("second", "first")):
        fit = fit.exclude(pk__in=NotDuplicate.objects.filter(**{side: asked.pk}).values(other))
    newest = every.order_by("-pk").values("pk")[:NAMES_LOOKED_AT]
    return fit.filter(contacts).values("pk")[:MOST_WITH_ONE_CONTACT], fit.filter(pk__in=newest).values("pk")


def _read(requests):
    """Return rows with what is compared. What is encrypted stays shut, so that one that no key opens harms no other."""
    shut = {name: Cast(field, TextField()) for name, field in SEALED.items()}
    return requests.order_by().annotate(**shut).values(*READ)


def _hint(asked, row):
    if row["merged_into"]:
        return None
    try:
        opened = {field: AppointmentRequest._meta.get_field(field).opened(row[name]) for name, field in SEALED.items()}
    except Unreadable:
        return None
    because = _reasons(asked, phone_index=row["phone_index"], email_index=row["email_index"], **opened)
    return Hint(row["pk"], row["reference"], because) if because else None


def _reasons(asked, *, phone_index, email_index, full_name, date_of_birth):
    fields = AppointmentRequest._meta.get_field
    mine, theirs = same_words(asked.full_name), same_words(full_name)
    born = (asked.date_of_birth, date_of_birth)
    agrees = {
        Because.PHONE: phone_index in fields("phone_index").candidates(asked.phone),
        Because.EMAIL: email_index in fields("email_index").candidates(asked.email),
        Because.NAME: mine == theirs and bool(mine),
    }
    if not any(agrees.values()):
        return ()
    has_contact = agrees[Because.PHONE] or agrees[Because.EMAIL]
    if not has_contact and (len(mine) < FEWEST_WORDS or (None not in born and born[0] != born[1])):
        return ()
    agrees[Because.BORN] = born[0] is not None and born[0] == born[1]
    return tuple(each for each in Because if agrees[each])

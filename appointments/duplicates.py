"""Finds the open requests that may be the same person's, for staff to judge: a hint with its reasons, never a decision.

Telephone numbers and e-mail addresses are compared by their keyed indexes. Names are encrypted, so they are opened
here, and those of the newest requests alone. What is closed is no longer looked at: to join it would hide its answer.
"""

from dataclasses import dataclass

from django.db.models import Q, TextChoices, TextField
from django.db.models.functions import Cast
from django.utils.translation import gettext_lazy as _

from appointments.models import OPEN, AppointmentRequest, HeldBecause, NotDuplicate, Status
from appointments.name_words import same_words
from clinic.encryption import Unreadable

# Among so many of the requests that came last, the open ones are hinted at for their name alone.
NAMES_LOOKED_AT = 300
# A flood of requests with one number must not make a sheet slow.
MOST_WITH_ONE_CONTACT = 200
# One word alone is many people's name.
FEWEST_WORDS = 2

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


class _Person:
    """Whose request it may be, ready to be compared with many others."""

    def __init__(self, asked):
        fields = AppointmentRequest._meta.get_field
        self.phones = fields("phone_index").candidates(asked.phone)
        self.emails = fields("email_index").candidates(asked.email)
        self.words, self.born = same_words(asked.full_name), asked.date_of_birth

    def reasons(self, *, phone_index, email_index, full_name, born):
        """Return the reasons why another request may be the same person's.

        `born` returns the other one's date of birth: it is opened for the few that it matters to.
        """
        has_contact = phone_index in self.phones or email_index in self.emails
        has_name = bool(self.words) and self.words == same_words(full_name)
        if not (has_contact or has_name):
            return ()
        theirs = born()
        if not has_contact and (len(self.words) < FEWEST_WORDS or (self.born and theirs and self.born != theirs)):
            return ()
        agrees = {
            Because.PHONE: phone_index in self.phones,
            Because.EMAIL: email_index in self.emails,
            Because.NAME: has_name,
            Because.BORN: self.born is not None and self.born == theirs,
        }
        return tuple(each for each in Because if agrees[each])


def look(asked, *, user):
    """Return what is Found about a request among those that `user` may see (1 query)."""
    every = AppointmentRequest.of_every_kind.filter(kind=asked.kind).visible_to(user)
    rows = _read(every.filter(merged_into=asked.pk))
    if asked.is_open:
        rows = rows.union(*(_read(every.filter(pk__in=keys)) for keys in _candidates(asked, every)))
    rows = list(rows)
    person = _Person(asked)
    hints = [hint for hint in (_hint(person, row) for row in rows) if hint]
    hints.sort(key=lambda hint: ([each not in hint.because for each in Because], -hint.pk))
    return Found(tuple(hints), tuple(sorted(row["pk"] for row in rows if row["merged_into"] == asked.pk)))


def pair(asked, other):
    """Return the reasons why these two requests may be one person's, as a tuple of Because (no query)."""
    return _Person(asked).reasons(
        phone_index=other.phone_index,
        email_index=other.email_index,
        full_name=other.full_name,
        born=lambda: other.date_of_birth,
    )


def _candidates(asked, every):
    """Return the queries of the keys to look at: those with a contact of the request, and the newest for their name."""
    contacts = Q()
    for index, typed in (("phone_index", asked.phone), ("email_index", asked.email)):
        contacts |= Q(**{f"{index}__in": AppointmentRequest._meta.get_field(index).candidates(typed)})
    # Said the other way round, so that no database starts from all that is open, or trusted, and not from the few keys.
    fit = every.exclude(status__in=set(Status) - set(OPEN)).exclude(pk=asked.pk)
    fit = fit.held_as_spam() if asked.held_because else fit.exclude(held_because__in=HeldBecause.values)
    for side, other in (("first", "second"), ("second", "first")):
        fit = fit.exclude(pk__in=NotDuplicate.objects.filter(**{side: asked.pk}).values(other))
    newest = every.order_by("-pk").values("pk")[:NAMES_LOOKED_AT]
    return fit.filter(contacts).values("pk")[:MOST_WITH_ONE_CONTACT], fit.filter(pk__in=newest).values("pk")


def _read(requests):
    """Return rows with what is compared. What is encrypted stays shut, so that one that no key opens harms no other."""
    shut = {name: Cast(field, TextField()) for name, field in SEALED.items()}
    return requests.order_by().annotate(**shut).values(*READ)


def _hint(person, row):
    if row["merged_into"]:
        return None

    def opened(name):
        return AppointmentRequest._meta.get_field(SEALED[name]).opened(row[name])

    try:
        because = person.reasons(
            phone_index=row["phone_index"],
            email_index=row["email_index"],
            full_name=opened("sealed_name"),
            born=lambda: opened("sealed_born"),
        )
    except Unreadable:
        return None
    return Hint(row["pk"], row["reference"], because) if because else None

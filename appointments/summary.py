"""Every answer of a request in words, before it is sent: each with the page that changes it."""

from django.utils.formats import date_format
from django.utils.text import capfirst
from django.utils.translation import gettext

from appointments.forms import (
    ReachBy,
    Record,
    Relation,
    ToContact,
    interpreter_choices,
    parts_in_words,
    times_in_words,
)
from appointments.models import Wish


def rows_of(answers):
    """Return rows for the component `summary_list`, in the order of the pages; every step must be answered."""
    sent = answers.to_send()
    rows = _wish(answers) + _signs(answers, sent) + _matter(answers, sent) + _needs(answers, sent)
    rows += _people(answers, sent) + _reach(sent)
    return [{"step": step, "label": label, "value": str(value)} for step, label, value in rows]


def _wish(answers):
    offered, location = answers.offered, answers.offered.locations.get(answers.location)
    patient = gettext("Someone else") if answers.is_for_someone_else else gettext("You")
    return [
        ("wish", gettext("You would like"), capfirst(Wish(answers.wish).label)),
        ("wish", gettext("It is for"), patient),
        ("wish", gettext("Treatment"), offered.procedures.get(answers.procedure) or gettext("I am not sure")),
        ("wish", gettext("Place"), location.name if location else gettext("I am not sure, or I have no preference")),
    ]


def _signs(answers, sent):
    if not sent["signs"]:
        return []
    ticked = answers.in_readers_language([sign for sign in sent["signs"] if sign["ticked"]])
    label = gettext("Signs now") if answers.is_for_someone_else else gettext("Signs that you have now")
    return [("signs", label, "\n".join(sign["text"] for sign in ticked) or gettext("None of these"))]


def _matter(answers, sent):
    if answers.wish == Wish.QUESTION:
        return [("matter", gettext("Your question"), sent["matter"])]
    chosen = sent["preferences"]
    can_come = gettext("When the patient can come") if answers.is_for_someone_else else gettext("When you can come")
    records = ", ".join(str(Record(record).label) for record in chosen["records"])
    return [
        ("matter", gettext("What is the matter"), sent["matter"]),
        ("matter", gettext("Letter or scan"), records or gettext("No")),
        ("matter", can_come, times_in_words(chosen["times"])),
        ("matter", gettext("We tell you of an earlier time"), _yes_or_no(chosen["sooner"])),
    ]


def _needs(answers, sent):
    if "needs" not in answers.steps:
        return []
    chosen = sent["preferences"]
    return [
        ("needs", gettext("Interpreter"), dict(interpreter_choices())[chosen["interpreter"]]),
        ("needs", gettext("A way in without steps"), _yes_or_no(chosen["step_free"])),
        ("needs", gettext("What else helps"), chosen["other_needs"]),
    ]


def _people(answers, sent):
    """Return the rows about the patient, and about who asks for them."""
    form, helper = answers.read("person"), sent["helper"]
    born = form.cleaned_data["patient_born" if helper else "date_of_birth"]
    born = date_format(born, "DATE_FORMAT") if born else ""
    if not helper:
        return [
            ("person", gettext("Your full name"), sent["full_name"]),
            ("person", gettext("Date of birth"), born),
        ]
    return [
        ("person", gettext("Full name of the patient"), sent["full_name"]),
        ("person", gettext("Date of birth of the patient"), born),
        ("person", gettext("Your full name"), helper["full_name"]),
        ("person", gettext("Who you are to the patient"), Relation(helper["relation"]).label),
        ("person", gettext("We call or write to"), ToContact(helper["call"]).label),
    ]


def _reach(sent):
    chosen = sent["preferences"]
    rows = [
        ("person", gettext("Email address"), sent["email"]),
        ("person", gettext("Telephone number"), sent["phone"]),
        (
            "person",
            gettext("How we reach this person") if sent["helper"] else gettext("How we reach you"),
            ReachBy(chosen["reach_by"]).label,
        ),
    ]
    if sent["phone"]:
        rows += [
            ("person", gettext("When we may telephone"), parts_in_words(chosen["reach_when"])),
            ("person", gettext("We may leave a message"), _yes_or_no(chosen["leave_message"])),
        ]
    return [*rows, ("person", gettext("Messages may name the treatment"), _yes_or_no(sent["wants_details"]))]


def _yes_or_no(is_so):
    return gettext("Yes") if is_so else gettext("No")

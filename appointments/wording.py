"""The words of each message to a patient, as they are until a manager writes others (`MessageWording`).

A message is text with names in curly brackets, which are filled in when it is written. A line whose names are all
empty is left out, so that one text serves patients who want the treatment named and those who do not. The text is the
source: the formatted message is made of it, so both say the same.
"""

import re
from dataclasses import dataclass

from django.utils import translation
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from clinic.refusals import Unfit

NAME = re.compile(r"\{(\w+)\}")

# What each name stands for, as managers read it.
NAMES = {
    "reference": _("the reference of the request"),
    "link": _("the patient’s private link"),
    "clinic": _("the clinic’s name, or its discreet name"),
    "telephone": _("the clinic’s telephone number"),
    "due": _("by when you promised to answer"),
    "times": _("the times you offer, one a line"),
    "time": _("the day and time that you agreed on"),
    "place": _("the name and address of the place"),
    "reason": _("why you cannot help"),
    "treatment": _("the treatment; empty unless the patient wants it named"),
    "preparation": _("how to prepare; empty unless the patient wants the treatment named"),
}
EVERYWHERE = ("reference", "link", "clinic", "telephone", "treatment")

# Patients take a request for an appointment more often than anything else goes wrong.
NOT_YET = _("This is a request, not yet an appointment.")

# Others see subjects; and these may be empty, secret or many lines long.
NOT_IN_SUBJECTS = ("link", "treatment", "preparation", "reason", "times", "place", "due")
# A line with no other name than these is not in every message.
EMPTY_FOR_SOME = ("treatment", "preparation", "due")
LINK = re.compile(r"https?://\S+")

SUBJECT_LENGTH, TEXT_LENGTH = 120, 4000


@dataclass(frozen=True)
class Wording:
    """One kind of message: what it is about, its words, and the names it may use besides those used everywhere.

    `needs` are the names that its text must keep; `is_of_a_request` says that it must keep the sentence NOT_YET too.
    `said` is what takes the place of our text in a call, where that speaks of what only a message can bring.
    """

    label: str
    subject: str
    text: str
    names: tuple = ()
    needs: tuple = ()
    is_of_a_request: bool = False
    said: str = ""

    @property
    def allowed(self):
        """Every name that this message may use."""
        return (*EVERYWHERE, *self.names)


FOOT = _("""See where your request stands, and what you can do:
{link}

Questions? Call us: {telephone}. Tell us your reference: {reference}.

{clinic}""")

WORDINGS = {
    "received": Wording(
        _("We have your request"),
        _("We have your request {reference}"),
        _("""We have your request. Your reference is {reference}.

This is a request, not yet an appointment.

A person on our team reads it and answers you by {due}.

It is about: {treatment}"""),
        ("due",),
        is_of_a_request=True,
    ),
    "question": Wording(
        _("We have a question"),
        _("A question about your request {reference}"),
        _("""We have read your request {reference}, and need to ask you something before we can go on.

Read our question on your private page, and answer it there. Or call us.

This is a request, not yet an appointment."""),
        is_of_a_request=True,
    ),
    "offer": Wording(
        _("We offer you times"),
        _("Choose a time for your request {reference}"),
        _("""We can offer you these times:

{times}

Choose one on your private page, or ask for others there. We do not hold a time until you choose it.

This is a request, not yet an appointment. It is one as soon as you choose a time.

It is about: {treatment}"""),
        ("times",),
        needs=("times",),
        is_of_a_request=True,
    ),
    "agreed": Wording(
        _("Your appointment"),
        _("Your appointment: {time}"),
        _("""You have an appointment: {time}.

{place}

The file that came with this message puts it into your calendar. You can cancel on your private page.

It is about: {treatment}

{preparation}"""),
        ("time", "place", "preparation"),
        needs=("time", "place"),
        said=_("""You have an appointment: {time}.

{place}

It is about: {treatment}

{preparation}"""),
    ),
    "time_changed": Wording(
        _("Your new time"),
        _("New time for your appointment: {time}"),
        _("""Your appointment has a new time: {time}.

{place}

The old time is no longer yours. The file that came with this message changes it in your calendar.

It is about: {treatment}"""),
        ("time", "place"),
        needs=("time", "place"),
        said=_("""Your appointment has a new time: {time}.

{place}

The old time is no longer yours.

It is about: {treatment}"""),
    ),
    "time_cancelled": Wording(
        _("Your appointment is cancelled"),
        _("Your appointment is cancelled: {time}"),
        _("""We had to cancel your appointment: {time}. We are sorry.

Your request is still open. We look for another time and answer you by {due}."""),
        ("time", "due"),
        needs=("time",),
    ),
    "reminder": Wording(
        _("Reminder of your appointment"),
        _("Your appointment: {time}"),
        _("""Your appointment is soon: {time}.

{place}

Can you not come? Tell us on your private page, or call us.

It is about: {treatment}

{preparation}

You can turn reminders off on your private page."""),
        ("time", "place", "preparation"),
        needs=("time", "place"),
    ),
    "answered": Wording(
        _("We have answered your request"),
        _("We have answered your request {reference}"),
        _("""We have answered your request {reference}.

Read our answer on your private page."""),
    ),
    "declined": Wording(
        _("We cannot do what you asked for"),
        _("About your request {reference}"),
        _("""We have read your request {reference}. We cannot do what you asked for.

The reason: {reason}.

Call us if you want to talk about it."""),
        ("reason",),
        needs=("reason",),
    ),
    "withdrawn": Wording(
        _("You have withdrawn your request"),
        _("Your request {reference} is withdrawn"),
        _("""You have withdrawn your request {reference}. We do nothing more about it.

Your appointment is cancelled: {time}.

You can send a new request at any time. If it was not you who withdrew it, call us."""),
        ("time",),
    ),
    "page_changed": Wording(
        _("A page that you read has changed"),
        _("Please read again: about your request {reference}"),
        _("""Some of what you read on our page has changed since you sent your request {reference}.

Please read it again before you come to us. Your private page shows what has changed.

It is about: {treatment}"""),
        said=_("""Some of what you read on our page has changed since you sent your request {reference}.

We tell you now what it is.

It is about: {treatment}"""),
    ),
    "retracted": Wording(
        _("We take back what we wrote"),
        _("About your request {reference}"),
        _("""We take back our last message about your request {reference}. Please do not act on it. We are sorry.

You need do nothing now. We go on with your request and answer you by {due}.

This is a request, not yet an appointment."""),
        ("due",),
        is_of_a_request=True,
        said=_("""We take back the last thing that we told you about your request {reference}. We are sorry.

You need do nothing now. We go on with your request and answer you by {due}.

This is a request, not yet an appointment."""),
    ),
    "reopened": Wording(
        _("Your request is open again"),
        _("Your request {reference} is open again"),
        _("""We have opened your request {reference} again. What we wrote to you about it before no longer holds.

You need do nothing now. We go on with your request and answer you by {due}.

This is a request, not yet an appointment.

It is about: {treatment}"""),
        ("due",),
        is_of_a_request=True,
        said=_("""We have opened your request {reference} again. What we told you about it before no longer holds.

You need do nothing now. We go on with your request and answer you by {due}.

This is a request, not yet an appointment."""),
    ),
    "link": Wording(
        _("A new private link"),
        _("Your private link for request {reference}"),
        _("""Somebody asked us for a new link to your request {reference}. Here it is.

If it was not you, you need do nothing."""),
        said=_("""Somebody asked us for a new link to your request {reference}. We can send it by e-mail only.

Do you want to know where your request stands? We can tell you now.

If it was not you, you need do nothing."""),
    ),
}


def filled(text, values):
    """Return the text with its names filled in. A line that has names, all of them empty, is left out."""
    lines = []
    for line in str(text).splitlines():
        names = NAME.findall(line)
        if names and not any(values.get(name) for name in names):
            continue
        lines.append(NAME.sub(lambda found: str(values.get(found[1], "")), line))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def blocks(text):
    """Return a text as the formatted message shows it: dictionaries of `points` (a list), `link`, or `lines`."""
    found = []
    for paragraph in re.split(r"\n{2,}", text):
        for line in paragraph.splitlines():
            if line.startswith("- "):
                kind, words = "points", line[2:]
            else:
                kind, words = "link" if LINK.fullmatch(line) else "lines", line
            if kind != "link" and found and kind in found[-1]:
                found[-1][kind].append(words)
            else:
                found.append({kind: words if kind == "link" else [words]})
        # The next paragraph begins a block of its own.
        found.append({})
    return [block for block in found if block]


# What a manager may write


def our_words(purpose, language):
    """Return (subject, text) of a message as we wrote it, in this language."""
    with translation.override(language):
        return str(WORDINGS[purpose].subject), str(WORDINGS[purpose].text)


def fit_words(purpose, language, *, subject, text):
    """Return (subject, text) as they are kept, in place of ours.

    Raises Unfit for the first thing to be mended: names that this message does not know or must keep, a curly bracket
    on its own, a message about a request that no longer says that it is not yet an appointment.
    """
    subject, text = " ".join(subject.split()), text.replace("\r\n", "\n").strip()
    check_length(subject, SUBJECT_LENGTH, field="subject")
    check_length(text, TEXT_LENGTH, field="text")
    row = WORDINGS[purpose]
    for field, words in (("subject", subject), ("text", text)):
        check_names(row.allowed, words, field=field)
    for name in NAME.findall(subject):
        if name in NOT_IN_SUBJECTS:
            reason = gettext("Leave {%(name)s} out of the subject: others can see that on a locked telephone.")
            raise Unfit(reason % {"name": name}, field="subject")
    for name in row.needs:
        if name not in NAME.findall(text):
            reason = gettext("Keep {%(name)s} in the text: without it, patients do not learn %(meaning)s.")
            raise Unfit(reason % {"name": name, "meaning": NAMES[name]}, field="text")
    with translation.override(language):
        not_yet = str(NOT_YET)
    if row.is_of_a_request and not_yet not in _always_there(row, text):
        raise Unfit(gettext("Keep this sentence in the text: “%(sentence)s”") % {"sentence": not_yet}, field="text")
    return subject, text


def _always_there(row, text):
    """Return what every patient reads of a text, on one line: lines may be left out whose names are empty for some."""
    values = {name: name for name in row.allowed if name not in EMPTY_FOR_SOME}
    return " ".join(filled(text, values).split())


def check_length(words, longest, *, field):
    """Raise Unfit for words that are none, or more than `longest` characters."""
    if not words:
        raise Unfit(gettext("Write the words that the patient will read."), field=field)
    if len(words) > longest:
        raise Unfit(gettext("Shorten this to %(number)d characters.") % {"number": longest}, field=field)


def check_names(allowed, words, *, field):
    """Raise Unfit for a name in curly brackets that is not among those allowed here, and for a bracket on its own."""
    for name in NAME.findall(words):
        if name not in allowed:
            known = ", ".join(f"{{{each}}}" for each in allowed)
            reason = gettext("This message has no {%(name)s}. The names that it can use are: %(known)s.")
            raise Unfit(reason % {"name": name, "known": known}, field=field)
    rest = NAME.sub("", words)
    if "{" in rest or "}" in rest:
        reason = gettext("Write curly brackets only around a name, both of them, as in {reference}.")
        raise Unfit(reason, field=field)

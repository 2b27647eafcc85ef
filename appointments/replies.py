"""Saved replies: words that staff use again, with names in curly brackets that a request fills in.

What a request has no value for stays in its brackets, and words with such a name in them are not sent.
"""

import re

from django.utils import translation
from django.utils.translation import gettext_lazy as _

from appointments import messages
from appointments.names import plain_name
from appointments.wording import NAMES, TEXT_LENGTH, check_length, check_names, filled
from clinic.models import ClinicProfile

# What each name stands for, as managers read it. They stand on the private page, where nothing need be discreet.
REPLY_NAMES = {name: NAMES[name] for name in ("reference", "clinic", "telephone", "due", "times", "time", "place")} | {
    "clinic": _("the clinic’s name"),
    "treatment": _("the treatment that the patient asked for"),
}
# Staff who write a name by hand may write it with spaces, or with capitals.
LEFT_OPEN = re.compile(r"\{\s*(\w+)\s*\}")


def fit_reply(text):
    """Return the words of a saved reply as they are kept; raises Unfit for what must be mended first."""
    text = text.replace("\r\n", "\n").strip()
    check_length(text, TEXT_LENGTH, field="text")
    check_names(REPLY_NAMES, text, field="text")
    return text


def for_request(text, request):
    """Return a saved reply filled in with what is true of a request now, in the patient's language (9 queries)."""
    with translation.override(request.language):
        values = messages.values_of(request, token="") | {  # nosec B106  # no link, so no token
            "clinic": ClinicProfile.current().name,
            "treatment": plain_name(request.procedure_id) if request.procedure_id else "",
        }
    return _with_names_left(text, values)


def example(text, language):
    """Return a saved reply filled in with made-up values."""
    with translation.override(language):
        values = messages.example_values(details=True)
    return _with_names_left(text, values)


def _with_names_left(text, values):
    return filled(text, {name: values[name] or f"{{{name}}}" for name in REPLY_NAMES})


def open_names(text):
    """Return the known names that still stand in curly brackets in words to a patient, in order and each once."""
    left = {f"{{{name.lower()}}}": None for name in LEFT_OPEN.findall(text) if name.lower() in NAMES}
    return list(left)

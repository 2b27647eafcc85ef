"""Keeps what is private out of the logs: query strings, tokens of private links, and what an error said.

An error's own words may quote what a patient typed, or a row of the database, so a record of one says what kind it was
and where in the code it arose.
"""

import logging
import re
import traceback

QUERY = re.compile(r"\?[^\s\"']*")
TOKEN = re.compile(r"(/(?:appointments/track|review)/)[^/\s\"']+")


def leave_out(text):
    """Return `text` without query strings and tokens of private links."""
    return leave_out_tokens(QUERY.sub("", text))


def leave_out_tokens(text):
    """Return `text` with an ellipsis in the place of each token of a private link."""
    return TOKEN.sub(r"\1…", text)


def where_it_arose(error):
    """Return a traceback (text) of an exception and those it followed from: their kinds, without their words."""
    parts, seen = [], set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        frames = "".join(traceback.format_tb(error.__traceback__))
        parts.append(f"Traceback (most recent call last):\n{frames}{type(error).__module__}.{type(error).__qualname__}")
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return "\n\nwhich followed from:\n\n".join(parts)


class LeaveOutAddresses(logging.Filter):
    """Rewrites each record before it is written anywhere."""

    def filter(self, record):
        record.msg, record.args = leave_out(record.getMessage()), ()
        if record.exc_info and record.exc_info[1] is not None:
            record.exc_text = where_it_arose(record.exc_info[1])
        return True

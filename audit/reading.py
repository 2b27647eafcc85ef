"""Who was shown what: one event for a list, however many rows it has, and one for each refusal.

It holds which rows were shown, by number, and the names of filters; of a search its kind alone, never what was typed.
"""

from django.contrib import admin

from audit.actors import Actor
from audit.models import Event

LISTED, SEARCHED, REFUSED = "listed", "searched", "staff.refused"
DIGITS_OF_A_KEY = 18


def record_list(subject, *, by, of, shown, filters=(), search="", **details):
    """Insert the event that says which rows of the model `of` somebody was shown (1 query), and return it.

    `shown` are primary keys in the order of the list, `filters` their names, `search` the kind of a search, such as
    "reference"; "" for none.
    """
    details |= {"rows": len(shown), "shown": list(shown), "filters": sorted(filters)}
    if search:
        details["search"] = search
    return Event.record(f"{subject}.{SEARCHED if search else LISTED}", by=by, about=of, **details)


def record_refusal(request, *, answer):
    """Record that a member of staff asked for a screen, or a row, that is not theirs; nothing for anybody else.

    `answer` is the code that they got. What they put into the address is kept where it is a number, and only then.
    """
    match, user = request.resolver_match, getattr(request, "user", None)
    if match is None or not match.url_name or user is None or not user.is_authenticated:
        return
    about = _model_of(match.url_name)
    typed = str(match.kwargs.get("object_id", match.kwargs.get("pk", "")))
    if about is not None and typed.isascii() and typed.isdecimal() and len(typed) <= DIGITS_OF_A_KEY:
        about = about(pk=int(typed))
    by = Actor.staff(user)
    Event.record(REFUSED, by=by, about=about, screen=match.view_name, method=request.method, answer=answer)


def _model_of(url_name):
    """Return the model whose screens an address of the admin belongs to; None for any other address."""
    names = {f"{model._meta.app_label}_{model._meta.model_name}": model for model in admin.site._registry}
    return names.get("_".join(url_name.split("_", 2)[:2]))

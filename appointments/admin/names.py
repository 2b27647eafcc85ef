"""Names of several kinds of things, read in one query: what the forms of a sheet choose from, and what answers name."""

from typing import NamedTuple

from django.db.models import BooleanField, CharField, F, IntegerField, Value
from django.db.models.functions import Cast

FIELDS = ("named_kind", "named_key", "named_name", "named_order", "named_mark")


class Named(NamedTuple):
    """One thing: of which kind, its key as forms send it, its name, and a mark that the kind may give it."""

    kind: str
    key: str
    name: str
    order: int
    mark: bool


def named(rows, kind, *, key="key", name="name", order=None, mark=None):
    """Return a query of Named for `read`; `key`, `name` and `order` are names of columns, `mark` is a condition."""
    return (
        rows.order_by()
        .annotate(
            named_kind=Value(kind, CharField()),
            named_key=Cast(key, CharField()),
            named_name=Cast(name, CharField()),
            named_order=Cast(F(order), IntegerField()) if order else Value(0),
            named_mark=mark if mark is not None else Value(False, BooleanField()),
        )
        .values_list(*FIELDS)
    )


def read(*queries):
    """Return a list of Named for each kind, in the order in which lists show them (1 query)."""
    first, *others = queries
    found = {}
    for row in first.union(*others, all=True).order_by("named_order", "named_name"):
        thing = Named(*row)
        found.setdefault(thing.kind, []).append(thing)
    return found

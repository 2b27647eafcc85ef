"""How long what is kept: a register that rooms fill in when the site starts, and the table that managers edit over it.

The privacy page is rendered from the table, and the purge (`clinic/purging.py`) obeys it. Each time has a least and a
most, which code demands with its reason. HIPAA says nothing of how long an office keeps what patients write to it;
states do, for medical records. 45 CFR 164.316(b)(2)(i) asks for six years of what documents security. GDPR 5(1)(e)
allows no longer than the purpose needs. What a clinic must keep longer belongs in its medical record, not here:
docs/how-to/retention.md.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, override

from audit.models import Event
from clinic.models import PageStamp, RetentionRule, Unit
from clinic.refusals import Refused, Unfit
from clinic.translated import Translated

CHANGE = "clinic.change_retentionrule"
DAYS_IN = {Unit.DAYS: 1, Unit.MONTHS: 30.436875, Unit.YEARS: 365.2425}


@dataclass(frozen=True)
class Span:
    """A time such as 30 days or 13 months, by the calendar."""

    number: int
    unit: str

    def __str__(self):
        """Say it in the reader's language."""
        words = {
            Unit.DAYS: lambda n: ngettext("%(number)d day", "%(number)d days", n),
            Unit.MONTHS: lambda n: ngettext("%(number)d month", "%(number)d months", n),
            Unit.YEARS: lambda n: ngettext("%(number)d year", "%(number)d years", n),
        }
        return words[self.unit](self.number) % {"number": self.number}

    @property
    def days(self):
        """How long it is, in days, on average."""
        return self.number * DAYS_IN[self.unit]

    def before(self, moment):
        """Return the moment (aware) that lies this long before another; the last of a month where a day is missing."""
        if self.unit == Unit.DAYS:
            return moment - timedelta(days=self.number)
        months = moment.year * 12 + moment.month - 1 - self.number * (12 if self.unit == Unit.YEARS else 1)
        year, month = divmod(months, 12)
        for day in range(moment.day, 27, -1):
            try:
                return moment.replace(year=year, month=month + 1, day=day)
            except ValueError:
                continue
        return moment.replace(year=year, month=month + 1)


@dataclass(frozen=True)
class Removed:
    """What one batch removed: how many, and the primary keys where they tell something that is not personal."""

    number: int
    keys: tuple = ()


@dataclass(frozen=True)
class Holding:
    """One kind of thing that is kept for a time, one line of the table.

    `what` says it to patients; `lasts` says in words from when `%(span)s` counts. A manager may choose between `least`
    and `most`; where they are one, nobody may. `count(before)` says how many rows are past their time at a moment
    (aware), `remove(before, at_most)` removes some of them in the caller's transaction and returns Removed; without it
    a chore of the sender's forgets them. `covers` names the models ("room.Model"), `is_told` says whether patients read
    of it on the privacy page, `place` where it stands: the smallest first.
    """

    code: str
    what: str
    lasts: str
    why: str
    usual: Span
    least: Span
    most: Span
    least_because: str = ""
    most_because: str = ""
    count: Callable | None = None
    remove: Callable | None = None
    covers: tuple = ()
    is_told: bool = True
    place: int = 9

    @property
    def is_fixed(self):
        """Whether no manager may choose."""
        return self.least == self.most


_holdings, _kept_otherwise = {}, {}


def register(holding):
    """Add one. Called from `AppConfig.ready()`; a second registration of a code replaces the first."""
    _holdings[holding.code] = holding


def fixed(code, *, what, lasts, why, span, **also):
    """Add one for which code alone says how long."""
    register(Holding(code, what, lasts, why, usual=span, least=span, most=span, **also))


def kept_otherwise(model, reason):
    """Say of a model ("room.Model") with personal data why no line of the table is about it."""
    _kept_otherwise[model] = reason


def holdings():
    """Return every Holding, the one that matters most to patients first."""
    return sorted(_holdings.values(), key=lambda each: each.place)


def holding_of(code):
    """Return the Holding with this code, or None."""
    return _holdings.get(code)


def said_of(model):
    """Return what is said of how long a model's rows stay: the code of a Holding, or a reason; "" for nothing.

    What is deleted with another row is kept as long as that.
    """
    label = model._meta.label
    codes = [each.code for each in holdings() if label in each.covers]
    said = codes[0] if codes else _kept_otherwise.get(label, "")
    parents = (
        field.related_model
        for field in model._meta.concrete_fields
        if field.is_relation and field.remote_field.on_delete.__name__ == "CASCADE" and field.related_model != model
    )
    return said or next(filter(None, map(said_of, parents)), "")


def of_rows(due):
    """Return `count` and `remove` of a Holding whose rows are deleted one by one; `due(before)` is their QuerySet.

    Nothing of a row is read, so that one that cannot be decrypted goes like any other.
    """

    def remove(before, at_most):
        rows = due(before).select_for_update(of=("self",), skip_locked=True).order_by("pk")
        keys = list(rows.values_list("pk", flat=True)[:at_most])
        _all, by_model = rows.model._base_manager.filter(pk__in=keys).only("pk").delete()
        return Removed(by_model.get(rows.model._meta.label, 0))

    return {"count": lambda before: due(before).count(), "remove": remove}


# The table


@dataclass(frozen=True)
class Rule:
    """One line of the table as it stands: the Holding, how long (Span) and why (Translated)."""

    holding: Holding
    span: Span
    why: Translated

    @property
    def lasts(self):
        """Say from when it is counted and how long it is, to patients."""
        return str(self.holding.lasts) % {"span": self.span}


def rules():
    """Return the table (1 query): what managers chose, else what is usual."""
    stored = RetentionRule.objects.in_bulk()
    return [_rule(holding, stored.get(holding.code)) for holding in holdings()]


def rule_of(code):
    """Return one Rule of the table (1 query)."""
    return _rule(holding_of(code), RetentionRule.objects.filter(pk=code).first())


def _rule(holding, row):
    if row is None:
        return Rule(holding, holding.usual, in_each_language(holding.why))
    # What a release demands holds for what was chosen before it.
    span = max(Span(row.number, row.unit), holding.least, key=lambda each: each.days)
    return Rule(holding, min(span, holding.most, key=lambda each: each.days), row.why)


def in_each_language(words):
    """Return a sentence of ours as a Translated of every language of the site."""
    texts = {}
    for code, _name in settings.LANGUAGES:
        with override(code):
            texts[code] = str(words)
    return Translated(texts)


def check_span(holding, span):
    """Raise Unfit, with the reason, where nobody may keep this for such a time."""
    if holding.is_fixed and span != holding.usual:
        raise Unfit(
            _("The site itself needs it for %(span)s. This cannot be changed.") % {"span": holding.usual},
            field="number",
        )
    if span.number < 1 or span.days < holding.least.days:
        facts = {"span": holding.least, "reason": holding.least_because}
        raise Unfit(_("Keep it for %(span)s at least. %(reason)s") % facts, field="number")
    if span.days > holding.most.days:
        facts = {"span": holding.most, "reason": holding.most_because}
        raise Unfit(_("Keep it for %(span)s at most. %(reason)s") % facts, field="number")


def more_would_go(holding, span, *, now=None):
    """Return how many rows would be past their time if it were `span`, where that is more than now is; else 0."""
    now, rule = now or timezone.now(), rule_of(holding.code)
    if holding.count is None or span.days >= rule.span.days:
        return 0
    would_go = holding.count(span.before(now))
    return would_go if would_go > holding.count(rule.span.before(now)) else 0


@transaction.atomic
def change_rule(code, *, span, why, by):
    """Keep something for another time or reason, and return its RetentionRule. The privacy page says so at once.

    Raises Refused for who may not, Unfit for a time that is too short or too long and for a reason that is missing.
    """
    if by.user is None or not by.user.has_perm(CHANGE):
        raise Refused(_("Your role does not allow this."))
    holding = holding_of(code)
    check_span(holding, span)
    if not all((why.get(language) or "").strip() for language, _name in settings.LANGUAGES):
        raise Unfit(_("Write the reason in each language."), field="why")
    was = _rule(holding, RetentionRule.objects.select_for_update().filter(pk=code).first())
    pairs = {
        "number": (was.span.number, span.number),
        "unit": (was.span.unit, span.unit),
        "why": (was.why, Translated(why)),
    }
    values = {name: new for name, (_old, new) in pairs.items()}
    row, _is_new = RetentionRule.objects.update_or_create(pk=code, defaults=values)
    if changed := sorted(name for name, (old, new) in pairs.items() if old != new):
        PageStamp.move()
        Event.record("retention.changed", by=by, about=row, fields=changed)
    return row

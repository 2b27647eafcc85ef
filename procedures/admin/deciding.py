"""What an editor is asked where somebody else changed the same: which of both stands, or what is written anew.

What is asked travels in the form, signed. No choice throws away what was typed after it was asked.
"""

from dataclasses import asdict, dataclass

from django.utils.datastructures import MultiValueDict
from django.utils.text import Truncator
from django.utils.translation import gettext

from clinic import stale
from clinic.merging import ORDER, Conflict
from procedures.forms import ROWS, form_field, typed_rows
from procedures.models import Procedure

MINE, THEIRS, ANEW = "mine", "theirs", "anew"
# More than these is no merging any more: both versions are shown whole.
MOST = 40
NAMED_BY = ("label", "name", "title", "question", "text", "caption", "alternative_text", "key", "file")
LONGEST_NAME = 60


@dataclass(frozen=True)
class Asked:
    """One conflict as a screen asks it: its input, its label, the three in words, the field below, and the choice."""

    name: str
    label: str
    original: str
    theirs: str
    mine: str
    target: str
    chosen: str
    problem: str = ""


# How conflicts travel


def read_conflicts(text, *, of):
    """Return the Conflicts that a form carried; none where nobody can vouch for them."""
    return [Conflict(**each) for each in stale.read_snapshot(text, of=of) or ()]


def signed(conflicts, *, of):
    """Return Conflicts, signed, for the browser to carry."""
    return stale.snapshot([asdict(each) for each in conflicts], of=of)


# How they are asked


def asked(section, version, conflicts, rows, data=None):
    """Return an Asked for each conflict; `rows` are those of the form below it, `data` the post, if there was one."""
    labels = labels_of(section, version)
    clashes = clashing(section, conflicts, data) if data else set()
    return [
        _asked(section, labels, conflict, number, rows, _choice(data, number), is_clash=number in clashes)
        for number, conflict in enumerate(conflicts)
    ]


def _asked(section, labels, conflict, number, rows, chosen, *, is_clash):
    values, entry = (conflict.original, conflict.theirs, conflict.mine), ""
    if conflict.row is not None:
        entry = gettext("Entry %(number)d") % {"number": conflict.row + 1}
    if _is_order(section, conflict):
        label, target = gettext("The order of the entries"), ""
        words = [_order_in_words(rows, places) for places in values]
    elif not conflict.name:
        label, target = entry, f"entry-{conflict.row}"
        words = [gettext("removed") if row is None else row_in_words(row, labels) for row in values]
    else:
        label = f"{entry}: {labels[conflict.name]}" if entry else labels[conflict.name]
        target, words = f"id_{_input(conflict)}", [in_words(value) for value in values]
    problem = gettext("You wrote something there too. Choose “Write it anew”, or put it back.") if is_clash else ""
    return Asked(f"take-{number}", label, *words, target=target, chosen=chosen, problem=problem)


def _is_order(section, conflict):
    return section.model is not None and conflict.row is None and conflict.name == ORDER


def _input(conflict):
    return conflict.name if conflict.row is None else f"{ROWS}-{conflict.row}-{conflict.name}"


def _choice(data, number):
    chosen = data.get(f"take-{number}") if data else None
    return chosen if chosen in (THEIRS, ANEW) else MINE


def _order_in_words(rows, places):
    return "\n".join(
        f"{number}. {row_name(rows[place])}" for number, place in enumerate(places, start=1) if place < len(rows)
    )


# What was chosen


def clashing(section, conflicts, data):
    """Return the numbers of the conflicts whose choice would throw away what was typed after they were asked."""
    rows = typed_rows(section, data) if section.model is not None else None
    return {
        number
        for number, conflict in enumerate(conflicts)
        if _discards(section, conflict, _choice(data, number)) and not _is_untouched(conflict, rows, data)
    }


def _discards(section, conflict, choice):
    """Say whether a choice puts something else in the place of what the form holds: it holds mine, where I have one."""
    if _is_order(section, conflict):
        return False
    return choice == (THEIRS if conflict.mine is not None or conflict.name else MINE)


def _is_untouched(conflict, rows, data):
    if conflict.row is None:
        return _same(data.get(conflict.name), conflict.name, conflict.mine)
    if conflict.row >= len(rows):
        return True
    row = rows[conflict.row]
    if conflict.name:
        return _same(row[conflict.name], conflict.name, conflict.mine)
    shown = conflict.theirs if conflict.mine is None else conflict.mine
    return all(_same(row[name], name, value) for name, value in shown.items())


def _same(typed, name, value):
    return _plain(typed) == _plain(_posted(name, value))


def _plain(text):
    return (text or "").replace("\r\n", "\n").strip()


def decided(section, conflicts, data):
    """Return the post as it is after every choice."""
    if section.model is None:
        taken = {
            conflict.name: [_posted(conflict.name, conflict.theirs) or ""]
            for number, conflict in enumerate(conflicts)
            if _choice(data, number) == THEIRS
        }
        return MultiValueDict({name: data.getlist(name) for name in data} | taken)
    rows, order = typed_rows(section, data), None
    for number, conflict in enumerate(conflicts):
        choice = _choice(data, number)
        if _is_order(section, conflict):
            order = conflict.theirs if choice == THEIRS else None
        elif conflict.row < len(rows) and _discards(section, conflict, choice):
            if conflict.name:
                rows[conflict.row][conflict.name] = _posted(conflict.name, conflict.theirs)
            else:
                rows[conflict.row] = _row_posted(conflict.theirs if choice == THEIRS else conflict.mine)
    if order is not None and sorted(order) == list(range(len(rows))):
        rows = [rows[place] for place in order]
    return _post_of_rows([row for row in rows if row is not None])


def _row_posted(row):
    return None if row is None else {name: _posted(name, value) for name, value in row.items()}


def post_of(section, values):
    """Return what a browser would post of a section that holds `values`, as `Section.read` returns them."""
    if section.model is not None:
        return _post_of_rows([_row_posted(row) for row in values])
    if "related" in values:
        keys = Procedure.objects.filter(key__in=values["related"]).values_list("pk", flat=True)
        return MultiValueDict({"related": [str(key) for key in keys]})
    return MultiValueDict({name: [_posted(name, value) or ""] for name, value in values.items()})


def _post_of_rows(rows):
    post = {
        f"{ROWS}-{number}-{name}": [text]
        for number, row in enumerate(rows)
        for name, text in row.items()
        if text is not None
    }
    return MultiValueDict({f"{ROWS}-TOTAL_FORMS": [str(len(rows))], f"{ROWS}-INITIAL_FORMS": ["0"]} | post)


def _posted(name, value):
    if isinstance(value, list):
        return (", " if name == "sources" else "\n").join(value)
    if isinstance(value, bool):
        return "on" if value else None
    return "" if value is None else str(value)


# In words


def labels_of(section, version):
    """Return {name: label} of the fields of a section."""
    model = section.model or type(version)
    return {name: str(form_field(model._meta.get_field(name)).label) for name in section.fields}


def in_words(value):
    """Return a value of a section as an editor reads it; nothing is ""."""
    if isinstance(value, list):
        return "\n".join(value)
    if isinstance(value, bool):
        return gettext("yes") if value else ""
    return "" if value is None else str(value)


def row_in_words(row, labels):
    """Return a row as lines of labels and values, without what is empty."""
    return "\n".join(f"{labels[name]}: {in_words(value)}" for name, value in row.items() if in_words(value))


def row_name(row):
    """Return the few words that an editor knows a row by."""
    words = next((str(row[name]) for name in NAMED_BY if row.get(name)), "–")
    return Truncator(words).chars(LONGEST_NAME)


def taken_in_words(section, version, taken):
    """Return one line for each thing (Taken) that came from somebody else."""
    labels, patterns = labels_of(section, version), _patterns()
    return [
        patterns[each.what] % {"field": labels.get(each.name, ""), "entry": row_name(each.row)}
        if each.row is not None
        else labels.get(each.name) or patterns[each.what]
        for each in taken
    ]


def _patterns():
    return {
        "changed": gettext("“%(field)s” of “%(entry)s”"),
        "added": gettext("“%(entry)s” is new"),
        "removed": gettext("“%(entry)s” is gone"),
        "moved": gettext("the order"),
    }

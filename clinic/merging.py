"""Brings together what two people made of one thing: what only one of them changed is taken, what both did is asked.

Everything is JSON values: a dictionary of fields, or a list of them, one a row. Three versions go in: what both opened,
what the other saved since, and what is to be saved now. Long texts are never joined piece by piece: that two halves of
a text still fit together is for a person to say.
"""

from collections import Counter
from dataclasses import dataclass, field
from difflib import SequenceMatcher

ORDER = "order"
# How much of two rows must be the same words for one to count as the other, rewritten.
ALIKE = 0.5
NOTHING = (None, "", [], False)


@dataclass(frozen=True)
class Conflict:
    """What both changed, each in their own way: a field, a whole row (`name` is "", None says removed), or the ORDER.

    `row` is the place of the row in the merged list, None where there are no rows. Of an order, the three are lists of
    such places.
    """

    row: int | None
    name: str
    original: object
    theirs: object
    mine: object


@dataclass(frozen=True)
class Taken:
    """What only the other changed, and the merged values hold: "changed" (a field), "added", "removed" or "moved"."""

    what: str
    name: str = ""
    row: dict | None = None


@dataclass
class Merged:
    """The merged values, mine where both changed something; what is to be asked; and what came from the other."""

    values: dict | list
    conflicts: list = field(default_factory=list)
    taken: list = field(default_factory=list)


def merge_fields(original, theirs, mine, *, together=()):
    """Return the Merged of three dictionaries with the same names.

    `together` are groups of names that mean something only with each other, such as a number and its unit: where both
    people changed something of a group, all of it that differs is asked. Lists of words are merged word by word.
    """
    merged = Merged({})
    shared = {
        name
        for names in together
        if _touched(original, theirs, names) and _touched(original, mine, names)
        for name in names
    }
    for name, value in mine.items():
        before, other = original[name], theirs[name]
        merged.values[name] = value
        if other == value or (other == before and name not in shared):
            continue
        if name in shared:
            merged.conflicts.append(Conflict(None, name, before, other, value))
        elif value == before:
            merged.values[name] = other
            merged.taken.append(Taken("changed", name))
        elif isinstance(value, list):
            merged.values[name] = _merged_words(before, other, value)
            merged.taken.append(Taken("changed", name))
        else:
            merged.conflicts.append(Conflict(None, name, before, other, value))
    return merged


def _touched(original, version, names):
    return any(name in version and version[name] != original[name] for name in names)


def _merged_words(original, theirs, mine):
    """Return my list without what they took out, and with what they added at its end."""
    removed, added = set(original) - set(theirs), [word for word in theirs if word not in original]
    kept = [word for word in mine if word not in removed]
    return kept + [word for word in added if word not in kept]


@dataclass(eq=False)
class _Entry:
    """One row in the making: where it stood in each version (None: nowhere), and what becomes of it."""

    original: int | None
    theirs: int | None
    mine: int | None
    merged: Merged
    is_kept: bool = True


def merge_rows(original, theirs, mine, *, keys=(), together=()):
    """Return the Merged of three lists of rows, which are known again by `keys`, else by what they hold.

    Where both moved rows, mine stand in my order and the order is asked.
    """
    entries, taken = _entries(original, theirs, mine, keys, together)
    kept = [entry for entry in entries if entry.is_kept]
    by_them, by_me = _has_moved(kept, "theirs"), _has_moved(kept, "mine")
    in_their_order, in_mine = _in_order(kept, "theirs", "mine"), _in_order(kept, "mine", "theirs")
    ordered = in_mine if by_me else in_their_order
    place = {id(entry): number for number, entry in enumerate(ordered)}
    merged = Merged([entry.merged.values for entry in ordered], taken=taken)
    for number, entry in enumerate(ordered):
        merged.taken += [Taken(each.what, each.name, entry.merged.values) for each in entry.merged.taken]
        merged.conflicts += [
            Conflict(number, each.name, each.original, each.theirs, each.mine) for each in entry.merged.conflicts
        ]
    if by_them and by_me and [id(entry) for entry in in_their_order] != [id(entry) for entry in in_mine]:
        before = sorted(ordered, key=lambda entry: len(original) if entry.original is None else entry.original)
        orders = ([place[id(entry)] for entry in each] for each in (before, in_their_order, in_mine))
        merged.conflicts.append(Conflict(None, ORDER, *orders))
    elif by_them and not by_me:
        merged.taken.append(Taken("moved"))
    return merged


def _entries(original, theirs, mine, keys, together):
    of_theirs, of_mine = same_rows(original, theirs, keys), same_rows(original, mine, keys)
    entries, taken = [], []
    for number, before in enumerate(original):
        at_theirs, at_mine = of_theirs.get(number), of_mine.get(number)
        other = None if at_theirs is None else theirs[at_theirs]
        own = None if at_mine is None else mine[at_mine]
        entry = _Entry(number, at_theirs, at_mine, _merged_row(before, other, own, together))
        if (own is None and other in (None, before)) or (other is None and own == before):
            entry.is_kept = False
            if own is not None:
                taken.append(Taken("removed", row=before))
        entries.append(entry)
    added_by_them = [number for number in range(len(theirs)) if number not in of_theirs.values()]
    added_by_me = [number for number in range(len(mine)) if number not in of_mine.values()]
    pairs = same_rows(
        [theirs[number] for number in added_by_them], [mine[number] for number in added_by_me], keys, is_sure=True
    )
    for place, number in enumerate(added_by_them):
        if place in pairs:
            own = mine[added_by_me[pairs[place]]]
            merged = merge_fields(_nothing(theirs[number], own), theirs[number], own, together=together)
            entries.append(_Entry(None, number, added_by_me[pairs[place]], merged))
        else:
            entries.append(_Entry(None, number, None, Merged(theirs[number], taken=[Taken("added")])))
    for place, number in enumerate(added_by_me):
        if place not in pairs.values():
            entries.append(_Entry(None, None, number, Merged(mine[number])))
    return entries, taken


def _merged_row(before, other, own, together):
    if other is not None and own is not None:
        return merge_fields(before, other, own, together=together)
    return Merged(own if other is None else other, [Conflict(None, "", before, other, own)])


def _nothing(theirs, mine):
    """Return what a row was that both added: what one of them left empty, the other may fill in."""
    return {name: next((row[name] for row in (theirs, mine) if row[name] in NOTHING), "") for name in theirs}


def _has_moved(entries, version):
    """Say whether the rows that were there before stand in another order in a version."""
    both = [entry for entry in entries if entry.original is not None and getattr(entry, version) is not None]
    places = [getattr(entry, version) for entry in sorted(both, key=lambda entry: entry.original)]
    return places != sorted(places)


def _in_order(entries, leading, following):
    """Return the entries as one version has them; what is only in the other stands behind what precedes it there."""
    ordered = sorted(
        (entry for entry in entries if getattr(entry, leading) is not None), key=lambda entry: getattr(entry, leading)
    )
    rest = sorted(
        (entry for entry in entries if getattr(entry, following) is not None),
        key=lambda entry: getattr(entry, following),
    )
    for place, entry in enumerate(rest):
        if getattr(entry, leading) is None:
            ordered.insert(ordered.index(rest[place - 1]) + 1 if place else 0, entry)
    return ordered


def same_rows(before, after, keys=(), *, is_sure=False):
    """Return {place in `before`: place in `after`} of the rows that are the same, changed or not.

    Rows that are equal come first, then those with the same one of `keys`, then the most alike, and last, where no row
    came or went, those in the same place; rows with different keys never. `is_sure` stops after the keys.
    """
    found, left = {}, list(range(len(after)))

    def pair(old, new):
        found[old] = new
        left.remove(new)

    def unpaired():
        return [number for number in range(len(before)) if number not in found]

    for old in unpaired():
        same = next((new for new in left if after[new] == before[old]), None)
        if same is not None:
            pair(old, same)
    for key in keys:
        olds, news = _once(before, unpaired(), key), _once(after, left, key)
        for value in olds.keys() & news.keys():
            pair(olds[value], news[value])
    if is_sure:
        return found
    scores = [
        (_likeness(before[old], after[new]), old == new, -old, -new)
        for old in unpaired()
        for new in left
        if _may_be_same(before[old], after[new], keys)
    ]
    for score, _same_place, old, new in sorted(scores, reverse=True):
        if score >= ALIKE and -old not in found and -new in left:
            pair(-old, -new)
    for old in unpaired() if len(before) == len(after) else ():
        if old in left and _may_be_same(before[old], after[old], keys):
            pair(old, old)
    return found


def _once(rows, places, key):
    """Return {value: place} of what only one of these rows has as its key."""
    values = [(rows[place].get(key), place) for place in places]
    times = Counter(value for value, _place in values)
    return {value: place for value, place in values if value and times[value] == 1}


def _may_be_same(before, after, keys):
    return not any(before.get(key) and after.get(key) and before[key] != after[key] for key in keys)


def _likeness(before, after):
    return SequenceMatcher(None, _words(before), _words(after), autojunk=False).ratio()


def _words(row):
    values = (" ".join(value) if isinstance(value, list) else value for value in row.values())
    return " ".join(str(value) for value in values if value not in NOTHING).split()

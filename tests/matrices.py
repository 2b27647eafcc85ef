"""Which cases of a matrix run in `make test`, and which in `make test-wide` alone."""

from itertools import product

import pytest


def first(values, *, kept):
    """Return the values of a parameter (tuples: of several), the first `kept` for everybody and the others wide."""
    return [_case(value, is_wide=at >= kept) for at, value in enumerate(values)]


def crossed(*axes):
    """Return all combinations of several parameters: as many for everybody as try each value once, the others wide."""
    axes = [list(axis) for axis in axes]
    kept = {tuple(at % len(axis) for axis in axes) for at in range(max(map(len, axes)))}
    return [
        _case(tuple(axis[at] for axis, at in zip(axes, place, strict=True)), is_wide=place not in kept)
        for place in product(*(range(len(axis)) for axis in axes))
    ]


def _case(value, *, is_wide):
    values = value if isinstance(value, tuple) else (value,)
    return pytest.param(*values, marks=pytest.mark.wide if is_wide else ())

"""The queue: what waits for the clinic, what each row says, and the ways to look at less or more of it."""

from appointments.admin.queue.filters import FILTERS
from appointments.admin.queue.listing import Queue
from appointments.admin.queue.rows import (
    COLUMNS,
    ENCRYPTED,
    came_by,
    exactly,
    how_late,
    how_long,
    hurry_of,
    next_step,
    queue_rows,
    why_it_cannot_wait,
)
from appointments.admin.queue.searching import erased_at, kind_of_search, opened_search, sealed_search

__all__ = [
    "COLUMNS",
    "ENCRYPTED",
    "FILTERS",
    "Queue",
    "came_by",
    "erased_at",
    "exactly",
    "how_late",
    "how_long",
    "hurry_of",
    "kind_of_search",
    "next_step",
    "opened_search",
    "queue_rows",
    "sealed_search",
    "why_it_cannot_wait",
]

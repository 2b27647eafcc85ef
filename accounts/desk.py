"""The registers of the desk: what may wait for a member of staff, as lines of its first page, and screens of rooms."""

from collections.abc import Callable
from dataclasses import dataclass

_tasks = []
_screens = {}


@dataclass(frozen=True)
class Task:
    """One kind of work. `count(user)` says how much waits, `words(number)` says it in a sentence, `url()` leads there.

    Only those who hold `permission` ("room.codename") are told.
    """

    permission: str
    count: Callable
    words: Callable
    url: Callable


def register(task):
    """Add a task. Called from `AppConfig.ready()`, most pressing first."""
    if task not in _tasks:
        _tasks.append(task)


def waiting_for(user):
    """Return what waits for this member of staff, as dictionaries of `sentence` and `url`; nothing for a count of 0."""
    mine = [task for task in _tasks if user.has_perm(task.permission)]
    return [{"sentence": task.words(number), "url": task.url()} for task in mine if (number := task.count(user))]


def register_screen(name, route, view):
    """Add a screen that belongs to no kind of row, at "admin:<name>". Called from `AppConfig.ready()`.

    `view(request, *, site)` is asked for staff alone; it says itself which of them may.
    """
    _screens[name] = (route, view)


def screens():
    """Return (name, route, view) of each screen."""
    return [(name, *screen) for name, screen in _screens.items()]

"""Attacks on the site, each with the weakness that lets it succeed.

An attack is a function that takes a `Site` and says whether it succeeded. It stands beside `weaken`, which makes a
build that is weak in just that place. An attack that does not succeed even there would prove nothing about ours.
"""

from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch

from django.test import Client, override_settings

ATTACKS = []


@dataclass(frozen=True)
class Attack:
    """One attack: its weakness (CWE), the chapter of ASVS 5.0 that asks for the control, and what weakens a build."""

    run: Any
    cwe: int
    asvs: str
    weaken: Any

    @property
    def name(self):
        """The name of the function, as words."""
        return self.run.__name__.replace("_", " ")


def row_of(each):
    """Return an attack as a row of docs/reference/attacks.md."""
    words = each.run.__doc__.partition(": ")[2]
    return f"| {each.name} | {words} | CWE-{each.cwe} | {each.asvs} |"


def attack(*, cwe, asvs, weaken):
    """Put a function among the attacks. `weaken` returns the contexts in which the site is weak."""

    def register(run):
        ATTACKS.append(Attack(run, cwe, asvs, weaken))
        return run

    return register


@contextmanager
def weakened(each):
    """Let the site be weak in the place that an attack needs."""
    with ExitStack() as stack:
        for context in each.weaken():
            stack.enter_context(context)
        yield


def without_middleware(*names):
    """Return a context in which these parts of the middleware are missing, by the end of their names."""
    from django.conf import settings

    return override_settings(MIDDLEWARE=[each for each in settings.MIDDLEWARE if not each.endswith(names)])


def replaced(target, new):
    """Return a context in which a name of the code stands for something else."""
    return patch(target, new)


class Site:
    """The site as somebody finds it who means harm: browsers of a stranger and of each member of staff."""

    def __init__(self, staff):
        self.staff = staff
        self.stranger = Client(raise_request_exception=False)

    def signed_in(self, role):
        """Return the browser of a member of staff."""
        client = Client(raise_request_exception=False)
        client.force_login(self.staff[role])
        return client

"""Troubles that a test brings about, and takes away again."""

from django.db import OperationalError, connection


def database_away():
    """Return a context in which each question to the database fails, as when it is away."""

    def refuse(execute, *args):
        raise OperationalError("the database is away")

    return connection.execute_wrapper(refuse)

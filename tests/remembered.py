"""Scenes that many tests begin with, made once: the tests after get their rows back as they were left.

A scene of published pages takes hundreds of queries, and hundreds of tests begin with the same one. Its rows come back
where the tables that it writes hold what they held then, within an hour of the test's own clock and never from later
than now; else it is made anew. On PostgreSQL it is always made anew: its keys go on counting from test to test.
"""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from functools import wraps

from django.db import connection, transaction
from django.utils import timezone

AN_HOUR = timedelta(hours=1)
KEPT = {}  # the scenes of each function, the last ones first
MOST_KEPT = 3  # of one function: tests come to the same scene from a few beginnings


@dataclass(frozen=True)
class Scene:
    """What one making of a scene found in the tables that it wrote, and what it left there."""

    made_at: datetime
    found: dict
    left: dict
    returned: object

    def fits(self):
        """Say whether making the scene now would leave the same."""
        is_recent = timedelta() <= timezone.now() - self.made_at < AN_HOUR
        return is_recent and all(rows_of([table])[table] == rows for table, rows in self.found.items())

    @transaction.atomic
    def put_back(self):
        """Write the rows, and return what the scene returned, read anew."""
        with connection.cursor() as cursor:
            for table, rows in self.left.items():
                if self.found[table]:
                    cursor.execute(f'DELETE FROM "{table}"')  # noqa: S608 -- one of the site's own tables
                places = ", ".join(["%s"] * len(rows[0]))
                writable = [[str(value) if isinstance(value, time) else value for value in row] for row in rows]
                cursor.executemany(f'INSERT INTO "{table}" VALUES ({places})', writable)  # noqa: S608
        return self.returned and type(self.returned)._base_manager.get(pk=self.returned.pk)


def remembered(make):
    """Decorate a function without arguments that makes a scene in the database alone, and returns a row or nothing."""

    @wraps(make)
    def scene():
        if connection.vendor != "sqlite":
            return make()
        kept = KEPT.setdefault(make, [])
        fitting = next((each for each in kept if each.fits()), None)
        if fitting:
            return fitting.put_back()
        tables = connection.introspection.table_names()
        made_at, found = timezone.now(), rows_of(tables)
        returned = make()
        left = {table: rows for table, rows in rows_of(tables).items() if rows != found[table]}
        if all(left.values()):
            kept.insert(0, Scene(made_at, {table: found[table] for table in left}, left, returned))
            del kept[MOST_KEPT:]
        return returned

    return scene


def rows_of(tables):
    """Return all rows of these tables, as the database holds them."""
    with connection.cursor() as cursor:
        return {table: cursor.execute(f'SELECT * FROM "{table}"').fetchall() for table in tables}  # noqa: S608

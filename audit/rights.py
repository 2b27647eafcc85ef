"""What a role of PostgreSQL that does not own the tables may do with the trail: add to it, link it, and read it.

Whoever runs the site under such a role cannot alter or empty the trail with it, nor take off the triggers that refuse.
"""

import re

from django.db import connection

from audit.models import ChainHead, Event, SealedMonth

ROLE = re.compile(r"[a-z_][a-z0-9_-]{0,62}", re.ASCII)


def statements(role):
    """Return the statements that give `role` (lower case) what the site needs, for the owner of the tables to run.

    Raises ValueError for what is no plain name. They may run again after each release, whose tables they then cover.
    """
    if not ROLE.fullmatch(role):
        raise ValueError("A role is named in lower-case letters, digits, - and _.")
    with connection.cursor() as cursor:
        cursor.execute("SELECT quote_ident(current_schema())")
        [schema] = cursor.fetchone()
    event, month, head = (f"{schema}.{model._meta.db_table}" for model in (Event, SealedMonth, ChainHead))
    everything = "SELECT, INSERT, UPDATE, DELETE"
    return [
        f'GRANT USAGE ON SCHEMA {schema} TO "{role}";',
        f'GRANT {everything} ON ALL TABLES IN SCHEMA {schema} TO "{role}";',
        f'GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA {schema} TO "{role}";',
        f'REVOKE ALL ON {event}, {month}, {head}, {schema}.django_migrations FROM PUBLIC, "{role}";',
        f'GRANT SELECT ON {schema}.django_migrations TO "{role}";',
        f'GRANT SELECT, INSERT ON {event}, {month} TO "{role}";',
        f'GRANT UPDATE (position, mac) ON {event} TO "{role}";',
        f'GRANT SELECT, INSERT, UPDATE ON {head} TO "{role}";',
        f'GRANT EXECUTE ON FUNCTION {schema}.audit_remove_sealed() TO "{role}";',
    ]

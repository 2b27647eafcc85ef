"""`manage.py audit_rights ROLE`: prints what the owner of a PostgreSQL database grants the role the site runs under."""

from django.core.management.base import BaseCommand, CommandError
from django.db import connection

from audit.rights import statements


class Command(BaseCommand):
    """Prints statements, and runs none of them."""

    help = "Print the GRANT and REVOKE statements for a PostgreSQL role that may add to the audit trail, not alter it."

    def add_arguments(self, parser):
        parser.add_argument("role", help="the role under which the site runs, which does not own the tables")

    def handle(self, *, role, **options):
        if connection.vendor != "postgresql":
            raise CommandError("Only PostgreSQL has roles: DATABASE_URL names another database.")
        try:
            self.stdout.write("\n".join(statements(role)))
        except ValueError as error:
            raise CommandError(str(error)) from error

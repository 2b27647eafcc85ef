"""`manage.py emergency_account`: lets somebody in when nobody else can, for some hours, for all to see."""

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from accounts import emergency


class Command(BaseCommand):
    """Opens the emergency account, or ends it. It is asked for on the server, by whoever keeps it."""

    help = "Open the emergency account for some hours and print its password once, or --end it now."

    def add_arguments(self, parser):
        parser.add_argument("--hours", type=int, default=4, help=f"For how long, 1 to {emergency.LONGEST}.")
        parser.add_argument("--for", dest="asked_by", default="", help="Who will use it.")
        parser.add_argument("--reason", default="", help="Why nobody else can let them in.")
        parser.add_argument("--end", action="store_true", help="End it now.")

    def handle(self, *, hours, asked_by, reason, end, **options):
        if end:
            self.stdout.write("It is ended." if emergency.end_account() else "It is not open.")
            return
        try:
            access, password = emergency.open_account(hours=hours, reason=reason, asked_by=asked_by)
        except emergency.CannotOpen as why:
            raise CommandError(str(why)) from None
        until = timezone.localtime(access.ends_at)
        self.stdout.write(f"User name  {emergency.USERNAME}")
        self.stdout.write(f"Password   {password}")
        self.stdout.write(f"Until      {until:%Y-%m-%d %H:%M %Z}")
        self.stdout.write("This is the only time that the password is shown. Every manager is told by e-mail.")

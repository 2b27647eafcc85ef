"""The demonstration's watch: the manager is told what cannot wait, and reception has just opened the queue."""

from accounts.models import User
from appointments.models import AlertPerson
from appointments.presence import saw_queue


def load(requests=0):
    """Name the made-up manager, and let reception have looked; without these accounts it does nothing."""
    staff = {user.username: user for user in User.objects.filter(username__in=("manager", "reception"))}
    if "reception" in staff:
        saw_queue(staff["reception"], session={})
    if "manager" not in staff:
        return "nobody is told what cannot wait"
    AlertPerson.objects.get_or_create(user=staff["manager"])
    return "the manager is told what cannot wait"

"""What the desk does with a request that no key opens: it says so, and leads back to the queue."""

from functools import wraps

from django.contrib import messages
from django.http import HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext

from clinic.encryption import Unreadable


def if_readable(view):
    """Lead back to the queue, with a sentence, from a view of a request that no key opens."""

    @wraps(view)
    def guarded(self, request, *args, **kwargs):
        try:
            return view(self, request, *args, **kwargs)
        except Unreadable:
            messages.error(request, gettext("This request cannot be read with this site’s keys."))
            queue = reverse("admin:appointments_appointmentrequest_changelist")
            return HttpResponseRedirect(self.with_filters(request, queue))

    return guarded

"""Who is let in to what is for staff alone: the one question that every such page asks, in the admin and outside it."""

from functools import wraps

from django.conf import settings
from django.contrib.auth.views import redirect_to_login


def is_let_in(user):
    """Say whether this is a member of staff who has shown all that the log-in asks of them, second factor included."""
    return user.is_active and user.is_staff and user.has_shown_enough()


def staff_only(view):
    """Show a page outside the admin to staff who are let in; others are led to the log-in."""

    @wraps(view)
    def guarded(request, *args, **kwargs):
        if not is_let_in(request.user):
            return redirect_to_login(request.get_full_path(), settings.LOGIN_URL)
        return view(request, *args, **kwargs)

    return guarded

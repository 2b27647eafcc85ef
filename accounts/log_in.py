"""Writes into the audit trail who logged in, who logged out, and which log-ins failed.

Django says these things by signal and in no other way, so here, and only here, the site listens to signals.
"""

from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed

from accounts import confirming, sessions
from accounts.models import User
from audit.actors import Actor
from audit.models import Event


def listen():
    """Start listening. Called from `AppConfig.ready()`."""
    user_logged_in.connect(record_log_in, dispatch_uid="record_log_in")
    user_logged_out.connect(record_log_out, dispatch_uid="record_log_out")
    user_login_failed.connect(record_failure, dispatch_uid="record_log_in_failure")


def record_log_in(sender, *, user, request, **kwargs):
    """Record a log-in, from which on its times run."""
    sessions.begin(request, user)
    confirming.confirm(request.session)
    Event.record("staff.logged_in", by=user.as_actor(), about=user)


def record_log_out(sender, *, user, request, **kwargs):
    """Record a log-out; a browser whose log-in had run out has nobody to name."""
    if user is not None:
        sessions.over(request.session)
        Event.record("staff.logged_out", by=user.as_actor(), about=user)


def record_failure(sender, *, credentials, **kwargs):
    """Record a failed log-in, by the account it was tried on: what was typed may be a password in the wrong place."""
    user = User.objects.filter(username=credentials.get(User.USERNAME_FIELD, "")).first()
    Event.record("staff.log_in_failed", by=Actor.visitor(), about=user)

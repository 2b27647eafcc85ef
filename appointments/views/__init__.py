"""What patients open: the form that asks, and the private page of a request."""

from appointments.views.asking import request_form
from appointments.views.changing import change
from appointments.views.lost_link import lost_link
from appointments.views.tracking import calendar, track, words

__all__ = ["calendar", "change", "lost_link", "request_form", "track", "words"]

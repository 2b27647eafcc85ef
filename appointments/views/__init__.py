"""What patients open: the form that asks, and the private page of a request."""

from appointments.views.asking import request_form
from appointments.views.changing import change
from appointments.views.lost_link import lost_link
from appointments.views.tracking import track, words

__all__ = ["change", "lost_link", "request_form", "track", "words"]

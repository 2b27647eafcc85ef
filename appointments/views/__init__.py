"""What patients open: the form that asks, and the private page of a request."""

from appointments.views.asking import request_form
from appointments.views.tracking import track

__all__ = ["request_form", "track"]

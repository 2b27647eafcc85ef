"""Tells of each request whether its session has shown the second factor, without a query of its own."""

from django_otp import DEVICE_ID_SESSION_KEY
from django_otp.middleware import OTPMiddleware


class VerifiedMiddleware(OTPMiddleware):
    """django-otp's middleware; the device comes with the user (`find_with_rights`), not in a query of its own.

    So a reset counts from the next request on.
    """

    def _verify_user_sync(self, request, user):
        self._init_user_fields(user)
        device = user.second_factor if user.is_authenticated else None
        if device is not None and request.session.get(DEVICE_ID_SESSION_KEY) == device.persistent_id:
            user.otp_device = device
        return user

"""What every answer tells the browser, whoever made it: a page, a file, a redirect, a refusal or an error of ours.

The first middleware fills in whatever the layers below left out, since some answers never pass through all of them.
docs/reference/security.md says why each header has its value.
"""

from csp.constants import SELF
from csp.middleware import CSPMiddleware
from django.conf import settings

# What a browser could offer to a page. This site asks for none of it, and nobody may ask in its name. Only names that
# browsers agree on: they warn of others. A film may still fill the screen.
FEATURES = (
    "accelerometer",
    "autoplay",
    "camera",
    "clipboard-read",
    "display-capture",
    "encrypted-media",
    "gamepad",
    "geolocation",
    "gyroscope",
    "hid",
    "idle-detection",
    "local-fonts",
    "magnetometer",
    "microphone",
    "midi",
    "payment",
    "publickey-credentials-get",
    "screen-wake-lock",
    "serial",
    "usb",
    "xr-spatial-tracking",
)

ALWAYS = {
    "Permissions-Policy": ", ".join(f"{feature}=()" for feature in FEATURES),
    "Cross-Origin-Embedder-Policy": "require-corp",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": settings.SECURE_CROSS_ORIGIN_OPENER_POLICY,
    "Referrer-Policy": settings.SECURE_REFERRER_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": settings.X_FRAME_OPTIONS,
}

# As Django's own middleware writes it; what is answered before that one says it too.
ON_HTTPS = {"Strict-Transport-Security": f"max-age={settings.SECURE_HSTS_SECONDS}; includeSubDomains; preload"}

# Cookies stay: a browser would drop those of the clinic's other sites under the same domain too, and the one that
# guards forms which are still open in another window. The log-in itself ends on the server.
AT_LOG_OUT = '"cache", "storage"'

# Django's own screens for staff come with scripts, which write HTML in ways that trusted types forbid. A script of ours
# asks whether a log-in may go on (static/js/log_in_ends.js).
DESK = {"script-src": [SELF], "connect-src": [SELF], "require-trusted-types-for": None}


def on_every_answer(get_response):
    """Fill in the headers that an answer lacks; keep what is for staff out of every cache."""

    def answer(request):
        response = get_response(request)
        for name, value in (ALWAYS | ON_HTTPS if request.is_secure() else ALWAYS).items():
            response.setdefault(name, value)
        if is_of_the_desk(request):
            if "no-store" not in response.get("Cache-Control", ""):
                response["Cache-Control"] = "private, no-store"
            if request.resolver_match.url_name == "logout" and response.status_code in (200, 302):
                response["Clear-Site-Data"] = AT_LOG_OUT
        return response

    return answer


def is_of_the_desk(request):
    """Say whether a request is for one of the screens of staff, a refusal of which counts too."""
    return request.resolver_match is not None and "admin" in request.resolver_match.app_names


class ContentPolicy(CSPMiddleware):
    """The content policy of the settings, which lets no script run; at the desk those of this site may."""

    def get_policy_parts(self, request, response, report_only=False):
        """Return what the policy of one answer is made of."""
        parts = super().get_policy_parts(request, response, report_only)
        if is_of_the_desk(request) and not report_only:
            parts.replace = {**DESK, **(parts.replace or {})}
        return parts

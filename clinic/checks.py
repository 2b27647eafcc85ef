"""What Django's checks say about this site beyond Django's own."""

from django.conf import settings
from django.core import checks


@checks.register()
def default_time_zone_is_the_clinics(app_configs, **kwargs):
    """Warn when promises would run on UTC because nobody set the clinic's time zone."""
    if settings.TIME_ZONE == "UTC":
        return [checks.Info("TIME_ZONE is UTC: is the clinic there?", id="clinic.I001")]
    return []

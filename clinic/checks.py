"""What Django's checks say about this site beyond Django's own."""

from django.conf import settings
from django.core import checks

from clinic import keys


@checks.register()
def default_time_zone_is_the_clinics(app_configs, **kwargs):
    """Warn when promises would run on UTC because nobody set the clinic's time zone."""
    if settings.TIME_ZONE == "UTC":
        return [checks.Info("TIME_ZONE is UTC: is the clinic there?", id="clinic.I001")]
    return []


@checks.register(checks.Tags.database)
def keys_open_what_is_stored(app_configs, databases=None, **kwargs):
    """Stop whatever looks at the database while a key is missing that its rows were encrypted with."""
    trouble = keys.trouble() if databases else None
    return [checks.Error(trouble, id="clinic.E001")] if trouble else []

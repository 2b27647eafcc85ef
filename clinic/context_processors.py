"""What every page knows: the clinic, and where the same page stands in other languages."""

from contextlib import suppress

from django.conf import settings
from django.db import Error
from django.templatetags.static import static
from django.urls import translate_url
from django.utils.functional import SimpleLazyObject
from django.utils.translation import get_language, get_language_info

from clinic.models import ClinicProfile

_remembered = {}


def remembered_clinic():
    """Return the profile as this process last saw it, for pages that are shown when the database is away."""
    return _remembered.get("clinic") or ClinicProfile()


def forget_clinic():
    """Forget the profile, as a process that has just started knows none."""
    _remembered.clear()


def read_clinic():
    """Return the profile from the database, remembering it; the remembered one when the database is away."""
    with suppress(Error):
        _remembered["clinic"] = ClinicProfile.current()
    return remembered_clinic()


def clinic(request):
    """Give every template `clinic`, `languages_here`, `canonical_url` and `card_url` (the picture of shared links)."""
    return {
        "clinic": SimpleLazyObject(read_clinic),
        "languages_here": SimpleLazyObject(lambda: languages_here(request)),
        "canonical_url": f"{settings.SITE_URL}{request.path}",
        "card_url": f"{settings.SITE_URL}{static('img/card.png')}",
    }


def languages_here(request):
    """Return where this page stands in each language: code, name, url, absolute_url, is_current and is_same.

    A view whose addresses differ by language sets `request.addresses` ({language code: path}) beforehand, and
    `request.elsewhere` (language codes) where an address leads to another page because this one is not written yet.
    """
    if request.resolver_match is None:
        return []
    addresses, elsewhere = getattr(request, "addresses", {}), getattr(request, "elsewhere", ())
    return [
        {
            "code": code,
            "name": get_language_info(code)["name_local"].capitalize(),
            "url": (url := addresses.get(code) or translate_url(request.path, code)),
            "absolute_url": f"{settings.SITE_URL}{url}",
            "is_current": code == get_language(),
            "is_same": code not in elsewhere,
        }
        for code, _name in settings.LANGUAGES
    ]

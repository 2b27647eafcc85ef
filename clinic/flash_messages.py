"""Where a sentence waits for the next page: Django's way, in a cookie that only this host can set or read."""

from django.conf import settings
from django.contrib.messages.storage.cookie import CookieStorage
from django.contrib.messages.storage.fallback import FallbackStorage
from django.contrib.messages.storage.session import SessionStorage


class HostCookieStorage(CookieStorage):
    """Django's cookie of messages, under a name that a browser takes from this host alone, on https."""

    cookie_name = settings.MESSAGE_COOKIE_NAME


class Storage(FallbackStorage):
    """The cookie, and the session for what does not fit into it."""

    storage_classes = (HostCookieStorage, SessionStorage)

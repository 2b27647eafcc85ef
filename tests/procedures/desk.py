"""The editors' desk as a browser uses it: who is signed in, what a form posts, and the buttons of a version."""

from html.parser import HTMLParser

from django.test import Client

from procedures.admin.pages import admin_url


def signed_in(user, **options):
    """Return the browser of a member of staff."""
    client = Client(**options)
    client.force_login(user)
    return client


def press(client, version, name, **typed):
    """Press a button of the overview of a version, and return the answer."""
    return client.post(admin_url(version, "move", name), {"seen_revision": version.revision, **typed})


class Fields(HTMLParser):
    """Reads what a browser would post from the main form of a page."""

    def __init__(self, text):
        super().__init__()
        self.posted, self._name, self._select, self._is_here = [], None, None, False
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        if tag == "form":
            self._is_here = attrs.get("method") == "post" and "novalidate" in attrs
        if not self._is_here or ("name" not in attrs and tag != "option"):
            return
        if tag == "input" and attrs.get("type") not in ("file", "submit"):
            if attrs.get("type") != "checkbox" or "checked" in attrs:
                self.posted.append((attrs["name"], attrs.get("value") or ""))
        elif tag == "textarea":
            self._name = attrs["name"]
            self.posted.append((self._name, ""))
        elif tag == "select":
            self._select = attrs["name"]
            self.posted.append((self._select, ""))
        elif tag == "option" and "selected" in attrs:
            self.posted[-1] = (self._select, attrs["value"])

    def handle_endtag(self, tag):
        if tag == "textarea":
            name, value = self.posted[-1]
            self.posted[-1] = (name, value.removeprefix("\r\n").removeprefix("\n"))
            self._name = None

    def handle_data(self, data):
        if self._name:
            name, value = self.posted[-1]
            self.posted[-1] = (name, value + data)


def fields_of(response):
    """Return what the form of a page posts, as a dictionary of lists."""
    posted = {}
    for name, value in Fields(response.content.decode()).posted:
        if name not in ("csrfmiddlewaretoken", "username"):
            posted.setdefault(name, []).append(value)
    return posted


def opened(client, version, key):
    """Return the address of a section and what its form holds."""
    address = admin_url(version, "section", key)
    return address, fields_of(client.get(address))

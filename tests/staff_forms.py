"""Finds every form of the staff's side by walking it as a browser does: a new form is found without a new line here."""

from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

from django.urls import Resolver404, resolve

START = "/admin/"
# Ends the walk, leaves the desk, or is tried in a test of its own.
NOT_FOLLOWED = ("logout", "login", "jsi18n", "password_change", "autocomplete", "view_on_site", "leaflet")
# Buttons that save; others look first, or rearrange.
SENDS = ("go", "_save")
# So many rows of one kind are opened: what can be done with a request hangs on its state.
MOST_ROWS = 5
ROW = ("object_id", "pk", "version_id")
TEXT_INPUTS = (None, "", "text", "email", "url", "tel", "search", "number", "date", "time")


@dataclass
class Form:
    """A form of a page: where it posts to, what it would post as it stands, and which of its fields take text."""

    address: str
    posted: dict = field(default_factory=dict)
    texts: list = field(default_factory=list)
    method: str = "get"

    @property
    def key(self):
        """What tells it from other forms: the view that it posts to, and its text fields."""
        return resolve(urlsplit(self.address).path).view_name, tuple(self.texts)


class Forms(HTMLParser):
    """Reads the forms and the links of a page."""

    def __init__(self, html, here):
        super().__init__()
        self.here, self.forms, self.links = here, [], []
        self._form = self._textarea = self._select = None
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        name, form = attrs.get("name"), self._form
        if tag == "a":
            self.links.append(urljoin(self.here, attrs.get("href") or ""))
        elif tag == "form":
            address = urljoin(self.here, attrs.get("action") or self.here)
            self._form = Form(address, method=attrs.get("method", "get"))
            self.forms.append(self._form)
        elif tag == "option" and self._select and ("selected" in attrs or not form.posted[self._select]):
            form.posted[self._select] = attrs.get("value", "")
        elif not form or not name or "disabled" in attrs:
            return
        elif tag == "textarea":
            self._textarea = name
            form.posted[name] = ""
            form.texts.append(name)
        elif tag == "select":
            self._select = name
            form.posted[name] = ""
        elif tag == "button" and name in SENDS:
            form.posted.setdefault(name, attrs.get("value", ""))
        elif tag == "input":
            self._input(name, attrs)

    def _input(self, name, attrs):
        kind, posted = attrs.get("type"), self._form.posted
        if kind in ("checkbox", "radio"):
            if "checked" in attrs or (kind == "radio" and name not in posted):
                posted[name] = attrs.get("value", "on")
        elif kind not in ("file", "submit"):
            posted[name] = attrs.get("value", "")
            if kind in TEXT_INPUTS:
                self._form.texts.append(name)

    def handle_endtag(self, tag):
        if tag == "form":
            self._form = None
        elif tag == "textarea":
            self._textarea = None
        elif tag == "select":
            self._select = None

    def handle_data(self, data):
        if self._textarea:
            posted = self._form.posted
            posted[self._textarea] += data.removeprefix("\n") if not posted[self._textarea] else data


def every_form(client):
    """Return each form with text fields that somebody who sees all can open, by walking from the index."""
    found, seen, todo = {}, {}, [START]
    while todo:
        address = todo.pop()
        match = _match(address)
        if match is None:
            continue
        kind = (match.view_name, *(value for name, value in match.kwargs.items() if name not in ROW))
        rows = seen.setdefault(kind, set())
        row = match.kwargs.get("object_id")
        if row in rows or len(rows) == MOST_ROWS:
            continue
        rows.add(row)
        response = client.get(address)
        if response.status_code in (301, 302):
            todo.append(response["Location"])
        if response.status_code != 200 or not response["Content-Type"].startswith("text/html"):
            continue
        page = Forms(response.content.decode(), urlsplit(address).path)
        todo += page.links
        for form in page.forms:
            if form.method.lower() == "post" and form.texts:
                found.setdefault(form.key, form)
    return list(found.values())


def _match(address):
    parts = urlsplit(address)
    if parts.netloc or not parts.path.startswith(START):
        return None
    try:
        match = resolve(parts.path)
    except Resolver404:
        return None
    return None if any(word in match.view_name for word in NOT_FOLLOWED) else match

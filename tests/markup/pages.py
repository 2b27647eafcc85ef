"""Every kind of page that patients meet, in both languages: the demonstration, walked through as a patient would."""

import re
from datetime import timedelta
from html import unescape
from pathlib import Path
from urllib.parse import urlsplit
from xml.etree import ElementTree

from django.conf import settings
from django.contrib.staticfiles import finders
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client, RequestFactory
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import override

from accounts.demonstration import PASSWORD
from appointments.models import AppointmentRequest, TrackingLink
from appointments.references import hash_of, new_token
from clinic.stored_files import store
from clinic.views import failure_page
from procedures import publishing
from procedures.models import ProcedureVersion
from tests.appointments.visitor import Visitor
from tests.procedures.published import BY, every_section, make_draft, make_procedure, publish_page

LANGUAGES = [code for code, _name in settings.LANGUAGES]
SEARCHES = ["vertebra", "xqzzv"]
# Signs of the demonstration that lead to a page of their own.
EMERGENCY, URGENT = "leg-weakness-or-numbness", "pain-with-fever"
WISH = {"location": "lantern-quay"}
LINK = re.compile(r'<a [^>]*href="(/(?!static/|media/|(?:es/)?admin/)[^"]*)"')


def pages():
    """Yield (name, HTML) of each page of the demonstration that is loaded, and of a few that are made for it."""
    make_a_page_with_pictures()
    withdrawn = make_a_withdrawn_page()
    yield withdrawn, _get(withdrawn, status=410)
    yield from _reading_pages()
    for language in LANGUAGES:
        yield from _request_pages(language)
        yield from _private_pages(language)
        yield from _failure_pages(language)
        yield from _staff_pages(language)


def make_a_page_with_pictures():
    """Publish a procedure that has every part, files included: the demonstration itself has no uploaded ones."""
    picture = Path(finders.find("img/touch-icon.png")).read_bytes()
    image = store(SimpleUploadedFile("spine.png", picture))
    film = store(SimpleUploadedFile("film.mp4", b"\x00\x00\x00\x20ftypisom" + b"\0" * 20))
    captions = store(SimpleUploadedFile("film.vtt", b"WEBVTT\n"))
    leaflet = store(SimpleUploadedFile("leaflet.pdf", b"%PDF-1.7\n"))
    shown = {"file": film, "alternative_text": "The procedure.", "transcript": "It is *short*.", "captions": captions}
    sections = every_section(2) | {
        "media": [
            {"file": image, "alternative_text": "A spine.", "caption": "A spine"},
            {"file": image, "is_decorative": True},
            shown,
        ],
        "documents": [{"file": leaflet, "title": "Before your visit"}],
    }
    publish_page(make_procedure("everything"), slug="everything", sections=sections)


def make_a_withdrawn_page():
    """Publish a page, take it off the site, and return its address."""
    page = publish_page(make_procedure("withdrawn"), slug="withdrawn")
    publishing.withdraw_page(page=page, by=BY)
    return page.get_absolute_url()


def _reading_pages():
    """Yield every page that the sitemap names or that a link leads to, those for staff aside."""
    sitemap = ElementTree.fromstring(_get(reverse("sitemap")))  # noqa: S314 -- our own answer
    names = {"s": "http://www.sitemaps.org/schemas/sitemap/0.9"}
    paths = [urlsplit(place.text).path for place in sitemap.iterfind("s:url/s:loc", names)]
    for language in LANGUAGES:
        with override(language):
            paths += [f"{reverse('procedures:procedure_list')}?q={words}" for words in SEARCHES]
            nothing = reverse("procedures:compare", args=["nothing", "nowhere"])
        yield nothing, _get(nothing, status=404)
    seen = set(paths)
    for path in paths:
        response = Client().get(path)
        if response.headers["Content-Type"].startswith("text/html"):
            assert response.status_code == 200, f"{path} answers {response.status_code}"
            html = response.content.decode()
            yield path, html
            links = {unescape(link).partition("#")[0] for link in LINK.findall(html)} - seen
            paths += sorted(links)
            seen |= links


def _request_pages(language):
    for step in ("wish", "signs", "matter", "person", "check"):
        visitor = Visitor(language=language).reach(step, wish=WISH)
        yield from _shown(visitor, step)
        if step == "signs":
            for sign in (EMERGENCY, URGENT):
                visitor.fill("signs", signs=[sign])
                yield from _shown(visitor, f"signs, {sign}")
        elif step != "check":
            visitor.press()
            yield from _shown(visitor, f"{step}, refused")
    visitor.press("send", seal="broken")
    yield from _shown(visitor, "seal broken")


def _shown(visitor, name):
    yield f"{visitor.language} request, {name}", visitor.response.content.decode()


def _private_pages(language):
    for status, asked in {asked.status: asked for asked in AppointmentRequest.objects.all()}.items():
        token = new_token()
        tomorrow = timezone.now() + timedelta(days=1)
        TrackingLink.objects.create(request=asked, token_hash=hash_of(token), made_for="markup", expires_at=tomorrow)
        with override(language):
            path = reverse("appointments:track", args=[token])
        yield f"{language} private page, {status}", _get(path)
    with override(language):
        yield f"{language} private page, no such link", _get(reverse("appointments:track", args=["x"]), status=404)


def _failure_pages(language):
    """Yield each page for when something fails, by the one function that answers with them."""
    with override(language):
        request = RequestFactory().get(reverse("home"))
    for path in sorted(Path(settings.BASE_DIR, "templates").glob("[45]*.html")):
        response = failure_page(request, path.name, int(path.name[:3]))
        yield f"{language} {path.stem}", response.content.decode()


def _staff_pages(language):
    client = Client()
    with override(language):
        log_in, gallery = reverse("admin:login"), reverse("clinic:styleguide")
        version = ProcedureVersion.objects.open().first() or make_draft(make_procedure("drafted"), slug="drafted")
    yield log_in, client.get(log_in).content.decode()
    yield f"{log_in}, refused", client.post(log_in, {"username": "nobody", "password": "x"}).content.decode()
    client.login(username="superuser", password=PASSWORD)
    yield gallery, client.get(gallery).content.decode()
    if version.language == language:
        with override(language):
            preview = reverse("procedures:preview_procedure", args=[version.pk])
        yield preview, client.get(preview).content.decode()


def _get(path, status=200):
    response = Client().get(path)
    assert response.status_code == status, f"{path} answers {response.status_code}"
    return response.content.decode()

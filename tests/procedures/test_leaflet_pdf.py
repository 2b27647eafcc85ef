"""Leaflets as PDFs: how the sender makes one, and what happens where it cannot."""

import io
import subprocess
import sys
import threading
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
import time_machine
from django.conf import settings as site
from django.utils import timezone
from pypdf import PdfReader
from pytest_django.asserts import assertContains, assertNotContains

from clinic.models import ClinicProfile, PageStamp, StoredFile
from outbox.chores import chores
from procedures import leaflet_pdf, leaflets
from procedures.models import Leaflet
from procedures.models.leaflets import WAITS
from tests.procedures.published import leaflet, publish_page

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clinic", "media_root")]

ADDRESS, PDF_ADDRESS = "/procedures/kyphoplasty/leaflet/", "/procedures/kyphoplasty/leaflet.pdf"


def pretend(monkeypatch, tmp_path, script):
    """Let another program stand where Python stood when the next PDF is made."""
    program = tmp_path / "program"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(program))


@pytest.fixture
def printer(monkeypatch, tmp_path):
    """Make PDFs in no time, each another one."""
    pretend(monkeypatch, tmp_path, 'cat >/dev/null; echo "%PDF-1.7 $$"')


def read_pdf(language="en"):
    stored = leaflet(language).file
    return PdfReader(io.BytesIO(Path(site.MEDIA_ROOT, stored.path).read_bytes()))


def test_the_sender_makes_leaflets_in_its_turns(published, printer):
    chore = dict(chores())["make leaflets"]
    assert [chore(), chore(), chore()] == [1, 1, 0]
    assert StoredFile.objects.filter(content_type="application/pdf").count() == 2


READ_BACK = {
    "en": ("Kyphoplasty: leaflet", "For the first week: No driving.", "small cut"),
    "es": ("Cifoplastia: folleto", "Durante la primera semana: No driving.", "pequeño corte"),
}


def test_the_pdf_can_be_read_by_a_person_and_by_a_screen_reader(published, pango):
    assert leaflets.make_due() + leaflets.make_due() == 2
    for language, (title, words, alternative) in READ_BACK.items():
        pdf = read_pdf(language)
        root = pdf.trailer["/Root"]
        assert pdf.metadata.title == title
        assert root["/Lang"] == language
        assert root["/MarkInfo"]["/Marked"]
        assert root["/ViewerPreferences"]["/DisplayDocTitle"]
        assert b'pdfuaid:part="1"' in root["/Metadata"].get_data()
        tags = list(tagged(root["/StructTreeRoot"]))
        assert {"/H1", "/H2", "/H3", "/P", "/L", "/LI", "/Figure"} <= {tag["/S"] for tag in tags}
        assert [alternative in tag["/Alt"] for tag in tags if tag["/S"] == "/Figure"] == [True]
        text = " ".join(" ".join(page.extract_text() for page in pdf.pages).split())
        for said in (words, leaflet(language).code, "(206) 555-0142"):
            assert said in text


def tagged(node):
    """Yield every element of a PDF's structure."""
    node = node.get_object()
    if isinstance(node, list):
        for each in node:
            yield from tagged(each)
    elif isinstance(node, dict):
        if "/S" in node:
            yield node
        if "/K" in node:
            yield from tagged(node["/K"])


def test_the_pdf_is_linked_and_given_out_once_it_is_there(client, published, printer):
    assertNotContains(client.get(ADDRESS), "leaflet.pdf")
    assert client.get(PDF_ADDRESS).status_code == 404
    leaflets.make_due(), leaflets.make_due()
    assertContains(client.get(ADDRESS), f'href="{PDF_ADDRESS}"')
    response = client.get(PDF_ADDRESS)
    assert response.status_code == 200
    assert response["Content-Type"] == "application/pdf"
    assert response["Cache-Control"] == "public, no-cache"
    assert response["X-Robots-Tag"] == "noindex"
    assert 'filename="kyphoplasty-leaflet.pdf"' in response["Content-Disposition"]
    assert b"".join(response.streaming_content).startswith(b"%PDF-")
    assert client.get(PDF_ADDRESS, headers={"If-None-Match": response["ETag"]}).status_code == 304


@pytest.mark.parametrize(("region", "width"), [("US", 612), ("ES", 595)])
def test_a_pdf_has_the_paper_of_the_clinics_country(pango, settings, region, width):
    settings.PHONE_REGION = region
    made = leaflet_pdf.pdf_of("<title>A test</title>", leaflets.style(leaflets.paper()))
    assert int(PdfReader(io.BytesIO(made)).pages[0].mediabox.width) == width


def test_what_has_no_pdf_yet_comes_before_what_is_only_looked_at_again(kyphoplasty, printer, monkeypatch):
    monkeypatch.setattr(leaflets, "LOOKED_AT_ONCE", 1)
    publish_page(kyphoplasty)
    assert leaflets.make_due() == 1
    publish_page(kyphoplasty, language="es", slug="cifoplastia")
    assert leaflets.make_due() == 1
    assert leaflet("es").file is not None


def test_a_leaflet_is_made_again_only_when_it_would_be_printed_differently(kyphoplasty, printer, settings):
    publish_page(kyphoplasty)
    assert leaflets.make_due() == 1
    first = leaflet()
    settings.RELEASE = "a-deployment"
    PageStamp.move()
    assert leaflets.make_due() == 0
    assert leaflet().file == first.file
    settings.SITE_URL = "https://moved.example"
    assert leaflets.make_due() == 1
    ClinicProfile.objects.update(telephone="(206) 555-0199")
    PageStamp.move()
    assert leaflets.make_due() == 1
    assert leaflets.make_due() == 0
    second = leaflet()
    assert second.code == first.code
    assert second.file != first.file


def test_a_newer_version_replaces_the_leaflet_and_the_old_one_is_kept(client, kyphoplasty, printer):
    publish_page(kyphoplasty)
    leaflets.make_due()
    first = leaflet()
    publish_page(kyphoplasty)
    assert client.get(PDF_ADDRESS).status_code == 404
    assert leaflets.make_due() == 1
    response = client.get(PDF_ADDRESS)
    assert b"".join(response.streaming_content)
    assert response["ETag"] == f'"{leaflet().file.hash}"'
    assert Leaflet.objects.get(pk=first.pk).file == first.file


def test_what_was_published_before_there_were_leaflets_gets_one(client, kyphoplasty, monkeypatch, tmp_path):
    publish_page(kyphoplasty)
    Leaflet.objects.all().delete()
    assertNotContains(client.get(ADDRESS), "The code of this leaflet")
    pretend(monkeypatch, tmp_path, "exit 1")
    leaflets.make_due()
    PageStamp.move()
    assertContains(client.get(ADDRESS), leaflet().code)


def test_a_pdf_that_was_printed_anew_is_not_kept_beside_the_new_one(
    client, kyphoplasty, printer, django_capture_on_commit_callbacks
):
    publish_page(kyphoplasty)
    leaflets.make_due()
    first = leaflet().file
    ClinicProfile.objects.update(telephone="(206) 555-0199")
    PageStamp.move()
    with django_capture_on_commit_callbacks(execute=True):
        assert leaflets.make_due() == 1
    assert [stored.hash for stored in StoredFile.objects.all()] == [leaflet().file.hash]
    assert not Path(site.MEDIA_ROOT, first.path).exists()
    assert b"".join(client.get(PDF_ADDRESS).streaming_content)


# What can go wrong


def test_a_pdf_that_is_lost_from_the_disk_is_made_again(client, kyphoplasty, printer):
    publish_page(kyphoplasty)
    leaflets.make_due()
    Path(site.MEDIA_ROOT, leaflet().file.path).unlink()
    assert client.get(PDF_ADDRESS).status_code == 404
    with time_machine.travel(timezone.now() + timedelta(days=1)):
        assert leaflets.make_due() == 1
        assert leaflets.make_due() == 0
    assert b"".join(client.get(PDF_ADDRESS).streaming_content)


def test_a_disk_that_takes_no_pdf_leaves_the_site_whole_and_the_leaflet_waiting(client, kyphoplasty, printer, tmp_path):
    (tmp_path / "media").write_text("A file stands where the folder should be.")
    publish_page(kyphoplasty)
    assert leaflets.make_due() == 0
    assert client.get(ADDRESS).status_code == 200
    (tmp_path / "media").unlink()
    with time_machine.travel(timezone.now() + timedelta(minutes=6)):
        assert leaflets.make_due() == 1


@pytest.mark.parametrize("script", ["exit 3", "exit 1", "echo no PDF"])
def test_a_leaflet_that_cannot_be_made_waits_and_leaves_the_site_whole(
    client, published, monkeypatch, tmp_path, caplog, script
):
    pretend(monkeypatch, tmp_path, script)
    assert leaflets.make_due() == 0
    assert "could not be made" in caplog.text
    # One try a turn.
    assert Leaflet.objects.filter(attempts=1).count() == 1
    assert leaflets.make_due() == 0
    assert Leaflet.objects.filter(attempts=1).count() == 2
    caplog.clear()
    assert leaflets.make_due() == 0
    assert not caplog.text
    assertContains(client.get(ADDRESS), leaflet().code)
    assertNotContains(client.get(ADDRESS), "leaflet.pdf")
    assert client.get(PDF_ADDRESS).status_code == 404
    assert client.get("/procedures/kyphoplasty/").status_code == 200


def test_each_wait_is_longer_and_it_is_never_given_up(kyphoplasty, monkeypatch, tmp_path):
    publish_page(kyphoplasty)
    pretend(monkeypatch, tmp_path, "exit 3")
    now = timezone.now()
    for wait in (*WAITS, WAITS[-1]):
        with time_machine.travel(now, tick=False):
            leaflets.make_due()
            assert leaflet().not_before == now + wait
        now += wait
    assert leaflet().attempts == len(WAITS) + 1


def test_one_that_fails_holds_up_no_other(published, printer):
    broken = leaflet("en")
    type(broken.version).objects.filter(pk=broken.version_id).update(document={"broken": True})
    assert leaflets.make_due() + leaflets.make_due() == 1
    assert leaflet("es").file is not None
    assert leaflet("en").attempts == 1


def test_two_senders_never_make_the_same_leaflet(kyphoplasty):
    publish_page(kyphoplasty)
    mine, theirs = leaflet(), leaflet()
    now = timezone.now()
    assert mine.claim(now)
    assert not theirs.claim(now)
    assert not Leaflet.objects.due(now + timedelta(minutes=4), "").exists()


def test_a_try_that_came_too_late_writes_nothing(kyphoplasty):
    publish_page(kyphoplasty)
    late = leaflet()
    assert late.claim(timezone.now())
    assert leaflet().claim(timezone.now() + WAITS[0])
    assert not late.finish(seen_in="now")
    assert leaflet().seen_in == ""


def test_a_pdf_that_takes_too_long_is_stopped(monkeypatch, tmp_path):
    pretend(monkeypatch, tmp_path, "exec sleep 600")
    monkeypatch.setattr(leaflet_pdf, "MOST_SECONDS", 0.1)
    with pytest.raises(leaflet_pdf.CannotMake, match="seconds"):
        leaflet_pdf.pdf_of("", "")


def test_the_process_that_makes_pdfs_gets_no_secret_of_the_site(monkeypatch, tmp_path):
    pretend(monkeypatch, tmp_path, f"env > {tmp_path}/seen; exit 1")
    with pytest.raises(leaflet_pdf.CannotMake):
        leaflet_pdf.pdf_of("", "")
    seen = (tmp_path / "seen").read_text()
    assert "PATH=" in seen
    assert "KEY" not in seen
    assert "DATABASE_URL" not in seen


def test_without_the_library_the_process_says_so():
    program = (
        "import sys, runpy; sys.modules['weasyprint'] = None; "
        "runpy.run_module('procedures.leaflet_pdf', run_name='__main__')"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=site.BASE_DIR, capture_output=True)
    assert done.returncode == leaflet_pdf.LIBRARY_IS_MISSING


def test_making_a_pdf_fetches_nothing(pango, tmp_path):
    asked = []

    class Listener(BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            self.send_error(404)

    server = HTTPServer(("127.0.0.1", 0), Listener)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    near = f"http://127.0.0.1:{server.server_port}/"
    drawing = tmp_path / "drawing.svg"
    drawing.write_text('<svg xmlns="http://www.w3.org/2000/svg"><text y="9">secret</text></svg>')
    style = f"@import '{near}style'; p {{ background: url({near}picture) }}"
    page = f'<title>x</title><link rel=stylesheet href="{near}link"><img alt=x src="{near}img"><p>words<img alt=x src="file://{drawing}">'
    try:
        pdf = PdfReader(io.BytesIO(leaflet_pdf.pdf_of(page, style)))
    finally:
        server.shutdown()
        server.server_close()
    assert asked == []
    text = pdf.pages[0].extract_text()
    assert "words" in text
    assert "secret" not in text

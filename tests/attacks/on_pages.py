"""Attacks with words: what a patient, or a stolen account of an editor, types comes alive somewhere."""

import logging
from pathlib import Path

from django.conf import settings
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.test import override_settings
from django.urls import path, reverse

from appointments.models import AppointmentRequest
from clinic import urls
from clinic.markdown import _parser
from clinic.models import ClinicProfile, StoredFile
from clinic.stored_files import FileType, store
from outbox.models import Message
from outbox.sender import email_of
from tests.appointments.at_the_desk import address
from tests.appointments.factories import answered_request, link_to, make_request
from tests.appointments.visitor import Visitor
from tests.attacks import attack, replaced
from tests.clinic.uploads import exif, jpeg, jpeg_part, png, png_chunk, upload
from tests.hostile import SPARK, alive

TAG = f"<img src=x {SPARK} onerror=alert(1)>"


def no_escaping():
    names = ("django.template.base.conditional_escape", "django.template.defaultfilters.escape")
    return [replaced(name, str) for name in names]


@attack(cwe=79, asvs="V1 Encoding and sanitization", weaken=no_escaping)
def script_in_what_the_patient_wrote_acts_on_the_sheet(site):
    """CWE-79, ASVS V1: markup in a request runs for whoever triages it."""
    asked = make_request(matter=TAG, full_name=TAG)
    return bool(alive(site.signed_in("reception").get(address(asked)).content.decode()))


@attack(cwe=79, asvs="V1 Encoding and sanitization", weaken=no_escaping)
def script_in_a_search_acts_on_the_page_of_results(site):
    """CWE-79, ASVS V1: markup in an address runs for whoever follows a link to it."""
    return bool(alive(site.stranger.get("/procedures/", {"q": f'">{TAG}'}).content.decode()))


@attack(cwe=79, asvs="V1 Encoding and sanitization", weaken=no_escaping)
def script_in_an_answer_acts_on_the_private_page(site):
    """CWE-79, ASVS V1: markup of a stolen staff account runs for the patient."""
    asked = answered_request(site.staff["reception"], answer=TAG)
    words = site.stranger.post(reverse("appointments:words", args=[link_to(asked)])).content.decode()
    return bool(alive(words))


def raw_html():
    loose = _parser().__class__("commonmark", {"html": True})
    loose.validateLink = lambda url: True
    return [
        replaced("clinic.markdown._parser", lambda: loose),
        replaced("nh3.clean", lambda html, **rules: html),
    ]


@attack(cwe=79, asvs="V1 Encoding and sanitization", weaken=raw_html)
def html_in_an_editors_text_acts_on_the_privacy_page(site):
    """CWE-79, ASVS V1: Markdown lets raw HTML through."""
    return _privacy_is_alive(site, f"Hello\n\n{TAG}\n\n<svg><script {SPARK}>alert(1)</script></svg>")


@attack(cwe=83, asvs="V1 Encoding and sanitization", weaken=raw_html)
def a_link_in_an_editors_text_runs_a_script(site):
    """CWE-83, ASVS V1: Markdown lets an address through that is a script."""
    links = "[a](javascript:alert(1)) [b](data:text/html,x) [c](JaVa\tScript:alert(1)) <javascript:alert(1)>\n\n[d][d]"
    return _privacy_is_alive(site, f"{links}\n\n[d]: vbscript:alert(1)")


def _privacy_is_alive(site, text):
    ClinicProfile.objects.update(privacy={"en": text})
    return bool(alive(site.stranger.get("/privacy/").content.decode()))


def formulas_as_they_are():
    return [replaced("appointments.spreadsheets.harmless", lambda cell: cell)]


@attack(cwe=1236, asvs="V1 Encoding and sanitization", weaken=formulas_as_they_are)
def a_formula_runs_in_the_managers_spreadsheet(site):
    """CWE-1236, ASVS V1: a cell of an export begins a formula."""
    from appointments.spreadsheets import csv_of

    rows = csv_of([["=HYPERLINK(1)"], [" +1"], ["＝1"], ["\t@SUM(A1)"]]).lstrip("\ufeff").splitlines()
    return any(row.lstrip(' "\t').startswith(("=", "+", "-", "@", "＝")) for row in rows)


def any_address():
    from clinic.typed_text import PlainTextField

    return [replaced("appointments.fields.EmailField.clean", PlainTextField.clean)]


@attack(cwe=93, asvs="V1 Encoding and sanitization", weaken=any_address)
def a_message_goes_to_a_second_address(site):
    """CWE-93, ASVS V1: an e-mail address that is two leads a private link to somebody else."""
    visitor = Visitor(client=site.stranger).reach("person")
    visitor.fill("person", email="ana@example.org, all@evil.example")
    if visitor.step == "check":
        visitor.send()
    sent = [email_of(message).message()["To"] for message in Message.objects.all()]
    return any("evil.example" in told for told in sent)


def nothing_refused():
    return [replaced("clinic.typed_text.is_refused", lambda sign: False)]


@attack(cwe=1007, asvs="V2 Validation and business logic", weaken=nothing_refused)
def a_name_reads_otherwise_than_it_is(site):
    """CWE-1007, ASVS V2: a character that turns the direction makes one name look like another."""
    visitor = Visitor(client=site.stranger).reach("person")
    visitor.fill("person", full_name="Ana \u202enairB O")
    if visitor.step == "check":
        visitor.send()
    return any("\u202e" in each.full_name for each in AppointmentRequest.objects.all())


# Files


def drawings_taken():
    drawing = FileType("svg", "image/svg+xml", 10**6)
    return [
        replaced("clinic.stored_files.type_of", lambda start: drawing),
        replaced("clinic.media._with_headers", lambda response, stored: response),
    ]


@attack(cwe=434, asvs="V5 File handling", weaken=drawings_taken)
def an_uploaded_drawing_runs_a_script(site):
    """CWE-434, ASVS V5: an SVG is taken as a picture, and opens as a page of this site."""
    drawing = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
    policy, body = _given_out(site, upload(drawing, "spine.png"))
    return b"<script>" in body and "sandbox" not in policy


def no_sandbox():
    return [replaced("clinic.media._with_headers", lambda response, stored: response)]


@attack(cwe=430, asvs="V3 Web frontend security", weaken=no_sandbox)
def a_file_that_is_two_things_is_opened_as_the_other(site):
    """CWE-430, ASVS V3: a PDF that is a page, too, is given out without a sandbox."""
    policy, body = _given_out(site, upload(b"%PDF-1.7\n<script>alert(1)</script>"))
    return b"<script>" in body and "sandbox" not in policy


def _given_out(site, file):
    """Return the policy and the bytes with which an uploaded file is given out; nothing for one that is refused."""
    try:
        stored = store(file)
    except ValidationError:
        return "", b""
    response = site.stranger.get(f"/media/{stored.hash}/{stored.name}")
    return response.get("Content-Security-Policy", ""), _body(response)


def pictures_as_they_are():
    from clinic.pictures import Picture
    from clinic.stored_files import CLEANED

    return [replaced("clinic.stored_files.CLEANED", dict.fromkeys(CLEANED, lambda content: Picture(content, 1, 1)))]


@attack(cwe=1230, asvs="V5 File handling", weaken=pictures_as_they_are)
def a_photo_tells_where_it_was_taken(site):
    """CWE-1230, ASVS V5: a portrait is given out with its place in Exif."""
    photo = jpeg(jpeg_part(0xE1, b"Exif\0\0" + exif(extra=b"GPS: at home")))
    return b"at home" in _given_out(site, upload(photo, "face.jpg"))[1]


def any_number_of_pixels():
    return [
        replaced("clinic.stored_files.MOST_PIXELS", 10**12),
        replaced("clinic.stored_files.smaller_copies", lambda content: []),
    ]


@attack(cwe=409, asvs="V5 File handling", weaken=any_number_of_pixels)
def a_small_picture_fills_the_memory_of_readers(site):
    """CWE-409, ASVS V5: a file of a few bytes unpacks to some ten gigabytes."""
    small, wide = (png_chunk(b"IHDR", size.to_bytes(4) * 2 + bytes([8, 0, 0, 0, 0])) for size in (20, 60_000))
    return b"IHDR" in _given_out(site, upload(png(height=20).replace(small, wide), "bomb.png"))[1]


def any_file_of_the_disk(request, name):
    """A careless way to give files out."""
    return HttpResponse((Path(settings.MEDIA_ROOT) / name).resolve().read_bytes())


urlpatterns = [path("media/<path:name>", any_file_of_the_disk), *urls.urlpatterns]


@attack(cwe=22, asvs="V5 File handling", weaken=lambda: [override_settings(ROOT_URLCONF=__name__)])
def an_address_leads_out_of_the_folder_of_files(site):
    """CWE-22, ASVS V5: dots in an address lead to another file of the disk."""
    root = Path(settings.MEDIA_ROOT)
    root.mkdir(exist_ok=True)
    (root.parent / "secret.txt").write_text("the key")
    stored = StoredFile.objects.create(hash="a" * 64, name="x.png", content_type="image/png", size=1)
    places = ["../secret.txt", "%2e%2e/secret.txt", f"{stored.hash}/../../secret.txt", f"{stored.hash}/..%2fsecret.txt"]
    return any(b"the key" in _body(site.stranger.get(f"/media/{place}")) for place in places)


def _body(response):
    return b"".join(response.streaming_content) if response.streaming else response.content


# Logs and error pages


def filter_off():
    return [replaced("clinic.log_filters.LeaveOutAddresses.filter", lambda self, record: True)]


@attack(cwe=532, asvs="V16 Security logging and error handling", weaken=filter_off)
def the_logs_tell_what_was_searched_for(site):
    """CWE-532, ASVS V16: a word of an address or of an error is written into a log."""
    return "Q-u-i-n-c-y" in _logged(lambda: logging.getLogger("x").error("Failed: %s", "/appointments/?q=Q-u-i-n-c-y"))


@attack(cwe=117, asvs="V16 Security logging and error handling", weaken=lambda: [_lines_as_they_are()])
def a_line_of_the_log_is_forged(site):
    """CWE-117, ASVS V16: a line break in an address begins a line of its own."""
    told = _logged(lambda: site.stranger.get("/nowhere%0A2026-01-01 INFO audit All is well"))
    return any(line.startswith("2026-01-01 INFO audit") for line in told.splitlines())


def _lines_as_they_are():
    def log(message, *args, response=None, **kwargs):
        logging.getLogger("django.request").warning(message, *args)

    return replaced("django.core.handlers.base.log_response", log)


def _logged(act):
    """Return what the site's own handler writes meanwhile."""
    import io

    from clinic.log_filters import LeaveOutAddresses

    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logging.Formatter("{asctime} {levelname} {name} {message}", style="{"))
    handler.addFilter(LeaveOutAddresses())
    logging.getLogger().addHandler(handler)
    try:
        act()
    finally:
        logging.getLogger().removeHandler(handler)
    return stream.getvalue()


@attack(cwe=209, asvs="V16 Security logging and error handling", weaken=lambda: [override_settings(DEBUG=True)])
def an_error_page_tells_what_was_typed(site):
    """CWE-209, ASVS V16: the page that says that something failed shows the form, and the code around it."""

    with replaced("clinic.views.read_clinic", _fails_once()):
        response = site.stranger.get("/privacy/")
    return response.status_code == 500 and b"Q-u-i-n-c-y" in response.content


def _fails_once():
    from clinic.context_processors import read_clinic

    asked = []

    def read():
        asked.append(1)
        if len(asked) == 1:
            raise RuntimeError("Q-u-i-n-c-y")
        return read_clinic()

    return read

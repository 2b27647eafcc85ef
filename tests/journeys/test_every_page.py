"""Every page in every mode and width: nothing for axe to find, nothing to scroll sideways, no cookie while reading."""

import pytest

from accounts import emergency
from procedures import publishing
from procedures.models import ProcedurePage
from tests.appointments.factories import make_request
from tests.journeys.walking import demonstration, fits, log_in  # noqa: F401 -- a fixture
from tests.procedures.factories import make_feedback
from tests.procedures.published import BY, make_procedure, publish_in_both_languages

PATHS = [
    "",
    "procedures/",
    "procedures/?q=vertebra",
    "procedures/?q=xqzzv",
    "procedures/{procedure}/",
    "procedures/{procedure}/feedback/",
    "procedures/{procedure}/feedback/thanks/",
    "procedures/{procedure}/leaflet/",
    "procedures/leaflet/",
    "procedures/leaflet/?code=7K4M",
    "procedures/compare/{procedure}/{other}/",
    "conditions/{condition}/",
    "conditions/{condition}/feedback/",
    "locations/",
    "locations/lantern-quay/",
    "team/",
    "contact/",
    "privacy/",
    "accessibility/",
    "appointments/request/",
    "appointments/track/",
    "appointments/track/?done=sent",
    "nowhere/",
    "procedures/withdrawn/",
]
SLUGS = {
    "/": {"procedure": "kyphoplasty", "other": "vertebroplasty", "condition": "vertebral-compression-fracture"},
    "/es/": {
        "procedure": "cifoplastia",
        "other": "vertebroplastia",
        "condition": "fractura-vertebral-por-compresion",
    },
}
ADDRESSES = [prefix + path.format(**slugs) for prefix, slugs in SLUGS.items() for path in PATHS]
STAFF_ADDRESSES = [
    "",
    "nothing/",
    "password_change/",
    "accounts/user/",
    "accounts/user/add/",
    "appointments/appointmentrequest/",
    "appointments/appointmentrequest/{request}/change/",
    "appointments/appointmentrequest/figures/?period=year",
    "desk/",
    "appointments/appointmentrequest/freed/",
    "appointments/appointmentrequest/who-read/",
    "appointments/formclosure/",
    "appointments/formclosure/add/",
    "audit/event/",
    "clinic/clinicprofile/1/change/",
    "clinic/location/",
    "clinic/location/1/change/",
    "clinic/openinghours/add/",
    "clinic/closure/add/",
    "clinic/clinician/1/change/",
    "clinic/generalwarningsign/1/change/",
    "outbox/message/",
    "outbox/message/{message}/change/",
    "procedures/facts/",
    "procedures/facts/one/?key=duration/kyphoplasty",
    "procedures/languages/",
    "procedures/feedback/",
    "procedures/feedback/{feedback}/change/",
    "procedures/missedsearch/",
    "procedures/procedure/1/change/",
    "procedures/procedurepage/",
    "procedures/procedurepage/1/change/",
    "procedures/procedureversion/1/change/",
    "procedures/conditionversion/1/change/",
    "accounts/user/1/change/",
    "accounts/user/2/password/",
    "confirm/",
    "emergency/",
    "my-log-in/",
    "login/set-up/",
    "second-factor/",
    "appointments/appointmentrequest/{request}/erase/",
    "appointments/appointmentrequest/{request}/person/",
    "audit/event/1/change/",
    "clinic/erasure/",
    "clinic/retentionrule/",
    "clinic/retentionrule/requests/change/",
    "clinic/retentionrule/requests/history/",
    "clinic/retentionrule/purge/",
    "clinic/retentionrule/purge/count/",
]
pytestmark = [pytest.mark.wide, pytest.mark.usefixtures("demonstration", "withdrawn")]
MODES = [{"color_scheme": "light"}, {"color_scheme": "dark"}, {"forced_colors": "active"}]
WIDTHS = [320, 390, 1280]
in_every_mode = pytest.mark.parametrize("mode", MODES, ids=lambda mode: next(iter(mode.values())))
in_every_width = pytest.mark.parametrize("width", WIDTHS)


@pytest.fixture
def withdrawn(demonstration):  # noqa: F811 -- the fixture
    """Take a page off the site in both languages."""
    procedure = make_procedure("withdrawn")
    publish_in_both_languages(procedure, ("withdrawn", "withdrawn"))
    for page in procedure.pages.all():
        publishing.withdraw_page(page=page, by=BY)


@in_every_mode
@in_every_width
def test_public_pages_are_sound_in_every_mode_and_width(new_context, axe, mode, width):
    context = new_context(viewport={"width": width, "height": 800}, **mode)
    page = context.new_page()
    for address in ADDRESSES:
        page.goto(address)
        assert fits(page), f"{address} scrolls sideways at {width}"
        axe(page)


def test_public_pages_fit_a_narrow_screen_with_doubled_text(new_context):
    page = new_context(viewport={"width": 320, "height": 800}).new_page()
    for address in ADDRESSES:
        page.goto(address)
        page.evaluate("document.documentElement.style.setProperty('font-size', '200%')")
        assert fits(page), f"{address} scrolls sideways with doubled text"


def test_reading_sets_no_cookie(new_context):
    context = new_context()
    page = context.new_page()
    for address in ADDRESSES:
        if not address.endswith(("/request/", "/feedback/", "/track/")):
            page.goto(address)
    assert context.cookies() == []


@in_every_mode
@pytest.mark.parametrize("width", [390, 1280])
def test_staff_screens_are_sound_in_every_mode_and_width(new_context, axe, mode, width):
    context = new_context(viewport={"width": width, "height": 800}, **mode)
    page = context.new_page()
    log_in(page, "superuser")
    feedback = make_feedback(ProcedurePage.objects.first())
    emergency.open_account(hours=1, reason="The manager is ill", asked_by="Nora Ng")
    places = {"request": make_request().pk, "message": 1, "feedback": feedback.pk}
    for address in STAFF_ADDRESSES:
        page.goto(f"/admin/{address.format(**places)}")
        assert "Log in" not in page.title()
        assert fits(page), f"{address} scrolls sideways at {width}"
        axe(page)


@in_every_mode
@in_every_width
def test_the_gallery_is_sound_in_every_mode_and_width(new_context, axe, mode, width):
    page = new_context(viewport={"width": width, "height": 800}, **mode).new_page()
    log_in(page, "reception")
    page.goto("/styleguide/")
    assert page.get_by_role("heading", name="Several entries").is_visible()
    assert fits(page), f"it scrolls sideways at {width}"
    axe(page)

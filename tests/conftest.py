"""What every test may lean on: the browser and how it is watched, and axe."""

import gc
import os
import shutil
from pathlib import Path

import hypothesis
import pytest
from axe_playwright_python.sync_playwright import Axe
from django.db import connection
from django.utils import translation

from clinic.management.commands.compile_wording import compile_catalogue
from procedures.leaflet_pdf import CannotMake, pdf_of
from tests import settings as test_settings

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
BROWSER_REQUIRED = os.environ.get("REQUIRE_BROWSER") == "1"
ROOT = Path(__file__).resolve().parent.parent

pytest_plugins = ["tests.staff", "tests.second_factor"]

AXE_RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]

hypothesis.settings.register_profile("clinic", deadline=None, derandomize=True, database=None)
hypothesis.settings.load_profile("clinic")


def pytest_configure(config):
    """Build the wording where it is out of date, so that plain `pytest` works too."""
    for source in ROOT.glob("locale/*/LC_MESSAGES/*.po"):
        built = source.with_suffix(".mo")
        if not built.exists() or built.stat().st_mtime < source.stat().st_mtime:
            compile_catalogue(source)


def pytest_unconfigure(config):
    """Leave nothing behind."""
    shutil.rmtree(test_settings.SCRATCH, ignore_errors=True)


def pytest_report_header(config):
    """Say in one line what is left out."""
    if CHROMIUM is None and not BROWSER_REQUIRED:
        return "left out: the journeys, since no Chromium is installed here"
    return None


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """Mark each test that opens a browser, before `-m` is applied."""
    for item in items:
        if "browser" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.journey)


def pytest_collection_finish():
    """Look for cyclic garbage seldom: what was imported is none, and a test leaves little (7 in 100 of the time)."""
    gc.freeze()
    gc.set_threshold(100_000, 50, 100)


def pytest_runtest_setup(item):
    """Leave a journey out where there is no browser, unless that is forbidden."""
    if CHROMIUM is None and item.get_closest_marker("journey"):
        if BROWSER_REQUIRED:
            pytest.fail("REQUIRE_BROWSER=1, and no Chromium is installed here. Run make system as root.", pytrace=False)
        pytest.skip("no Chromium is installed here")


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup, django_db_blocker):
    """Let the test database of PostgreSQL be dropped while a thread of the live server is still leaving it."""
    yield
    if connection.vendor == "postgresql":
        with django_db_blocker.unblock(), connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )


@pytest.fixture(autouse=True)
def _in_english():
    """Begin each test in English: a page asked for in Spanish leaves its language behind."""
    with translation.override("en"):
        yield


@pytest.fixture(autouse=True)
def audit_head(settings, tmp_path):
    """Keep the head of the audit chain of each test apart, as each has a database of its own."""
    settings.AUDIT_HEAD = tmp_path / "audit-head.json"


@pytest.fixture(scope="session")
def pango():
    """Leave a test out where PDFs cannot be made, unless that is forbidden."""
    try:
        pdf_of("<!doctype html><title>A test</title>", "")
    except CannotMake as reason:
        if BROWSER_REQUIRED:
            pytest.fail(f"REQUIRE_BROWSER=1, and no PDF can be made here: {reason}. Run make system as root.")
        pytest.skip(f"no PDF can be made here: {reason}")


@pytest.fixture
def media_root(settings, tmp_path):
    """Where files that a test uploads are kept: a folder of its own, made with the first of them."""
    settings.MEDIA_ROOT = tmp_path / "media"
    return settings.MEDIA_ROOT


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args):
    """Start the system's Chromium, and keep it from calling home."""
    quiet = ["gpu", "quic", "background-networking", "component-update", "sync"]
    arguments = [f"--disable-{name}" for name in quiet] + ["--no-first-run"]
    if os.geteuid() == 0:
        arguments.append("--no-sandbox")
    return {**browser_type_launch_args, "executable_path": CHROMIUM, "args": arguments}


@pytest.fixture(scope="session")
def base_url(live_server):
    """Let journeys name pages by their path: `page.goto("/contact/")`."""
    return live_server.url


class Watch:
    """Notes what goes wrong in a browser while a journey looks elsewhere."""

    def __init__(self, origin):
        self.origin = origin
        self.visited = set()
        self.problems = []

    def follow(self, context):
        """Watch every page of a browser context, those it opens later included."""
        context.on("request", self.on_request)
        context.on("console", self.on_console)
        context.on("weberror", lambda error: self.problems.append(f"script failed: {error.error}"))

    def on_request(self, request):
        """Note a request that leaves the site."""
        if request.is_navigation_request():
            self.visited.add(request.url)
        if not request.url.startswith((f"{self.origin}/", "data:", "blob:", "about:")):
            self.problems.append(f"asked another place: {request.url}")

    def on_console(self, message):
        """Note errors and warnings, refusals by the content policy among them.

        Chromium also reports the answer 404 to a page that the journey asked for; that is the journey's own affair.
        """
        own_affair = "Failed to load resource" in message.text and message.location.get("url") in self.visited
        if message.type in ("error", "warning") and not own_affair:
            self.problems.append(f"{message.type} in the console: {message.text}")


@pytest.fixture
def new_context(new_context, live_server):
    """Open browser contexts that are watched: an outside request, script error or policy refusal fails the journey."""
    watch = Watch(live_server.url)

    def opened(**options):
        context = new_context(**options)
        watch.follow(context)
        return context

    yield opened
    assert not watch.problems, "\n".join(watch.problems)


@pytest.fixture(scope="session")
def axe():
    """Return a check that fails with each thing axe finds on a page (WCAG 2.0 to 2.2 A and AA, and best practice)."""
    runner = Axe()

    def check(page):
        # Without preload axe puts no style of its own into the page, which the content policy would refuse.
        options = {"runOnly": AXE_RULES, "resultTypes": ["violations"], "preload": False}
        page.wait_for_load_state()
        results = runner.run(page, options=options)
        found = [
            f"{violation['id']} ({violation['impact']}): {violation['help']}\n    {node['html']}"
            for violation in results.response["violations"]
            for node in violation["nodes"]
        ]
        assert not found, f"axe on {page.url}:\n" + "\n".join(found)

    return check

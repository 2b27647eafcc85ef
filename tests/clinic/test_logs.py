"""No log line holds a query string, the token of a tracking link, or what an error quoted."""

import io
import logging
import logging.config
import runpy
from copy import deepcopy
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client

from clinic.log_filters import leave_out


@pytest.fixture
def log(settings):
    """What the site's own handler writes."""
    stream = io.StringIO()
    # Reading a configuration takes parts out of it.
    told = deepcopy(settings.LOGGING)
    handler = logging.StreamHandler(stream)
    formatter = told["formatters"]["plain"]
    handler.setFormatter(logging.Formatter(formatter["format"], formatter.get("datefmt"), style=formatter["style"]))
    made = logging.config.DictConfigurator({"version": 1, "filters": told["filters"]})
    for name in told["handlers"]["console"]["filters"]:
        handler.addFilter(made.configure_filter(told["filters"][name]))
    logging.getLogger().addHandler(handler)
    yield stream
    logging.getLogger().removeHandler(handler)


@pytest.mark.parametrize(
    ("said", "written"),
    [
        ('"GET /procedures/?q=back+pain HTTP/1.1" 200', '"GET /procedures/ HTTP/1.1" 200'),
        ("Not Found: /appointments/track/abc-DEF_123/", "Not Found: /appointments/track/…/"),
        ("Forbidden: /es/appointments/track/abc-DEF_123/cancel/", "Forbidden: /es/appointments/track/…/cancel/"),
        ("Not Found: /es/review/abc-DEF_123/page/", "Not Found: /es/review/…/page/"),
        ("Ready.", "Ready."),
    ],
)
def test_addresses_are_written_without_what_is_private_in_them(said, written):
    assert leave_out(said) == written


def test_a_page_that_is_not_found_is_logged_without_its_query(log, db):
    Client().get("/nowhere/?name=OBrien")
    Client().get("/appointments/track/s3cret-t0ken/nowhere/")
    assert "Not Found: /nowhere/" in log.getvalue()
    assert "OBrien" not in log.getvalue()
    assert "s3cret" not in log.getvalue()


def test_an_error_is_logged_by_its_kind_and_place_without_its_words(log):
    try:
        try:
            int("Ana O'Brien")
        except ValueError as error:
            raise KeyError("born 1944") from error
    except KeyError:
        logging.getLogger("clinic").exception("It failed: %s", "/?name=Ana")
    said = log.getvalue()
    assert "It failed: /" in said
    assert "builtins.ValueError" in said
    assert "builtins.KeyError" in said
    assert "test_logs.py" in said
    assert "O'Brien" not in said.replace('int("Ana O\'Brien")', "")
    assert "1944" not in said.replace('KeyError("born 1944")', "")


def test_each_line_says_its_moment_with_the_offset_of_its_time_zone(log, settings):
    logging.getLogger("clinic").warning("Nothing is wrong.")
    moment = datetime.fromisoformat(log.getvalue().split()[0])
    assert moment.utcoffset() is not None
    assert abs(datetime.now(UTC) - moment) < timedelta(minutes=1)
    server = runpy.run_path(str(settings.BASE_DIR / "gunicorn.conf.py"))
    assert server["logconfig_dict"]["formatters"] == settings.LOGGING["formatters"]

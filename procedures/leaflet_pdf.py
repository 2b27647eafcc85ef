"""Turns one leaflet into a tagged PDF, in a process of its own that ends with it and that the site can outlive.

Run as a module: it reads {"html", "css"} as JSON and writes the PDF. It knows nothing of the site, its database or
its keys, fetches nothing but data URLs, and stops itself when it takes too much memory or time.
"""

import json
import os
import resource
import subprocess  # nosec B404  # itself alone
import sys
from contextlib import suppress

from django.conf import settings

MOST_SECONDS = 30
MOST_MEMORY = 1024**3  # bytes
LIBRARY_IS_MISSING = 3
# What the process needs to find of the system; nothing secret among it.
PASSED_ON = ("PATH", "HOME", "LANG", "LD_LIBRARY_PATH", "DYLD_FALLBACK_LIBRARY_PATH", "FONTCONFIG_FILE", "TMPDIR")


class CannotMake(Exception):
    """No PDF came of it; the text says why, without a word of the leaflet."""


def pdf_of(html, css):
    """Return the PDF (bytes, PDF/UA-1) of a whole HTML page and its style. Raises CannotMake."""
    environment = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    try:
        done = subprocess.run(  # nosec B603  # nothing of anybody else on the line
            [sys.executable, "-m", "procedures.leaflet_pdf"],
            input=json.dumps({"html": html, "css": css}).encode(),
            capture_output=True,
            cwd=settings.BASE_DIR,
            env=environment,
            timeout=MOST_SECONDS,
        )
    except subprocess.TimeoutExpired as error:
        raise CannotMake(f"it took more than {MOST_SECONDS} seconds") from error
    if done.returncode == LIBRARY_IS_MISSING:
        raise CannotMake("WeasyPrint or pango is not installed")
    if done.returncode or not done.stdout.startswith(b"%PDF-"):
        raise CannotMake(f"its process ended with {done.returncode}")
    return done.stdout


def main():
    """Read from standard input, write to standard output."""
    for what, most in ((resource.RLIMIT_AS, MOST_MEMORY), (resource.RLIMIT_CPU, MOST_SECONDS)):
        # Some systems know no such limit; the site's own clock still stops this process.
        with suppress(ValueError, OSError):
            resource.setrlimit(what, (most, most))
    try:
        from weasyprint import CSS, HTML
        from weasyprint.urls import URLFetcher
    except (ImportError, OSError):
        sys.exit(LIBRARY_IS_MISSING)
    page = json.load(sys.stdin)
    fetcher = URLFetcher(allowed_protocols=["data"])
    style = CSS(string=page["css"], url_fetcher=fetcher)
    html = HTML(string=page["html"], url_fetcher=fetcher)
    html.write_pdf(sys.stdout.buffer, stylesheets=[style], pdf_variant="pdf/ua-1")


if __name__ == "__main__":
    main()

"""Reckons what Mozilla's HTTP Observatory would give an answer, so that no header can be lost unnoticed.

The rules are those published in mdn/mdn-http-observatory: the points of src/grader/charts.js, what
src/analyzer/tests/*.js looks at, and the curve of src/scanner/index.js (extra points count from 90 on only). What the
Observatory learns elsewhere is taken at its worst: the site is on no preload list, and no script has a checksum.
"""

import re

START, EXTRA_FROM = 100, 90
BROAD = {"*", "http:", "https:", "ftp:", "http://*", "https://*", "http://*.*", "https://*.*"}
INLINE = {"'unsafe-inline'", "data:"}
PRIVATE_REFERRERS = {"no-referrer", "same-origin", "strict-origin", "strict-origin-when-cross-origin"}
OPEN_REFERRERS = {"origin", "origin-when-cross-origin", "unsafe-url", "no-referrer-when-downgrade"}
SIX_MONTHS = 15_552_000


def score(response):
    """Return the points of an answer that was asked for on https."""
    points = [judge(response) for judge in JUDGES]
    without_extra = START + sum(each for each in points if each < 0)
    return max(START + sum(points) if without_extra >= EXTRA_FROM else without_extra, 0)


def content_policy(response):
    """Return the points of the Content-Security-Policy."""
    policy = _policy(response)
    if not policy:
        return -25
    fallback = policy.get("default-src", {"*"})
    scripts, styles = policy.get("script-src", fallback), policy.get("style-src", fallback)
    passive = policy.get("img-src", fallback) | policy.get("media-src", fallback)
    active = set().union(*(values for name, values in policy.items() if name not in ("img-src", "media-src")))
    if scripts & (BROAD | INLINE) or policy.get("object-src", fallback) & BROAD:
        return -20
    if _is_plain(active):
        return -20
    if "'unsafe-eval'" in scripts | styles or _is_plain(passive):
        return -10
    if styles & (BROAD | INLINE):
        return 0
    return 10 if policy.get("default-src") == {"'none'"} else 5


def cookies(response):
    """Return the points of the cookies that an answer sets."""
    worst = [_of_cookie(name, cookie) for name, cookie in response.cookies.items()]
    return min(worst, default=0)


def _of_cookie(name, cookie):
    is_session = any(word in name.lower() for word in ("login", "sess"))
    if is_session and not cookie["httponly"]:
        return -30
    if cookie["samesite"] and cookie["samesite"].lower() not in ("lax", "strict", "none"):
        return -20
    if "csrf" in name.lower() and not cookie["samesite"]:
        return -20
    if not cookie["secure"]:
        return -10 if is_session else -5
    return 5 if cookie["samesite"] else 0


def embedder(response):
    """Return the points of Cross-Origin-Embedder-Policy."""
    return _one_of(response, "Cross-Origin-Embedder-Policy", {"require-corp", "credentialless"}, {"unsafe-none"})


def opener(response):
    """Return the points of Cross-Origin-Opener-Policy."""
    good = {"same-origin", "same-origin-allow-popups", "noopener-allow-popups"}
    return _one_of(response, "Cross-Origin-Opener-Policy", good, {"unsafe-none"})


def resource(response):
    """Return the points of Cross-Origin-Resource-Policy."""
    return _one_of(response, "Cross-Origin-Resource-Policy", {"same-origin", "same-site"}, {"cross-origin"})


def referrer(response):
    """Return the points of Referrer-Policy."""
    if "Referrer-Policy" not in response:
        return 0
    known = [
        each
        for each in re.split(r"\s*,\s*", response["Referrer-Policy"].lower().strip())
        if each in PRIVATE_REFERRERS | OPEN_REFERRERS
    ]
    return 5 if known and known[-1] in PRIVATE_REFERRERS else -5


def transport(response):
    """Return the points of Strict-Transport-Security."""
    said = response.get("Strict-Transport-Security", "")
    lasts = re.search(r"(?:^|;)\s*max-age=(\d+)", said.lower())
    if not lasts or "," in said:
        return -20
    return 0 if int(lasts.group(1)) >= SIX_MONTHS else -10


def sniffing(response):
    """Return the points of X-Content-Type-Options."""
    return 0 if response.get("X-Content-Type-Options", "").strip().lower() == "nosniff" else -5


def framing(response):
    """Return the points of X-Frame-Options, which frame-ancestors may stand for."""
    if "frame-ancestors" in _policy(response):
        return 5
    return 5 if response.get("X-Frame-Options", "").strip().lower() in ("deny", "sameorigin") else -20


def sharing(response):
    """Return the points of Access-Control-Allow-Origin: everything for everybody, with their cookies, is the worst."""
    is_open = response.get("Access-Control-Allow-Credentials", "").lower() == "true"
    return -50 if is_open and response.get("Access-Control-Allow-Origin") else 0


def scripts(response):
    """Return the points of scripts: none for those of this site, fewer for those of others."""
    if response.streaming or not response.get("Content-Type", "").startswith(("text/html", "application/xhtml+xml")):
        return 0
    sources = re.findall(r'<script\b[^>]*\bsrc="([^"]*)"', response.content.decode(errors="replace"))
    if any(source.startswith(("http://", "//")) for source in sources):
        return -50
    return -5 if any(source.startswith("https://") for source in sources) else 0


JUDGES = (
    content_policy,
    cookies,
    embedder,
    opener,
    resource,
    referrer,
    transport,
    sniffing,
    framing,
    sharing,
    scripts,
)


def _policy(response):
    parts = [part.split() for part in response.get("Content-Security-Policy", "").lower().split(";") if part.strip()]
    return {name: set(values) or ({"'none'"} if name.endswith("-src") else set()) for name, *values in parts}


def _is_plain(sources):
    return any(source.startswith(("http:", "ftp:")) for source in sources)


def _one_of(response, name, good, neutral):
    if name not in response:
        return 0
    value = response[name].strip().lower().partition(";")[0]
    return 10 if value in good else 0 if value in neutral else -5

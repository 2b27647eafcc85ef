"""What somebody who means harm types: a table of values by kind, and what shows that one of them came alive.

Each value that is markup carries the name SPARK as an element or an attribute: a page in which it was parsed as one has
come alive, however it looks.
"""

import re
from html.parser import HTMLParser
from urllib.parse import quote_from_bytes, quote_plus

SPARK = "zqx"

KINDS = {
    "markup": [
        f"<script {SPARK}>alert(1)</script>",
        f"\"'><img src=x {SPARK} onerror=alert(1)>",
        f"</textarea></title></style><svg/onload=alert(1) {SPARK}>",
        f"<a href=javascript:alert(1) {SPARK}>x</a>",
        f"' {SPARK} autofocus onfocus=alert(1) x='",
        f'" {SPARK} onmouseover="alert(1)',
        f"<!--><b {SPARK}>--><![CDATA[<b {SPARK}>]]>",
        f"&lt;i {SPARK}&gt;<i {SPARK}&gt;&#60;i {SPARK}>",
        f"{{{{ 7|add:7 }}}}{{% debug %}}<{SPARK}>",
        f"[x](javascript:alert(1) '{SPARK}') ![x](x) <{SPARK}@x>",
    ],
    "queries": [
        "' OR 1=1; --",
        "'; DROP TABLE audit_event; --",
        "1) UNION SELECT password FROM accounts_user --",
        '" OR ""="',
        "%' AND 1=(SELECT 1) AND '%'='",
        "\\'; DELETE FROM outbox_message; --",
        "$$; SELECT pg_sleep(9); $$",
        "%s %(id)s {0} {id}",
        "admin'/*",
        "1; ATTACH DATABASE 'x' AS x",
    ],
    "header breaks": [
        "Ana\r\nBcc: all@evil.example",
        "Ana\nBcc: all@evil.example",
        "Ana\rTo: all@evil.example",
        "Ana%0d%0aBcc:all@evil.example",
        "Ana\r\n\r\n<html>",
        "Ana\u2028Bcc: all@evil.example",
        "Ana\u2029Bcc: all@evil.example",
        "Ana\x0bBcc: all@evil.example",
        "Ana\x85Bcc: all@evil.example",
        "ana@example.org, all@evil.example",
        "\nEND:VEVENT\r\nBEGIN:VALARM",
    ],
    "control": [f"Ana{chr(code)}Sol" for code in (0, 1, 7, 8, 12, 14, 27, 31, 127, 0x80, 0x9F)],
    "bidi and zero width": [
        f"Ana{chr(code)}Sol"
        for code in (0x202D, 0x202E, 0x200B, 0x2060, 0x2061, 0x2064, 0x180E, 0xFFF9, 0xFFFA, 0xFFFB, 0xFFFD, 0x206A)
    ],
    "surrogates": [
        bytes.fromhex(code)
        for code in (
            *("eda080", "edafbf", "edb080", "edbfbf", "eda0bdedb880", "eda0bd", "416e61eda080", "edb880eda0bd"),
            *("eda0bd536f6c", "f8808080", "c080", "ff"),
        )
    ],
    "sizes": ["", " ", "a", "a" * 79, "a" * 80, "a" * 81, "a" * 4000, "a" * 4001, "a" * 100_000, "🦴" * 20_000],
    "numbers": ["0", "-1", "9" * 40, "1e309", "NaN", "Infinity", "0x10", "１２", "1,000.5", "-0", "٣"],
    "dates": [
        *("0000-00-00", "9999-12-31", "10000-01-01", "2026-02-30", "1-1-1", "24:00", "2026-13-01T25:61"),
        *("٢٠٢٦-٠١-٠١", "-2026-01-01", "2026-03-08 02:30"),
    ],
    "paths": [
        *("../../etc/passwd", "..\\..\\boot.ini", "/etc/passwd", "file:///etc/passwd", "%2e%2e%2f", "~root"),
        *("C:\\con", "//evil.example/x", "https://evil.example\\@clinic.example", "x/./../y;z?a#b"),
    ],
    "formulas": [
        *("=1+1", "+1+1", "-1+1", "@SUM(A1)", "=cmd|' /C calc'!A0", '=HYPERLINK("http://evil.example")', "＝1+1"),
        *("\t=1+1", " =1+1", '"=1+1', "%0A=1+1"),
    ],
    "slow patterns": [
        *("a@" + "a." * 300, "a" * 300 + "!", "(" * 300, "[" * 300 + "](" * 300, "**a" * 200, "<" * 300),
        *("1" * 300 + "x", "+1 (" * 80, "&" * 300 + ";", " \t" * 200 + "x", "-" * 300, "`" * 200 + "a"),
    ],
}
VALUES = [(kind, value) for kind, values in KINDS.items() for value in values]
ADDRESSES = ("href", "src", "action", "formaction", "data", "poster", "cite", "background", "xlink:href", "srcset")
SCHEME = re.compile(r"[\x00-\x20]*([a-z][a-z0-9+.\-]*):", re.IGNORECASE)
SCHEMES = {"http", "https", "mailto", "tel"}
ACTIVE = {"iframe", "object", "embed", "applet", "base", "frame", "frameset", "foreignobject", "animate", "set"}


class Skeleton(HTMLParser):
    """Reads the elements of a page, each with the names of its attributes, and what in it could act."""

    def __init__(self, html):
        super().__init__()
        self.elements, self.alive = [], []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, tuple(sorted(name for name, _value in attrs))))
        names = {tag, *(name for name, _value in attrs)}
        told = [SCHEME.match(value or "") for name, value in attrs if name in ADDRESSES]
        schemes = {match[1].lower() for match in told if match}
        if (
            any(SPARK in name or name.startswith("on") for name in names)
            or "style" in names
            or tag in ACTIVE
            or not schemes <= SCHEMES
            or (tag == "script" and "src" not in names and dict(attrs).get("type") != "application/ld+json")
            or (tag == "meta" and "http-equiv" in names)
        ):
            self.alive.append((tag, attrs))

    handle_startendtag = handle_starttag


def alive(html):
    """Return what in a page could act and is none of ours: elements, attributes, addresses."""
    return Skeleton(html).alive


def elements(html):
    """Return the elements of a page with the names of their attributes, in order."""
    return Skeleton(html).elements


def encoded(fields):
    """Return fields as the body of a form (bytes); a value may be bytes, which need not be text, or a list."""
    parts = []
    for name, value in fields.items():
        for each in value if isinstance(value, list) else [value]:
            told = each if isinstance(each, bytes) else str(each).encode("utf-8", "surrogatepass")
            parts.append(f"{quote_plus(name)}={quote_from_bytes(told, safe='')}")
    return "&".join(parts).encode()


def as_text(value):
    """Return a hostile value as the site reads it."""
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else value

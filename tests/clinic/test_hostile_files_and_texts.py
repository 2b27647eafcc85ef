"""What an editor's account could bring in: Markdown and files that are more than they say they are."""

import zlib

import pytest
from django.core.exceptions import ValidationError
from hypothesis import given, settings
from hypothesis import strategies as st

from clinic.markdown import ATTRIBUTES, SCHEMES, TAGS, render_markdown
from clinic.stored_files import NAME_LENGTH, store
from tests.clinic.uploads import (
    CAPTIONS,
    LOSSY,
    MP4,
    PDF,
    exif,
    extended,
    jpeg,
    jpeg_part,
    png,
    png_chunk,
    upload,
    webp,
    webp_chunk,
)
from tests.hostile import KINDS, SPARK, Skeleton, as_text

SCRIPT = f"<script {SPARK}>alert(1)</script>".encode()

LINKS = [
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x](java\tscript:alert(1))",
    "[x](java&#10;script:alert(1))",
    "[x](&#106;avascript:alert(1))",
    "[x](&Tab;javascript&colon;alert(1))",
    "[x](\x01javascript:alert(1))",
    "[x](<javascript:alert(1)>)",
    "[x](data:text/html;base64,PHNjcmlwdD4=)",
    "[x](vbscript:msgbox(1))",
    "[x](file:///etc/passwd)",
    "[x](blob:https://clinic.example/1)",
    "[x](view-source:javascript:alert(1))",
    "<javascript:alert(1)>",
    "[x][1]\n\n[1]: javascript:alert(1)",
    "[x][1]\n\n[1]: <javascript&colon;alert(1)> 'title'",
    "[![x](javascript:alert(1))](javascript:alert(2))",
]
RAW = [
    f"<img src=x {SPARK} onerror=alert(1)>",
    f"<svg><foreignObject><p {SPARK}></foreignObject></svg>",
    f"<math><mtext></p><style><img src=x {SPARK}>",
    f"<noscript><p title='</noscript><img src=x {SPARK} onerror=alert(1)>'>",
    f"<a href='x' {SPARK} onclick=alert(1)>x</a>",
    f"<p style='position:fixed' {SPARK}>x</p>",
    f"<iframe srcdoc='<b {SPARK}>'></iframe><base href=//evil.example><meta http-equiv=refresh>",
    f"```html {SPARK}\n</code></pre><b {SPARK}>\n```",
    f"`</code><b {SPARK}>`",
    f"[x](https://a.example '\" {SPARK} onmouseover=\"alert(1)')",
    f"| a |\n| - |\n| <b {SPARK}> |",
    f"> - 1. <details open {SPARK} ontoggle=alert(1)>",
    f"<!-- --!><b {SPARK}> -->\n<?php <b {SPARK}> ?>\n<!DOCTYPE x [<!ENTITY a '<b {SPARK}>'>]>&a;",
    "![tracks you](https://evil.example/pixel.png)",
]


def check_harmless(html):
    read = Skeleton(html)
    assert read.alive == []
    for tag, names in read.elements:
        assert tag in TAGS
        assert set(names) <= ATTRIBUTES.get(tag, set()) | ({"rel"} if tag == "a" else set())


@pytest.mark.parametrize("text", [*LINKS, *RAW, *map(as_text, KINDS["markup"] + KINDS["slow patterns"])])
def test_markdown_cannot_script(text):
    html = render_markdown(text)
    check_harmless(html)
    assert "<img" not in html


@pytest.mark.parametrize("scheme", sorted(SCHEMES))
def test_markdown_leads_where_pages_and_telephones_lead(scheme):
    assert f'<a href="{scheme}:' in render_markdown(f"[x]({scheme}:a)")


def test_a_link_out_of_markdown_gets_no_hold_of_our_window():
    assert 'rel="noopener"' in render_markdown("[x](https://evil.example)")


@settings(max_examples=60)
@given(st.lists(st.sampled_from([*LINKS, *RAW, "\n\n", "> ", "*", "`", "<", "](", "&colon;", "\\"]), max_size=6))
def test_no_mixture_of_markdown_scripts(parts):
    check_harmless(render_markdown("".join(parts)))


# Files


PICTURES = {
    "text in a PNG": png(
        png_chunk(b"tEXt", b"Comment\0" + SCRIPT), png_chunk(b"zTXt", b"a\0\0" + zlib.compress(SCRIPT))
    ),
    "a page behind a PNG": png() + SCRIPT,
    "XMP in a PNG": png(png_chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + SCRIPT)),
    "markup in Exif": jpeg(jpeg_part(0xE1, b"Exif\0\0" + exif(extra=SCRIPT))),
    "a comment in a JPEG": jpeg(jpeg_part(0xFE, b"*/=alert(1)/*" + SCRIPT)),
    "a page behind a JPEG": jpeg() + SCRIPT,
    "an archive behind a JPEG": jpeg() + b"PK\3\4" + SCRIPT,
    "markup in a WebP": webp(extended(0x0C), LOSSY, (b"EXIF", SCRIPT), (b"XMP ", SCRIPT)),
    "a page behind a WebP": webp(LOSSY) + SCRIPT,
    "a piece nobody knows": webp(extended(), (b"zqx ", SCRIPT), LOSSY) + webp_chunk(b"zqx ", SCRIPT),
}
NOT_TAKEN = {
    "GIF and script": b"GIF89a/*\x00\x00\x00\x00*/=1;alert(1)//;",
    "a drawing": b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>',
    "a drawing behind XML": b'<?xml version="1.0"?><!DOCTYPE svg [<!ENTITY a "b">]><svg>&a;</svg>',
    "a page": b"<!doctype html><script>alert(1)</script>",
    "a page behind spaces": b" \n\xef\xbb\xbf<html>",
    "BMP and script": b"BM/*" + SCRIPT,
    "an archive": b"PK\3\4" + SCRIPT,
    "gzip": b"\x1f\x8b\x08" + SCRIPT,
    "a flash film": b"CWS\x09" + SCRIPT,
    "nearly a PNG": b"\x89PNG\r\n\x1a" + SCRIPT,
    "a PNG that ends early": png()[:40],
    "a PNG of nothing": b"\x89PNG\r\n\x1a\n" + SCRIPT,
    "a JPEG of nothing": b"\xff\xd8\xff" + SCRIPT,
    "a WebP of nothing": b"RIFF\xff\xff\xff\x7fWEBP" + SCRIPT,
    "pixels for 14 gigabytes": png(width=60_000, height=60_000 // 60_000)[:16] + (60_000).to_bytes(4) * 2,
}
NAMES = [
    "../../etc/passwd.png",
    "..\\..\\x.png",
    "<img src=x onerror=alert(1)>.png",
    "a\u202egnp.exe",
    "a\r\nSet-Cookie: x=1.png",
    'a"; filename="b.html',
    "x.php.png",
    "CON.png",
    ".htaccess",
    "a\x00.html",
    "é" * 300 + ".png",
    "",
    "%2e%2e%2f",
]


@pytest.mark.parametrize("kind", PICTURES)
def test_nothing_that_is_not_drawn_is_given_out_with_a_picture(client, db, media_root, kind):
    stored = store(upload(PICTURES[kind], "face.html"))
    response = client.get(f"/media/{stored.hash}/{stored.name}")
    assert SPARK.encode() not in b"".join(response.streaming_content)
    assert response["Content-Type"] in ("image/png", "image/jpeg", "image/webp")
    check_headers(response)


@pytest.mark.parametrize("kind", NOT_TAKEN)
def test_what_is_no_file_of_ours_is_refused_under_any_name(db, media_root, kind):
    for name in ("spine.png", "leaflet.pdf", "x.svg"):
        with pytest.raises(ValidationError):
            store(upload(NOT_TAKEN[kind], name))


@pytest.mark.parametrize("content", [PDF + SCRIPT, MP4 + SCRIPT, CAPTIONS + SCRIPT])
def test_what_may_hold_anything_is_given_out_as_what_it_is_and_in_a_sandbox(client, db, media_root, content):
    stored = store(upload(content, "x.html"))
    response = client.get(f"/media/{stored.hash}/{stored.name}")
    assert b"".join(response.streaming_content) == content
    assert response["Content-Type"].split(";")[0] in ("application/pdf", "video/mp4", "text/vtt")
    check_headers(response)


def check_headers(response):
    assert response["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in response["Content-Security-Policy"]
    assert "default-src 'none'" in response["Content-Security-Policy"]


@pytest.mark.parametrize("name", NAMES)
def test_a_file_gets_a_plain_name_whatever_it_was_called(client, db, media_root, name):
    sent = upload(png(), "x.png")
    sent._name = name
    stored = store(sent)
    assert stored.name.isascii()
    assert set(stored.name) <= set("abcdefghijklmnopqrstuvwxyz0123456789-_.")
    assert stored.name.endswith(".png")
    assert len(stored.name) <= NAME_LENGTH + 4
    response = client.get(f"/media/{stored.hash}/{stored.name}")
    assert response.status_code == 200
    assert response["Content-Disposition"] == f'inline; filename="{stored.name}"'
    b"".join(response.streaming_content)

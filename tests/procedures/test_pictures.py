"""What a page shows beside its words: drawings, the film, the recovery as bars, and what all of it weighs."""

import re
from functools import cache
from pathlib import Path
from xml.etree import ElementTree

import brotli
import pytest
from django.conf import settings

from clinic.models import PageStamp
from procedures import drawings, publishing
from procedures.around import address_in
from procedures.content_files import read_table
from procedures.demonstration_content import FOLDER as DEMONSTRATION
from procedures.models import Condition, ProcedurePage
from procedures.recovery import line_of
from tests.demonstration import load_pages
from tests.procedures.desk import fields_of, opened
from tests.procedures.factories import make_draft, make_file
from tests.procedures.published import BY, every_section, make_clinic, make_condition, make_procedure, publish_page

CSS = Path(settings.BASE_DIR) / "static" / "css"
ONE_ROUND_TRIP, FIRST_VIEW = 14_600, 60_000
FILM = drawings._registry()["films"]


def page_with(client, steps, key="kyphoplasty"):
    make_clinic()
    publish_page(make_procedure(key), slug=key, sections={"steps": steps})
    return client.get(f"/procedures/{key}/").content.decode()


def film_of(key):
    return [{"label": f"Step {n}", "text": "It goes on.", "drawing": frame} for n, frame in enumerate(FILM[key])]


# Drawings


@pytest.mark.parametrize("key", drawings.names())
def test_each_drawing_is_a_small_picture_with_words_in_every_language(key):
    raw = (drawings.FOLDER / f"{key}.svg").read_bytes()
    assert ElementTree.fromstring(raw).get("viewBox") == f"0 0 {drawings.WIDTH} {drawings.HEIGHT}"  # noqa: S314
    assert len(raw) < 4096
    assert not re.search(rb"<script|<text|href=\"[^#]|style=", raw)
    for language, _name in settings.LANGUAGES:
        assert drawings._registry()["drawings"][key]["alt"][language]


def test_every_file_is_a_drawing_with_words_and_every_film_is_made_of_drawings():
    assert {path.stem for path in drawings.FOLDER.glob("*.svg")} == set(drawings.names())
    for frames in FILM.values():
        assert set(frames) <= set(drawings.names())


def test_the_demonstration_shows_the_same_drawings_in_both_languages_and_two_whole_films():
    shown = {}
    for path in DEMONSTRATION.rglob("*.??.toml"):
        key, language, _ending = path.name.split(".")
        table = read_table(path)
        rows = [table, *table.get("steps", [])] if "drawing" in table else table.get("steps", [])
        shown.setdefault(key, {})[language] = [row.get("drawing", "") for row in rows]
    for key, languages in shown.items():
        assert languages["en"] == languages["es"]
        assert set(languages["en"]) <= {"", *drawings.names()}
        if key in FILM:
            assert languages["en"] == FILM[key]
    assert set(FILM) <= set(shown)


@pytest.mark.django_db
def test_a_step_shows_its_drawing_with_its_words_and_loads_it_late(client):
    page = page_with(client, [{"label": "A cut", "text": "It is small.", "drawing": "small-cut"}])
    words = drawings.alternative_text("small-cut", "en")
    (image,) = re.findall(r"<img[^>]*steps/small-cut[^>]*>", page)
    assert f'alt="{words}"' in image
    assert 'width="480" height="320" loading="lazy"' in image


@pytest.mark.django_db
def test_a_condition_shows_its_drawing_where_it_says_what_it_is(client):
    make_clinic()
    sections = {"about": {"what_it_is": "A bone broke."}, "drawing": {"drawing": "crushed-vertebra"}}
    for language, path in (("en", "/conditions/fracture/"), ("es", "/es/conditions/fracture/")):
        condition = Condition.objects.first() or make_condition()
        published = publish_page(condition, language=language, slug="fracture", sections=sections)
        page = client.get(path).content.decode()
        part = page[page.index('<section id="what-it-is">') :].partition("</section>")[0]
        assert "img/steps/crushed-vertebra.svg" in part
        assert f'alt="{drawings.alternative_text("crushed-vertebra", language)}" width="480" height="320"' in part
    assert publishing.open_draft(page=published, by=BY).drawing == "crushed-vertebra"


@pytest.mark.django_db
def test_a_condition_without_a_drawing_and_one_frozen_before_there_were_any_show_none(client):
    make_clinic()
    page = publish_page(make_condition(), slug="fracture", sections={"about": {"what_it_is": "A bone broke."}})
    assert "<figure>" not in client.get("/conditions/fracture/").content.decode()
    del page.live_version.document["drawing"]
    page.live_version.save()
    PageStamp.move()
    assert "<figure>" not in client.get("/conditions/fracture/").content.decode()


def test_a_drawing_that_is_not_shipped_any_more_leaves_the_step_in_words():
    assert drawings.image("gone", "Nothing") is None


# The film


@pytest.mark.django_db
def test_a_film_stands_before_the_steps_and_shows_only_their_drawings(client):
    page = page_with(client, film_of("kyphoplasty"))
    film, steps = page.index('class="film"'), page.index('<ol class="steps" id="steps"')
    assert film < steps
    frames = re.findall(r'<div><img src="([^"]+)" alt=""', page)
    assert len(frames) == 7
    for frame in frames:
        assert frame in page[steps:]
    assert '<input type="checkbox" id="film-pause"' in page
    assert "css/film" in page


@pytest.mark.django_db
def test_without_all_of_its_drawings_there_is_no_film(client):
    page = page_with(client, film_of("kyphoplasty")[:-1])
    assert 'class="film"' not in page
    assert "css/film" not in page


# The recovery


def row(first, last, **more):
    return {"from_day": first, "to_day": last, **more}


def test_bars_stand_on_one_line_that_is_long_enough_for_all_rules():
    line = line_of([row(0, 28), row(28, 56)])
    assert [mark["label"] for mark in line.marks()] == [0, 2, 4, 6, 8]
    assert line.bar(row(28, 56)) == {"at": "50.0", "width": "50.0", "goes_on": False}
    assert line.bar(row(0, 0))["width"] == "1.8"


def test_a_rule_without_a_last_day_reaches_the_end_and_goes_on():
    line = line_of([row(0, 6), row(1, None)])
    assert line.unit == "days"
    bar = line.bar(row(1, None))
    assert bar["goes_on"]
    assert float(bar["at"]) + float(bar["width"]) == pytest.approx(100)


def test_there_is_no_line_without_rules():
    assert line_of([]) is None


@pytest.mark.django_db
def test_the_bars_are_for_the_eye_and_the_words_say_the_same(client):
    make_clinic()
    publish_page(make_procedure(), sections=every_section())
    page = client.get("/procedures/kyphoplasty/").content.decode()
    assert page.count('<svg class="bar" aria-hidden="true">') == 2
    assert page.index("No driving.") < page.index('class="bar"')


# Smaller copies


@pytest.mark.django_db
def test_a_picture_is_offered_in_its_sizes_and_one_frozen_before_there_were_any_in_one(client):
    make_clinic()
    sizes = [{"hash": "a" * 64, "name": "spine-480.webp", "width": 480}]
    picture = make_file(width=600, height=300, sizes=sizes)
    page = publish_page(
        make_procedure(), slug="kyphoplasty", sections={"media": [{"file": picture, "alternative_text": "A spine"}]}
    )
    (image,) = re.findall(r"<img[^>]*spine[.]png[^>]*>", client.get("/procedures/kyphoplasty/").content.decode())
    assert f'srcset="/media/{"a" * 64}/spine-480.webp 480w, {picture.get_absolute_url()} 600w"' in image
    assert 'width="600" height="300" loading="lazy"' in image
    del page.live_version.document["media"][0]["sizes"]
    page.live_version.save()
    PageStamp.move()
    assert "srcset" not in client.get("/procedures/kyphoplasty/").content.decode()


@pytest.mark.django_db
def test_the_name_of_the_file_is_refused_in_the_place_of_words(desk):
    version = make_draft(sections={"media": [{"file": make_file(), "alternative_text": "A spine"}]})
    address, fields = opened(desk, version, "media")
    response = desk.post(address, fields | {"rows-0-alternative_text": ["spine.png"]})
    assert response.status_code == 422
    assert "This is the name of a file." in response.content.decode()
    assert fields_of(response)["rows-0-alternative_text"] == ["spine.png"]


# What it weighs


@cache
def compressed_size(sheet):
    """Return how many bytes of a style sheet are sent."""
    return len(brotli.compress((CSS / sheet).read_bytes()))


def test_a_demonstration_page_arrives_in_one_round_trip_and_its_first_view_is_light(client, demonstration_pages):
    heavy = {}
    for address in demonstration_pages:
        response = client.get(address, headers={"Accept-Encoding": "br"})
        assert response.status_code == 200
        page = brotli.decompress(response.content)
        sheets = ["site.css"] + (["film.css"] if b"css/film" in page else [])
        # As they are sent: the page by the site, the style sheets ready-made by whitenoise.
        text = len(response.content) + sum(map(compressed_size, sheets))
        heavy[address] = text
        pictures = {*re.findall(r'src="/static/([^"]+)"', page.decode())}
        drawn = sum((Path(settings.BASE_DIR) / "static" / name).stat().st_size for name in pictures)
        assert text + drawn <= FIRST_VIEW, address
    assert not {address: text for address, text in heavy.items() if text > ONE_ROUND_TRIP}


@pytest.fixture
def demonstration_pages(db, settings):
    """The addresses of all demonstration pages about procedures, published as `load_demo` does."""
    settings.DEMO = True
    load_pages()
    return [address_in(page.language, "procedures:procedure", page.slug) for page in ProcedurePage.objects.published()]

"""Search: what finds which page, what hostile words do, and what is kept of words that found nothing."""

from datetime import date, timedelta

import pytest
from django.core.management import call_command
from django.urls import reverse
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st
from pytest_django.asserts import assertContains, assertNotContains

from audit.models import Event
from procedures import publishing, search_index
from procedures.demonstration_content import load
from procedures.models import IndexedWord, MissedSearch, ProcedurePage, Trigram
from procedures.search import MOST_MISSES, count_miss, forget_misses, search
from procedures.search_index import trigrams_of, words_of
from tests.at_once import at_once
from tests.demonstration import load_pages
from tests.procedures.published import (
    BY,
    every_section,
    make_condition,
    make_draft,
    make_procedure,
    publish_page,
    sign_off,
)
from tests.remembered import remembered

pytestmark = pytest.mark.django_db

BROKEN_BONE = {"plain_name": "Broken back bone", "synonyms": ["crushed vertebra"], "summary": "A bone broke."}


@pytest.fixture
@remembered
def kyphoplasty():
    """A procedure whose page tells all it can, published in English."""
    procedure = make_procedure()
    publish_page(procedure, sections=every_section(), names={"synonyms": ["bone cement"]})
    return procedure


def names(typed, language="en"):
    return [card["other_name"] or card["title"] for card in search(typed, language).cards]


# Words


@pytest.mark.parametrize(
    ("language", "one", "other"),
    [
        ("en", "Vértebra", "vertebra"),
        ("en", "discs", "DISC"),
        ("en", "injuries", "injury"),
        ("en", "X-rays of the back", "x ray back"),
        ("es", "las vértebras rotas", "vertebra rota"),
        ("es", "inyecciones", "Inyección"),
        ("es", "las luces", "luz"),
        ("en", "ﬁne", "fine"),
    ],
)
def test_accents_case_plurals_and_stop_words_are_aside(language, one, other):
    assert words_of(one, language) == words_of(other, language) != []


def test_a_word_that_only_looks_like_a_plural_stays():
    assert words_of("stenosis abscess pus", "en") == ["stenosis", "abscess", "pus"]


def test_a_misspelt_word_shares_trigrams_with_the_right_one():
    assert len(trigrams_of("balloon") & trigrams_of("ballon")) == 6


# What finds which page


@pytest.fixture
def demonstration():
    load_pages()


FINDS = {
    "en": {
        "Kyphoplasty": "kyphoplasty|balloon back surgery|ballon back surgery|kyfoplasty|kyphoplasy|KYPHO|ballon",
        "Vertebroplasty": "cement in spine|vertabroplasty|vertebroplastie",
        "Herniated disc": "slipped disc|slipped disk|herniated disks",
        "Sciatica": "siatica|sciattica|pain down my leg",
        "Lumbar spinal stenosis": "stenossis|narrow spine",
        "Lumbar epidural steroid injection": "epidrual|cortisone shot",
        "Vertebral compression fracture": "crushed vertebrae|broken back",
        "Lumbar microdiscectomy": "discektomy",
    },
    "es": {
        "Cifoplastia": "balon|kifoplastia|kyphoplasty|cifoplastía",
        "Fractura vertebral por compresión": "columna aplastada|espalda rota",
        "Ciática": "ciatica|siática",
        "Hernia de disco": "hernias de disco",
    },
}


def test_patients_find_pages_in_their_own_words_misspelt_or_not(demonstration):
    wrong = {
        (language, typed): found
        for language, pages in FINDS.items()
        for name, several in pages.items()
        for typed in several.split("|")
        if (found := names(typed, language))[:1] != [name]
    }
    assert wrong == {}
    assert "Kyphoplasty" in names("cement in spine")[:2]
    assert "Cifoplastia" in names("columna aplastada", "es")[:2]
    assert names("xqzzv") == []


def test_the_words_of_a_name_count_more_than_those_of_the_text(kyphoplasty):
    other = make_procedure("other")
    about = {"aim": {"aim": "It is not kyphoplasty."}}
    publish_page(other, slug="other", sections=about, names={"plain_name": "Another", "medical_name": "Else"})
    assert names("kyphoplasty")[0] == "Kyphoplasty"


def test_every_part_of_a_page_can_be_found(kyphoplasty):
    for typed in ("cement holds", "infection", "medicine", "driving", "sore", "brace", "how long", "risk general"):
        assert names(typed) == ["Kyphoplasty"], typed


def test_markup_is_no_word(kyphoplasty):
    assert names("strong") == []
    assert not IndexedWord.objects.filter(word__in=["strong", "p", "li", "amp"]).exists()


def test_a_condition_finds_itself_and_the_procedures_that_treat_it(kyphoplasty):
    condition = make_condition()
    kyphoplasty.conditions.add(condition)
    publish_page(condition, slug="fracture", names=BROKEN_BONE | {"medical_name": "Fracture"})
    assert names("crushed vertebrae") == ["Fracture", "Kyphoplasty"]


def test_a_page_is_found_in_its_own_language_only_and_by_its_name_in_the_other(kyphoplasty):
    publish_page(kyphoplasty, language="es", slug="cifoplastia", sections=every_section())
    assert names("hueso") == []
    assert names("hueso", "es") == names("kyphoplasty", "es") == ["Cifoplastia"]


def test_what_was_published_before_is_found_no_longer(kyphoplasty):
    publish_page(kyphoplasty, names={"plain_name": "Balloon", "summary": "Bone."})
    assert names("cement") == []
    assert not Trigram.objects.filter(word="cement").exists()


def test_a_withdrawn_page_is_not_found(kyphoplasty):
    publishing.withdraw_page(page=ProcedurePage.objects.get(), by=BY)
    assert names("kyphoplasty") == []
    assert not IndexedWord.objects.exists()
    assert not Trigram.objects.exists()


def test_a_draft_is_not_found(kyphoplasty):
    publishing.open_draft(page=ProcedurePage.objects.get(), by=BY)
    assert IndexedWord.objects.values("procedure_page").distinct().count() == 1


def test_a_condition_added_on_the_desk_finds_the_procedure_at_once(client, editor, kyphoplasty):
    condition = make_condition()
    publish_page(condition, slug="fracture", names=BROKEN_BONE | {"medical_name": "Fracture"})
    client.force_login(editor)
    address = reverse("admin:procedures_procedure_change", args=[kyphoplasty.pk])
    form = client.get(address).context["adminform"].form
    client.post(address, form.initial | {"conditions": [condition.pk], "key": "kyphoplasty"} | changes(form))
    assert names("crushed vertebra") == ["Fracture", "Kyphoplasty"]


def changes(form):
    """Return what a careful form carries beside its fields."""
    return {name: form[name].value() or "" for name in form.fields if form[name].is_hidden} | {
        name: [] for name in ("performed_at", "evaluated_at", "clinicians")
    }


def test_the_index_can_be_built_again(kyphoplasty, capsys):
    built = index()
    IndexedWord.objects.all().delete()
    call_command("rebuild_search")
    assert capsys.readouterr().out == "Pages that can be found: 1.\n"
    assert index() == built


@pytest.mark.django_db(transaction=True)
def test_publications_at_once_leave_one_whole_index(kyphoplasty):
    condition, other = make_condition(), make_procedure("other")
    kyphoplasty.conditions.add(condition)
    fracture = sign_off(make_draft(condition, slug="fracture", names=BROKEN_BONE))
    vertebroplasty = sign_off(make_draft(other, slug="other", names={"synonyms": ["bone cement", "vertebrae"]}))
    page = ProcedurePage.objects.get(slug="kyphoplasty")
    ends = at_once(
        lambda: publishing.publish(versions=[fracture], by=BY),
        lambda: publishing.publish(versions=[vertebroplasty], by=BY),
        lambda: publishing.withdraw_page(page=page, by=BY),
        search_index.rebuild,
    )
    assert not [end for end in ends if isinstance(end, Exception)]
    left = index()
    search_index.rebuild()
    assert index() == left


def index():
    """Return all that search reads."""
    words = IndexedWord.objects.values_list("procedure_page", "condition_page", "word", "weight")
    return set(words), set(Trigram.objects.values_list("word", "trigram"))


def test_loading_content_builds_an_index_that_is_not_there(kyphoplasty, tmp_path):
    IndexedWord.objects.all().delete()
    (tmp_path / "content.toml").write_text("format = 1")
    load(folder=tmp_path)
    assert names("kyphoplasty") == ["Kyphoplasty"]


# The page


def test_the_answer_leads_to_the_pages(client, clinic, kyphoplasty):
    response = client.get("/procedures/", {"q": "balloon"})
    assertContains(response, '<a href="/procedures/kyphoplasty/">Balloon repair of a broken back bone</a>', html=True)
    assertContains(response, "1 page may help you.")
    assertContains(response, 'value="balloon"')
    assertContains(response, "<title>Search results – Test Clinic</title>", html=True)
    assertContains(client.get("/procedures/", {"q": "baloon"}), "These come closest.")


def test_an_answer_is_kept_by_nobody_else(client, clinic, kyphoplasty):
    response = client.get("/procedures/", {"q": "balloon"})
    assert response["Cache-Control"] == "private, no-cache"
    assert response["X-Robots-Tag"] == "noindex, nofollow"
    assert response["Referrer-Policy"] == "no-referrer"
    assert "ETag" not in response
    assert not response.cookies


def test_where_nothing_is_found_the_page_says_how_to_go_on(client, clinic, kyphoplasty):
    response = client.get("/procedures/", {"q": "xqzzv"})
    assertContains(response, "We found no page for these words")
    assertContains(response, 'href="tel:2065550142"')
    assertContains(response, 'href="/appointments/request/"')


def test_the_box_stands_on_the_home_page_and_on_the_list_in_both_languages(client, clinic, kyphoplasty):
    for address, action in (
        ("/", "/procedures/"),
        ("/procedures/", "/procedures/"),
        ("/es/", "/es/procedures/"),
        ("/es/procedures/", "/es/procedures/"),
    ):
        assertContains(client.get(address), f'<form class="search" role="search" action="{action}">')
    assertContains(client.get("/es/procedures/?q=xqzzv"), "No encontramos")


def test_nothing_typed_is_the_whole_list(client, clinic, kyphoplasty):
    for typed in ("", "  "):
        response = client.get("/procedures/", {"q": typed})
        assertContains(response, "Choose one to read what it is")
        assert "public" in response["Cache-Control"]


@pytest.mark.parametrize(
    "typed", ["balloon", "baloon cemment", "xqzzv", "bone " * 90, " ".join(f"{n}word" for n in range(90)), "what"]
)
def test_the_database_is_asked_at_most_six_times_whatever_is_typed(
    client, clinic, kyphoplasty, django_assert_max_num_queries, typed
):
    with django_assert_max_num_queries(6):
        assert client.get("/procedures/", {"q": typed}).status_code == 200


HOSTILE = [
    "\x00balloon\x00",
    "%' OR 1=1; --",
    "100%_\\",
    "<script>alert(1)</script>",
    "{{ 7|add:7 }}",
    "🦴" * 5000,
    "9" * 6000,
    "ﷺ" * 1000,
    "Z̷̢͝a̸l̶g̵o" * 40,
    "محمد 背骨 спина İı ß ﬀ",
    "\u202e\u200b\ufeff\ud7ff\ufffd",
    "ab " * 2000,
]


@pytest.mark.parametrize("typed", HOSTILE, ids=range(len(HOSTILE)))
def test_whatever_is_typed_the_answer_is_a_page(client, clinic, kyphoplasty, typed):
    for prefix in ("", "/es"):
        response = client.get(f"{prefix}/procedures/", {"q": typed})
        assert response.status_code == 200
        assertNotContains(response, "<script>alert")


def test_bytes_that_are_no_text_are_a_page(client, clinic, kyphoplasty):
    assert client.get("/procedures/?q=%FF%FE%00%ED%A0%80").status_code == 200
    assert client.get("/procedures/?q=a&q=balloon&q=").status_code == 200


@given(text=st.text())
def test_any_text_becomes_words_that_the_index_can_hold(text):
    for language in ("en", "es"):
        for word in words_of(text, language):
            assert 0 < len(word) <= 40
            assert "\x00" not in word
            assert word.isalnum()


# What no page answers


def look_for(words, *, days_ago=0):
    count_miss(words, "en")
    MissedSearch.objects.update(last_day=timezone.localdate() - timedelta(days=days_ago))


def test_words_are_kept_only_once_they_came_on_three_different_days(client, clinic, kyphoplasty):
    for days_kept, words in ((1, ""), (2, ""), (3, "knee joint")):
        for _time in range(3):
            client.get("/procedures/", {"q": "Knees, joint"})
        miss = MissedSearch.objects.get()
        assert (miss.days, miss.words) == (days_kept, words)
        assert "knee" not in miss.words_index
        MissedSearch.objects.update(last_day=timezone.localdate() - timedelta(days=1))


def test_a_search_that_found_something_leaves_no_trace(client, clinic, kyphoplasty):
    client.get("/procedures/", {"q": "balloon"})
    client.get("/procedures/", {"q": "what is it"})
    client.head("/procedures/", {"q": "xqzzv"})
    assert not MissedSearch.objects.exists()


def test_what_may_be_a_number_of_somebody_is_not_counted(client, clinic):
    client.get("/procedures/", {"q": "Mary 206 555 0142"})
    assert not MissedSearch.objects.exists()


def test_what_nobody_looks_for_any_more_is_forgotten():
    look_for(("knee",), days_ago=91)
    count_miss(("hip",), "en")
    assert forget_misses() == 1
    assert MissedSearch.objects.get().last_day == timezone.localdate()


def test_a_flood_of_searches_is_bounded():
    day = date(2026, 11, 20)
    rows = [MissedSearch(words_index=f"{n:064}", last_day=day) for n in range(MOST_MISSES + 5)]
    MissedSearch.objects.bulk_create(rows)
    MissedSearch.objects.update(last_day=timezone.localdate())
    assert forget_misses() == 5
    assert MissedSearch.objects.count() == MOST_MISSES


def test_editors_see_what_was_looked_for_and_clear_it_away(client, editor, reception):
    for _day in range(3):
        look_for(("knee",), days_ago=1)
    count_miss(("hip",), "en")
    client.force_login(editor)
    assertContains(client.get("/admin/"), "Patients looked for 1 thing that no page answers.")
    listed = client.get("/admin/procedures/missedsearch/")
    assertContains(listed, "knee")
    assert len(listed.context["cl"].result_list) == 1
    miss = MissedSearch.objects.worth_reading().get()
    client.post(reverse("admin:procedures_missedsearch_delete", args=[miss.pk]), {"post": "yes"})
    assert not MissedSearch.objects.worth_reading().exists()
    assert Event.objects.get(verb="search.removed").details == {}
    client.force_login(reception)
    assert client.get("/admin/procedures/missedsearch/").status_code == 403


def test_nobody_can_look_at_words_that_came_on_one_day(client, editor):
    count_miss(("hip",), "en")
    client.force_login(editor)
    address = reverse("admin:procedures_missedsearch_change", args=[MissedSearch.objects.get().pk])
    assert client.get(address).status_code == 302

"""Readers say whether a page helped and what is missing: nothing typed is lost, and nobody learns who it was."""

from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.utils import timezone

from audit.models import Event
from clinic.typed_text import MARK
from procedures import feedback, publishing
from procedures.models import Feedback
from tests.appointments.visitor import Reader
from tests.at_once import at_once
from tests.procedures.factories import make_feedback
from tests.procedures.published import (
    BY,
    make_clinic,
    make_condition,
    make_draft,
    make_procedure,
    publish_in_both_languages,
    publish_page,
)
from tests.remembered import remembered

pytestmark = pytest.mark.django_db

FORM = "/procedures/kyphoplasty/feedback/"
IN_SPANISH = "/es/procedures/cifoplastia/feedback/"
WORDS = "How long until I drive?"


@pytest.fixture(autouse=True)
@remembered
def kyphoplasty():
    make_clinic()
    procedure = make_procedure()
    publish_in_both_languages(procedure)
    return procedure


@pytest.fixture
def page(kyphoplasty):
    return kyphoplasty.pages.get(language="en")


def read(response):
    """Return what a page says, as a test asks for it."""
    return Reader(response.content.decode())


def fill(client, address=FORM, **typed):
    """Open the form, fill it in, and press "Send"."""
    values = read(client.get(address)).values
    return client.post(address, {"is_helpful": "no", "words": WORDS, "token": values["token"], "go": "send"} | typed)


# What a reader sees


@pytest.mark.parametrize("address", [FORM, IN_SPANISH])
def test_each_page_leads_at_its_end_to_a_form_of_its_own(client, address):
    reading = client.get(address.removesuffix("feedback/")).content.decode()
    assert f'<a href="{address}">' in reading
    assert "<form" not in reading
    response = client.get(address)
    assert response.status_code == 200
    assert response["Cache-Control"] == "private, no-cache"
    assert response["X-Robots-Tag"] == "noindex"


def test_a_condition_is_asked_about_too(client):
    condition = make_condition()
    publish_page(condition, slug="fracture", names={"plain_name": "Broken bone"})
    assert '<a href="/conditions/fracture/feedback/">' in client.get("/conditions/fracture/").content.decode()
    response = fill(client, "/conditions/fracture/feedback/")
    assert response["Location"] == "/conditions/fracture/feedback/thanks/"
    assert Feedback.objects.get().page == condition.pages.get()


def test_the_form_says_to_write_no_name_and_when_the_words_are_deleted(client):
    text = read(client.get(FORM)).text
    assert "Do not write your name" in text
    assert "90 days" in text
    assert "(206) 555-0142" in text


def test_what_was_said_is_kept_with_the_page_and_its_version_and_nothing_about_the_reader(client, page):
    response = fill(client)
    assert (response.status_code, response["Location"]) == (303, FORM + "thanks/")
    said = Feedback.objects.get()
    assert (said.page, said.version, said.language) == (page, 1, "en")
    assert (said.is_helpful, said.words, said.done_at) == (False, WORDS, None)
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM procedures_feedback")
        stored = " ".join(map(str, cursor.fetchone()))
    for secret in ("drive", "127.0.0.1"):
        assert secret not in stored
    event = Event.objects.about(said).get()
    assert (event.verb, event.actor_kind) == ("feedback.received", "visitor")
    assert event.details == {"procedurepage": page.pk, "version": 1}


def test_the_version_that_is_on_the_site_is_the_one_named(client, kyphoplasty):
    publish_page(kyphoplasty)
    fill(client)
    assert Feedback.objects.get().version == 2


def test_a_spanish_reader_is_asked_and_thanked_in_spanish(client, kyphoplasty):
    response = fill(client, IN_SPANISH, words="¿Cuándo puedo manejar?")
    assert response["Location"] == IN_SPANISH + "thanks/"
    assert "Gracias" in read(client.get(response["Location"])).title
    assert Feedback.objects.get().language == "es"


def test_the_thanks_are_for_this_reader_alone_and_lead_back(client):
    response = client.get(FORM + "thanks/")
    assert response["Cache-Control"] == "private, no-cache"
    assert 'href="/procedures/kyphoplasty/"' in response.content.decode()
    assert client.post(FORM + "thanks/").status_code == 405


def test_a_page_that_helped_without_a_word_more_leaves_nothing_to_do(client):
    fill(client, is_helpful="yes", words="")
    fill(client, is_helpful="no", words="")
    fill(client, is_helpful="yes", words="Thank you, but how long is the stay?")
    assert [(said.is_helpful, bool(said.words)) for said in Feedback.objects.done()] == [(True, False)]
    assert Feedback.objects.done().get().done_by is None


# What goes wrong


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"is_helpful": ""}, "Choose “Yes” or “No”."),
        ({"is_helpful": "perhaps"}, "Choose “Yes” or “No”."),
        (
            {"words": "x" * 1001},
            "“What is missing, or hard to understand?” can hold 1,000 characters, and you have 1,001. Make it shorter.",
        ),
        (
            {"words": "dr\u202eive"},
            f"“What is missing, or hard to understand?” has a hidden character, which we show as {MARK}. Delete it.",
        ),
    ],
)
def test_a_wrong_answer_comes_back_with_a_sentence_and_what_was_typed(client, typed, sentence):
    response = fill(client, **typed)
    assert response.status_code == 422
    assert response["Cache-Control"] == "private, no-cache"
    shown = read(response)
    assert shown.errors == [sentence]
    assert shown.title.startswith("Error:")
    assert shown.values["words"] == typed.get("words", WORDS).replace("\u202e", MARK)
    assert not Feedback.objects.exists()


def test_a_form_without_a_good_token_comes_back_as_it_was_typed_and_can_be_sent(page):
    client = Client(enforce_csrf_checks=True)
    response = client.post(FORM, {"is_helpful": "no", "words": WORDS})
    assert response.status_code == 403
    assert response["Cache-Control"] == "private, no-cache"
    shown = read(response)
    assert "nothing you typed is lost" in shown.errors[0]
    assert shown.values["words"] == WORDS
    assert ("is_helpful", "no") in shown.checked
    assert not Feedback.objects.exists()
    again = {
        "is_helpful": "no",
        "words": shown.values["words"],
        "csrfmiddlewaretoken": shown.values["csrfmiddlewaretoken"],
    }
    assert client.post(FORM, again).status_code == 303
    assert client.post("/procedures/nothing/feedback/", again | {"csrfmiddlewaretoken": ""}).status_code == 404


@pytest.mark.parametrize("slug_now", ["kyphoplasty", "balloon"])
@pytest.mark.parametrize("is_withdrawn", [True, False])
def test_no_word_is_lost_when_the_page_is_moved_or_withdrawn_while_it_is_written(client, page, is_withdrawn, slug_now):
    page.keep_address(page.slug)
    page.slug = slug_now
    page.save()
    if is_withdrawn:
        publishing.withdraw_page(page=page, by=BY)
    wrong = client.post(FORM, {"words": WORDS})
    assert (wrong.status_code, read(wrong).values["words"]) == (422, WORDS)
    refused = Client(enforce_csrf_checks=True).post(FORM, {"is_helpful": "no", "words": WORDS})
    assert (refused.status_code, read(refused).values["words"]) == (403, WORDS)
    response = client.post(FORM, {"is_helpful": "no", "words": WORDS})
    said = Feedback.objects.get()
    assert (said.page, said.version, said.words) == (page, 1, WORDS)
    thanks = client.get(response["Location"])
    assert thanks.status_code == 200
    for shown in (wrong, refused, thanks):
        leads_back = f'href="{page.get_absolute_url()}"' in shown.content.decode()
        assert leads_back is not is_withdrawn


def test_the_language_changes_without_losing_what_was_typed(client):
    shown = fill(client, is_helpful="").content.decode()
    assert f'formaction="{IN_SPANISH}"' in shown
    response = client.post(IN_SPANISH, {"is_helpful": "no", "words": WORDS, "go": "language"})
    assert response.status_code == 200
    assert read(response).values["words"] == WORDS
    assert read(response).errors == []
    assert ("is_helpful", "no") in read(response).checked
    assert not Feedback.objects.exists()


def test_the_same_form_sent_twice_is_one_answer_and_two_readers_are_two(client):
    typed = {"is_helpful": "no", "words": WORDS, "token": read(client.get(FORM)).values["token"]}
    for _press in range(2):
        assert client.post(FORM, typed).status_code == 303
    assert Event.objects.filter(verb="feedback.received").count() == Feedback.objects.count() == 1
    client.post(FORM, typed | {"words": "And when do I swim?"})
    fill(client)
    assert Feedback.objects.count() == 3


@pytest.mark.django_db(transaction=True)
def test_two_presses_at_the_same_moment_are_one_answer(page):
    def press():
        return make_feedback(page, token="the same form").pk

    first, second = at_once(press, press)
    assert first == second == Feedback.objects.get().pk
    assert Event.objects.filter(verb="feedback.received").count() == 1


@pytest.mark.parametrize("token", ["", "x", "\x00" * 22, "ñ" * 22, "<script>" * 9000])
def test_a_token_that_is_none_of_ours_loses_nothing(client, token):
    assert fill(client, token=token).status_code == 303
    assert read(fill(client, token=token, is_helpful="")).values["token"] != token
    assert Feedback.objects.get().words == WORDS


def test_a_flood_ends_with_the_telephone_number_and_the_words_still_on_the_screen(client, page):
    for _number in range(feedback.MOST_A_DAY):
        make_feedback(page)
    response = fill(client, words="Mine is number 41.")
    assert response.status_code == 429
    shown = read(response)
    assert "Call us at (206) 555-0142" in shown.errors[0]
    assert shown.values["words"] == "Mine is number 41."
    assert Feedback.objects.count() == feedback.MOST_A_DAY
    assert fill(client, IN_SPANISH).status_code == 303
    with time_machine.travel(timezone.now() + timedelta(days=1, minutes=1)):
        assert fill(client).status_code == 303


def test_a_press_that_arrived_is_thanked_for_again_even_when_the_page_has_had_its_fill(client, page):
    typed = {"is_helpful": "no", "words": WORDS, "token": read(client.get(FORM)).values["token"]}
    client.post(FORM, typed)
    for _number in range(feedback.MOST_A_DAY - 1):
        make_feedback(page)
    assert client.post(FORM, typed).status_code == 303


@pytest.mark.parametrize("end", ["feedback/", "feedback/thanks/"])
def test_an_address_of_another_language_leads_to_the_right_one(client, end):
    response = client.get(f"/procedures/cifoplastia/{end}")
    assert (response.status_code, response["Location"]) == (301, f"/procedures/kyphoplasty/{end}")
    assert client.get(f"/procedures/nothing/{end}").status_code == 404


def test_a_page_that_is_not_on_the_site_is_not_asked_about(client, page):
    publishing.withdraw_page(page=page, by=BY)
    assert client.get(FORM).status_code == 410
    make_draft(make_procedure("new"), slug="new")
    for end in ("feedback/", "feedback/thanks/"):
        assert client.get(f"/procedures/new/{end}").status_code == 404
        assert client.post("/procedures/new/feedback/", {"is_helpful": "no", "words": WORDS}).status_code == 404
    assert not Feedback.objects.exists()


def test_a_preview_does_not_ask(client, kyphoplasty, editor):
    client.force_login(editor)
    version = make_draft(kyphoplasty)
    assert "feedback" not in client.get(f"/procedures/preview/procedure/{version.pk}/").content.decode()


def test_opening_the_form_writes_nothing_and_asks_little(client, django_assert_max_num_queries):
    before = Event.objects.count()
    with django_assert_max_num_queries(6):
        client.get(FORM)
    assert Event.objects.count() == before
    assert not Feedback.objects.exists()

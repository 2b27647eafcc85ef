"""Links that lead nowhere, facts that another page tells otherwise, and a page beside itself in another language."""

import pytest
from django.test import override_settings

from procedures import publishing
from procedures.content_checks import advice, errors, look
from tests.clinic.factories import make_location
from tests.procedures.factories import (
    COMMAND,
    enough,
    figure,
    make_condition,
    make_draft,
    make_page,
    make_procedure,
    make_published,
    make_signed_off,
    save,
)
from tests.remembered import remembered

pytestmark = pytest.mark.django_db


def linking(address, *, language="en", words="Cement repair", page=None):
    """Return a draft whose aim holds a link."""
    text = {"aim": f"Read about [{words}]({address})."}
    page = page or make_page(language=language)
    return make_draft(page, sections={"aim": text | dict.fromkeys(("who_may_benefit", "who_should_not"), "You.")})


def said(findings, *, section="aim"):
    """Return the sentences about one section: the names of these pages are alike, which is told too."""
    return [finding.sentence for finding in findings if finding.section == section]


@pytest.fixture
def cement():
    """The page of another procedure, on the site in English and Spanish."""
    return list(publish_cement().pages.order_by("language"))


@remembered
def publish_cement():
    procedure = make_procedure(key="cement")
    pages = [make_page(procedure, language=code, slug=slug) for code, slug in (("en", "cement"), ("es", "cemento"))]
    publishing.publish(versions=[*map(make_signed_off, pages)], by=COMMAND)
    return procedure


@pytest.mark.parametrize(
    ("address", "language"),
    [
        ("/procedures/cement/", "en"),
        ("/procedures/CEMENT/", "en"),
        ("/procedures/cement/#risks", "en"),
        ("/procedures/cement/#source-a", "en"),
        ("../cement/leaflet/", "en"),
        ("#recovery", "en"),
        ("/contact/", "en"),
        ("?q=x", "en"),
        ("/es/procedures/cemento/", "es"),
        ("/robots.txt", "es"),
        ("https://elsewhere.example/procedures/nowhere/", "en"),
        ("//elsewhere.example/x", "en"),
        ("mailto:a@clinic.example", "en"),
        ("tel:911", "en"),
    ],
)
def test_a_link_that_leads_where_it_should_is_left_alone(cement, address, language):
    assert said(look(linking(address, language=language))) == []


@pytest.mark.parametrize(
    ("address", "language", "sentence"),
    [
        ("/procedures/nowhere/", "en", "the site has no"),
        ("/procedure/cement/", "en", "the site has no"),
        ("/conditions/cement/", "en", "the site has no"),
        ("/locations/nowhere/", "en", "the site has no"),
        (f"/media/{'0' * 64}/a.png", "en", "the site has no"),
        ("<>", "en", "is no address"),
        ("ftp://clinic.example/a", "en", "is no address"),
        ("/procedures/cement/#nothing", "en", "“#nothing”"),
        ("/procedures/cement/#pictures", "en", "“#pictures”"),
        ("#pictures", "en", "“#pictures”"),
        ("/admin/", "en", "only staff may go"),
        ("/procedures/preview/procedure/1/", "en", "only staff may go"),
        ("/procedures/cement/", "es", "Write “/es/procedures/cemento/”"),
        ("/es/procedures/cemento/leaflet/", "en", "Write “/procedures/cement/leaflet/”"),
        ("/contact/", "es", "Write “/es/contact/”"),
    ],
)
def test_a_link_that_leads_wrong_is_an_error_at_its_field(cement, address, language, sentence):
    found = errors(linking(address, language=language))
    assert [(finding.section, finding.place) for finding in found] == [("aim", "id_aim")]
    assert sentence in found[0].sentence


def test_an_address_of_the_site_itself_is_judged_like_a_path(cement):
    with override_settings(SITE_URL="https://clinic.example"):
        assert "the site has no" in errors(linking("https://clinic.example/procedures/nowhere/"))[0].sentence
        draft = linking("https://clinic.example/procedures/cement/")
        assert errors(draft) == []
        assert "Write “/procedures/cement/”" in said(advice(draft))[0]


def test_a_former_address_is_advice_and_names_the_new_one(cement):
    page = cement[0]
    page.keep_address("glue")
    for address in ("/procedures/glue/", "/procedures/cement"):
        draft = linking(address)
        assert errors(draft) == []
        assert "Write “/procedures/cement/”" in said(advice(draft))[0]


def test_a_page_taken_off_the_site_is_an_error_and_one_that_is_to_come_is_not(cement):
    publishing.withdraw_page(page=cement[0], by=COMMAND)
    assert "taken off the site" in errors(linking("/procedures/cement/"))[0].sentence
    make_draft(make_page(slug="later"))
    draft = linking("/procedures/later/")
    assert errors(draft) == []
    assert "not on the site yet" in said(advice(draft))[0]


def test_a_place_that_is_open_can_be_linked():
    make_location("quay")
    make_location("shut", is_open=False)
    assert errors(linking("/locations/quay/")) == []
    assert errors(linking("/locations/shut/")) != []


def test_a_page_may_link_to_itself_before_it_is_published():
    page = make_page(slug="itself")
    assert errors(linking("/procedures/itself/#risks", page=page)) == []


def test_many_links_take_no_more_queries_than_one_of_each_kind(cement, django_assert_max_num_queries):
    words = " ".join(
        f"[a{number}](/procedures/cement/?{number}#risks) [b](/conditions/x{number}/)" for number in range(90)
    )
    draft = linking("/locations/quay/", words="x")
    draft = save(draft, "aim", {"aim": words})
    with django_assert_max_num_queries(28):
        assert len(errors(draft)) == 90


# Facts


def test_a_fact_that_a_live_page_of_another_subject_tells_otherwise_is_an_error():
    make_published(make_page(make_condition()), sections={"figures": [figure(low=30, sources=["a"])]})
    found = errors(make_draft())
    assert [(finding.section, finding.place) for finding in found] == [("figures", "id_rows-0-low")]
    for words in ("45 to 60 minutes", "30 to 60 minutes", "“Balloon repair”", "“duration”"):
        assert words in found[0].sentence


def test_a_fact_can_be_changed_on_two_pages_once_both_are_being_changed():
    other = make_published()
    ours = {"figures": [figure(low=50)]}
    draft = make_draft(sections=ours)
    assert len(errors(draft)) == 1
    make_draft(other.page, sections=ours)
    assert errors(draft) == []
    assert "45 to 60 minutes" in said(advice(draft), section="figures")[0]


def test_a_page_whose_next_version_no_longer_tells_the_fact_keeps_nobody_from_changing_it():
    other = make_published()
    draft = make_draft(sections={"figures": [figure(low=50)]})
    leaving = publishing.open_draft(page=other.page, by=COMMAND)
    assert len(errors(draft)) == 1
    # These numbers are coming, and of another fact.
    save(leaving, "figures", [figure(), figure(fact_key="other", low=50, label="Other")])
    assert len(errors(draft)) == 1
    save(leaving, "figures", [figure(fact_key="other")])
    assert errors(draft) == []
    assert "45 to 60 minutes" in said(advice(draft), section="figures")[0]


def test_a_draft_of_another_page_and_a_page_off_the_site_contradict_nobody():
    make_draft(sections={"figures": [figure(low=30)]})
    assert errors(make_draft()) == []


def test_another_language_of_the_page_is_advice_until_both_are_published():
    live = make_published()
    draft = make_draft(make_page(live.page.procedure, language="es"), sections={"figures": [figure(low=30)]})
    assert errors(draft) == []
    assert any("30 to 60" in each for each in said(advice(draft), section="figures"))


def test_a_name_that_another_live_page_has_is_advice():
    make_published()
    assert "is named “Balloon repair” too" in said(advice(make_draft()), section="names")[0]


# Languages


def spanish_beside(english=None, **spanish):
    """Return a Spanish draft beside an English live page, with these sections."""
    live = make_published(sections=english or {})
    return make_draft(make_page(live.page.procedure, language="es"), sections=spanish)


def test_two_languages_that_say_the_same_are_in_step():
    assert advice(spanish_beside()) == []


SIGNS = [{"key": key, "text": f"{key}.", "urgency": "ask"} for key in ("numb", "fever")]


@pytest.mark.parametrize(
    ("english", "spanish", "section", "sentence"),
    [
        ({"warning_signs": SIGNS}, {"warning_signs": SIGNS[:1]}, "warning_signs", "and this one does not: “fever.”"),
        ({"warning_signs": SIGNS[:1]}, {"warning_signs": SIGNS}, "warning_signs", "in English does not: “fever.”"),
        ({"warning_signs": SIGNS}, {"warning_signs": SIGNS[::-1]}, "warning_signs", "in another order"),
        ({"questions": [{"question": "Why?", "answer": "So."}]}, {}, "questions", "0 entries here and 1"),
        ({"day": {"position": "You lie down."}}, {}, "day", "has words here: “You lie down.”"),
        ({}, {"day": {"position": "Usted se acuesta."}}, "day", "has nothing here"),
        (
            {"day": {"timing": "At 8:30 or 1,000."}},
            {"day": {"timing": "A las 8:15."}},
            "day",
            "15 here, 1000, 30 there",
        ),
        (
            {"risks": [{"key": "sore", "name": "Sore", "text": "For 2 days."}]},
            {"risks": [{"key": "sore", "name": "Dolor", "text": "Por 3 días."}]},
            "risks",
            "3 here, 2 there",
        ),
    ],
)
def test_what_one_language_tells_and_the_other_does_not_is_advice(english, spanish, section, sentence):
    found = advice(spanish_beside(english, **spanish))
    assert [finding.section for finding in found] == [section]
    assert sentence in found[0].sentence


def test_the_same_number_is_written_in_each_languages_way():
    english, spanish = {"day": {"timing": "1,000 or 4.5"}}, {"day": {"timing": "1.000 o 4,5"}}
    assert advice(spanish_beside(english, **spanish)) == []


def test_the_other_language_is_looked_at_as_it_will_be_next():
    live = make_published()
    spanish = make_draft(make_page(live.page.procedure, language="es"))
    make_draft(live.page, sections={"day": {"position": "You lie down."}, "names": enough()["names"]})
    assert [finding.section for finding in advice(spanish)] == ["day"]

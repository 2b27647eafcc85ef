"""Short texts in every language of the site, one column each."""

import pytest
from django import forms
from django.template import Context, Template
from django.utils.translation import override

from clinic.models import Location
from clinic.translated import Translated, TranslatedFormField
from tests.clinic.factories import make_location


class Notice(forms.Form):
    """A form with one short and one long text."""

    title = TranslatedFormField(label="Title", max_length=20)
    body = TranslatedFormField(label="Body", widget=forms.Textarea, required=False, help_text="What to say.")


@pytest.mark.parametrize(
    ("texts", "reading", "shown", "language"),
    [
        ({"en": "Hello", "es": "Hola"}, "en", "Hello", "en"),
        ({"en": "Hello", "es": "Hola"}, "es", "Hola", "es"),
        ({"en": "Hello"}, "es", "Hello", "en"),
        ({"en": "Hello", "es": ""}, "es", "Hello", "en"),
        ({"es": "Hola"}, "en", "", "en"),
        ({}, "es", "", "en"),
        ({"en": "Hello"}, None, "Hello", "en"),
    ],
)
def test_a_text_is_shown_in_the_readers_language_else_in_the_sites_own(texts, reading, shown, language):
    with override(reading):
        assert str(Translated(texts)) == shown
        assert Translated(texts).language() == language


def test_a_text_comes_back_from_the_database_in_each_language(db):
    place = make_location(step_free={"en": "A ramp.", "es": "Una rampa."})
    found = Location.objects.get(pk=place.pk)
    assert isinstance(found.step_free, Translated)
    assert found.step_free == {"en": "A ramp.", "es": "Una rampa."}
    assert found.getting_there == {}
    assert not found.step_free.is_missing("es")
    assert found.getting_there.is_missing("es")


def test_a_text_is_escaped_and_never_markup():
    text = Translated({"en": "<b>bold</b>"})
    assert Template("{{ text }}").render(Context({"text": text})) == "&lt;b&gt;bold&lt;/b&gt;"
    with pytest.raises(TypeError, match="not markup"):
        text.__html__()


def test_a_form_reads_one_text_a_language_and_leaves_out_the_empty_ones():
    form = Notice({"title_en": "Closed", "title_es": " ", "body_en": "", "body_es": "Hoy no"})
    assert form.is_valid()
    assert form.cleaned_data == {"title": {"en": "Closed"}, "body": {"es": "Hoy no"}}


@pytest.mark.parametrize("typed", [{}, {"title_es": "Cerrado"}])
def test_the_sites_own_language_is_asked_for_in_a_sentence(typed):
    assert Notice(typed).errors == {"title": ["Write this text in English at least."]}


def test_hostile_text_is_refused_with_a_sentence_and_kept():
    form = Notice({"title_en": "a\x00b", "title_es": "x" * 21})
    assert len(form.errors["title"]) == 2
    assert 'value="a' in str(form["title"])


def test_an_unchanged_text_counts_as_unchanged():
    initial = {"title": Translated({"en": "Closed", "es": "Cerrado"})}
    same = Notice({"title_en": "Closed", "title_es": "Cerrado"}, initial=initial)
    other = Notice({"title_en": "Closed", "title_es": ""}, initial=initial)
    assert not same.has_changed()
    assert other.changed_data == ["title"]


def test_each_language_has_its_own_labelled_input_in_its_own_language():
    html = str(Notice(initial={"title": {"en": "Closed"}})["title"])
    assert '<label for="id_title_0">English</label>' in html
    assert '<label for="id_title_1">Spanish</label>' in html
    assert 'name="title_es"' in html
    assert 'lang="es"' in html
    assert 'value="Closed"' in html


def test_crispy_draws_it_as_a_group_with_the_same_labels():
    html = Template("{% load crispy_forms_tags %}{{ form|crispy }}").render(Context({"form": Notice()}))
    assert html.count("<fieldset") == 2
    assert '<label for="id_body_1">Spanish</label>' in html
    assert 'aria-describedby="id_body_helptext"' in html

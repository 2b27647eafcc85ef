"""The components and the form pack: what they draw, and what keeps them small, safe and legible."""

import gzip
import re
from datetime import date
from pathlib import Path

import pytest
from crispy_forms.utils import render_crispy_form
from django import forms
from django.conf import settings
from django.template import Context, Template
from django.template.loader import render_to_string
from pytest_django.asserts import assertHTMLEqual, assertInHTML

from clinic.styleguide import SampleForm, SampleFormSet
from clinic.templatetags.components import problems

TEMPLATES = Path(settings.BASE_DIR) / "templates"
CSS = Path(settings.BASE_DIR) / "static" / "css"


def draw(name, **context):
    return render_to_string(f"_components/{name}.html", context)


def refused(**data):
    return SampleForm({"name": "Ana", **data})


def tokens(sheet, opening):
    """Return the colours that a stylesheet sets in the block that `opening` starts."""
    block = (CSS / sheet).read_text().split(opening, 1)[1].split("}", 1)[0]
    return dict(re.findall(r"--([\w-]+): (#[0-9a-f]{3,6});", block))


def contrast(one, other):
    """Return the contrast ratio of two colours, as WCAG 2.2 defines it."""

    def luminance(colour):
        digits = colour[1:] if len(colour) == 7 else "".join(digit * 2 for digit in colour[1:])
        channels = [int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4)]
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
        return sum(weight * c for weight, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))

    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


# Errors


def test_the_error_summary_links_each_message_to_the_first_input_of_its_field():
    found = {problem["target"]: problem["text"] for problem in problems(refused(may_call="on"))}
    assert list(found) == ["id_telephone", "id_born_0", "id_wish_0", "id_times_0", "id_matter"]
    assert found["id_wish_0"] == "Choose what you would like."


def test_an_error_of_the_whole_form_comes_first_and_links_nowhere():
    form = refused()
    form.add_error(None, "Choose another time.")
    assert problems(form)[0] == {"text": "Choose another time.", "target": ""}


def test_the_problems_of_a_formset_are_those_of_its_forms():
    management = {"form-TOTAL_FORMS": "2", "form-INITIAL_FORMS": "2"}
    found = problems(SampleFormSet({**management, "form-0-note": "Seen."}))
    assert [problem["target"] for problem in found] == ["id_form-1-note"]


@pytest.mark.parametrize("form", [None, "", SampleForm()])
def test_a_form_that_was_not_filled_in_has_no_problems(form):
    assert problems(form) == []
    assert "There is a problem" not in draw("error_summary", form=form)


def test_the_error_summary_takes_the_focus_without_a_script():
    assert 'role="alert" tabindex="-1" autofocus' in draw("error_summary", form=refused())


def test_the_title_of_a_refused_page_starts_with_error():
    page = Template('{% extends "base.html" %}{% block title %}Who you are{% endblock %}')
    assert "<title>Error: Who you are</title>" in page.render(Context({"form": refused()}))
    assert "<title>Who you are</title>" in page.render(Context({"form": SampleForm()}))


# Fields


def test_help_and_error_are_tied_to_their_input():
    html = render_crispy_form(refused())
    assert 'aria-describedby="id_telephone_helptext id_telephone_error"' in html
    assertInHTML(
        '<div class="error" id="id_telephone_error"><p><span class="visually-hidden">Error: </span>'
        "Enter a telephone number.</p></div>",
        html,
    )


def test_help_of_radios_parts_and_files_is_tied_too():
    html = render_crispy_form(SampleForm())
    assert '<fieldset aria-describedby="id_times_helptext">' in html
    assert '<fieldset aria-describedby="id_born_helptext">' in html
    assert re.search(r'<input type="file"[^>]* aria-describedby="id_letter_helptext"', html)


def test_only_a_field_that_may_stay_empty_says_so():
    html = render_crispy_form(SampleForm())
    assertInHTML('<label for="id_email">Email address <span class="optional">(optional)</span></label>', html)
    assertInHTML('<label for="id_name">Your name</label>', html)


def test_each_part_of_a_date_has_its_own_label():
    html = render_crispy_form(SampleForm(initial={"born": date(1956, 3, 27)}))
    assertInHTML('<label for="id_born_1">Month</label>', html)
    assert re.search(r'name="born_2" value="1956"', html)


def test_one_question_can_be_the_heading_of_its_page():
    form = SampleForm()
    form.helper.question = "wish"
    assertInHTML("<legend><h1>What would you like?</h1></legend>", render_crispy_form(form))
    form.helper.question = "name"
    assertInHTML('<h1><label for="id_name">Your name</label></h1>', render_crispy_form(form))


def test_what_was_typed_comes_back_as_typed_and_escaped():
    html = render_crispy_form(refused(matter="<b>Nguyễn</b> O'Brien"))
    assert "&lt;b&gt;Nguyễn&lt;/b&gt; O&#x27;Brien" in html


def test_the_browsers_own_bubbles_are_off_and_files_can_be_sent():
    html = render_crispy_form(SampleForm())
    assert 'novalidate enctype="multipart/form-data"' in html


def test_a_posted_form_carries_its_token():
    class Posted(forms.Form):
        note = forms.CharField()

    assert 'name="csrfmiddlewaretoken" value="drawn"' in render_crispy_form(Posted(), context={"csrf_token": "drawn"})


# Components


def test_a_notice_keeps_its_body_and_escapes_its_title():
    source = '{% load components %}{% notice kind="warning" title=title %}<p>Call us.</p>{% endnotice %}'
    html = Template(source).render(Context({"title": "<i>"}))
    assert "<p>Call us.</p>" in html
    assert "&lt;i&gt;" in html


def test_an_emergency_card_says_whom_to_call_and_lists_its_signs():
    html = draw("care_card", urgency="emergency", signs=[{"text": "Numb legs."}], emergency_number="911")
    assert "Emergency: call 911 now if" in html
    assertInHTML('<a class="button danger" href="tel:911">Call 911</a>', html)
    assertInHTML("<li>Numb legs.</li>", html)


def test_change_says_what_it_changes_and_where_it_leads():
    html = draw("summary_list", rows=[{"label": "Your name", "value": "山田", "step": "who"}])
    assertInHTML(
        '<button class="link" name="go" value="change-who" formnovalidate>Change'
        '<span class="visually-hidden">: Your name</span></button>',
        html,
    )


def test_a_stale_save_shows_all_three_versions():
    html = draw("stale", rows=[{"label": "Note", "original": "", "theirs": "Called.", "mine": "No answer."}])
    assert re.findall(r"<dd[^>]*>(.*?)</dd>", html) == ["–", "Called.", "No answer."]


def test_the_language_switch_offers_the_other_languages_only():
    here = {"code": "en", "name": "English", "url": "/", "is_current": True}
    there = {"code": "es", "name": "Español", "url": "/es/", "is_current": False}
    assertHTMLEqual(
        draw("language_switch", languages=[here, there]),
        '<nav class="languages" aria-label="Language"><ul>'
        '<li><a href="/es/" lang="es" hreflang="es">Español</a></li></ul></nav>',
    )
    assert not draw("language_switch", languages=[here]).strip()


def test_the_navigation_marks_the_page_shown_and_leaves_out_what_is_not_there():
    assert 'aria-current="page"' in draw("nav_link", url="/team/", text="Team", current="/team/")
    assert "aria-current" not in draw("nav_link", url="/team/", text="Team", current="/")
    assert not draw("nav_link", url="", text="Team", current="").strip()


# Pages that must stand by themselves


def test_the_base_page_needs_nothing_from_its_context():
    assert '<main id="main" tabindex="-1">' in render_to_string("base.html")


@pytest.mark.parametrize("page", ["400", "403", "403_csrf", "404", "413", "429", "500", "503"])
def test_an_error_page_carries_the_clinics_number_where_it_is_known(page):
    clinic = {"name": "Alder", "telephone": "(206) 555-0142", "telephone_href": "tel:+12065550142"}
    assert 'href="tel:+12065550142"' in render_to_string(f"{page}.html", {"clinic": clinic})
    assert "<h1>" in render_to_string(f"{page}.html")


# What keeps the look small, safe and legible


def test_every_component_says_what_it_takes():
    silent = [path.name for path in (TEMPLATES / "_components").iterdir() if "{% comment %}" not in path.read_text()]
    assert not silent


def test_frozen_html_is_trusted_in_one_place_only():
    trusting = [path.name for path in TEMPLATES.rglob("*.html") if re.search(r"\|\s*safe\b", path.read_text())]
    assert trusting == ["prose.html"]


def test_no_template_carries_a_style_or_a_script_of_its_own():
    inline = re.compile(r"<style|\sstyle=|\son\w+=\W|<script(?![^>]*\ssrc=| type=.application/ld\+json.)|javascript:")
    # An e-mail has no style sheet beside it, and no content policy.
    pages = set(TEMPLATES.rglob("*.html")) - set(TEMPLATES.glob("appointments/messages/*.html"))
    assert not [str(path) for path in pages if inline.search(path.read_text())]


def test_the_gallery_shows_every_component_with_its_data(client, reception):
    client.force_login(reception)
    page = client.get("/styleguide/").content.decode()
    assert "Nguyễn Thị Ánh" in page
    assert "Soft pads hold you" in page
    assert page.count("Enter a telephone number.") == 2


def test_the_stylesheet_stays_small():
    assert len(gzip.compress((CSS / "site.css").read_bytes())) < 7 * 1024


@pytest.mark.parametrize("opening", [":root {", "@media screen and (prefers-color-scheme: dark)"])
def test_text_stands_out_7_to_1_and_controls_and_focus_3_to_1(opening):
    colour = tokens("site.css", opening)
    grounds = [colour[name] for name in ("paper", "card", "tint", "warn-tint", "danger-tint", "good-tint")]
    for ground in grounds:
        assert min(contrast(colour[name], ground) for name in ("ink", "soft", "brand")) >= 7
        assert min(contrast(colour[name], ground) for name in ("focus", "line")) >= 3
    for fill in ("brand", "danger", "warn"):
        assert contrast(colour[f"on-{fill}"], colour[fill]) >= 7
    for name in ("danger", "warn", "good"):
        assert min(contrast(colour[name], colour[ground]) for ground in (f"{name}-tint", "paper", "card")) >= 7


def test_staff_and_patients_see_the_same_colours():
    light, dark = tokens("site.css", ":root {"), tokens("site.css", "@media screen and (prefers-color-scheme: dark)")
    for opening, public in [
        (':root, html[data-theme="light"] {', light),
        ("@media screen and (prefers-color-scheme: dark)", dark),
        ('html[data-theme="dark"] {', dark),
    ]:
        staff = tokens("admin.css", opening)
        assert staff
        assert staff == {name: public[name] for name in staff}

"""The request form changes its language at any page, and keeps what was typed."""

import pytest

from appointments.models import AppointmentRequest
from clinic.models import GeneralWarningSign
from procedures.models import ProcedurePage
from tests.appointments.offer import offer  # noqa: F401 -- a fixture
from tests.appointments.visitor import FOR_ANOTHER, GOOD, Visitor

pytestmark = pytest.mark.usefixtures("offer")


def test_changing_the_language_keeps_what_was_typed():
    visitor = Visitor().reach("person")
    visitor.language = "es"
    visitor.press("language", **GOOD["person"] | {"email": "half an"})
    assert (visitor.status, visitor.step) == (200, "person")
    assert visitor.page.values["email"] == "half an"
    visitor.fill("person")
    assert visitor.step == "check"
    assert "Reparación con globo" in visitor.page.text
    assert visitor.send()["Location"].startswith("/es/appointments/track/")
    assert AppointmentRequest.objects.get().language == "es"


@pytest.mark.parametrize("step", ["check", "urgent", "emergency", "nowhere"])
def test_every_page_can_change_its_language(step):
    visitor = Visitor().reach("signs")
    if step != "check":
        visitor.fill("signs", signs=["fever" if step == "urgent" else "numb"])
    else:
        visitor.reach("check")
    visitor.language = "es"
    visitor.press("language", step=step)
    assert visitor.step == ("emergency" if step == "nowhere" else step)


def test_a_procedure_without_a_page_in_this_language_is_offered_and_asked_about_in_the_other():
    ProcedurePage.objects.filter(procedure__key="kyphoplasty", language="es").update(live_version=None)
    visitor = Visitor(language="es").reach("signs")
    assert "sudden-pain in en" in visitor.page.text


@pytest.mark.parametrize("sign", ["numb", "fever"])
def test_what_to_do_about_a_sign_is_said_in_the_language_that_was_changed_to(sign):
    words = {"numb": "Siente las piernas dormidas.", "fever": "Tiene fiebre."}[sign]
    GeneralWarningSign.objects.update(action={"en": "Get help.", "es": "Pida ayuda."})
    visitor = Visitor().reach("signs")
    visitor.fill("signs", signs=[sign])
    visitor.language = "es"
    visitor.press("language")
    assert words in visitor.page.text
    assert "Pida ayuda." in visitor.page.text


def test_the_check_page_names_signs_in_the_readers_language_and_sends_them_as_they_were_shown():
    visitor = Visitor().reach("signs")
    visitor.fill("signs", signs=["fever"])
    visitor.press("next")
    visitor.reach("check")
    visitor.language = "es"
    visitor.press("language")
    assert "Tiene fiebre." in visitor.page.text
    visitor.send()
    assert [sign["text"] for sign in AppointmentRequest.objects.get().signs if sign["ticked"]] == ["You have a fever."]


def test_the_first_page_changes_its_language_without_losing_where_the_patient_came_from():
    ProcedurePage.objects.filter(procedure__key="kyphoplasty", language="es").update(live_version=None)
    html = Visitor(query="?procedure=kyphoplasty&location=north").response.content.decode()
    address = "/es/appointments/request/?procedure=kyphoplasty&amp;location=north"
    assert f'href="{address}"' in html
    visitor = Visitor(language="es", query="?procedure=kyphoplasty&location=north")
    assert visitor.page.checked[2:] == [("procedure", "kyphoplasty"), ("location", "north")]
    assert 'href="/es/appointments/request/"' in Visitor(query="?procedure=x&location=y").response.content.decode()


def test_the_first_page_keeps_what_was_chosen_when_its_language_is_changed_by_the_form():
    visitor = Visitor()
    assert 'name="go" value="language"' in visitor.response.content.decode()
    visitor.language = "es"
    visitor.press("language", wish="question", procedure="kyphoplasty")
    assert (visitor.status, visitor.step) == (200, "wish")
    assert {("wish", "question"), ("procedure", "kyphoplasty")} <= set(visitor.page.checked)


def test_changing_the_language_keeps_what_was_typed_about_needs_and_about_another_person():
    visitor = Visitor().reach("needs", **FOR_ANOTHER)
    visitor.language = "es"
    visitor.press("language", interpreter="vi", other_needs="Half a sent", step_free="on")
    assert 'value="vi" selected' in visitor.response.content.decode()
    assert (visitor.page.checked, visitor.page.values["other_needs"]) == ([("step_free", "on")], "Half a sent")
    visitor.fill("needs")
    visitor.language = "en"
    visitor.fill("person", "language", **FOR_ANOTHER["person"])
    assert visitor.page.values["patient_name"] == "Zoë O’Brien"
    assert ("relation", "guardian") in visitor.page.checked

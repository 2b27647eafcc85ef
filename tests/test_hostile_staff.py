"""Whatever is typed into any form of the staff's side: never an error of ours, nothing lost, and nothing comes alive.

The forms are found by walking (`tests/staff_forms.py`), so that a new one is tried too.
"""

import os
import unicodedata

import pytest
from django.db import models, transaction

from appointments.models import Note, SavedReply, Status
from clinic.models import Clinician, Closure
from clinic.personal_data import our_models
from clinic.typed_text import is_refused
from tests.appointments.factories import claimed_request, make_request
from tests.appointments.offer import make_offer
from tests.hostile import KINDS, alive, as_text, encoded
from tests.procedures.factories import make_draft, make_in_review, make_page, make_procedure
from tests.procedures.published import every_section, make_condition
from tests.staff_forms import Forms, every_form

FORM = "application/x-www-form-urlencoded"
HIDING = ("header breaks", "control", "bidi and zero width", "surrogates")

TEXTS = (models.CharField, models.TextField)

pytestmark = pytest.mark.django_db


def make_house(superuser):
    """Make a row of each kind of thing, and requests in the states in which staff can do different things."""
    make_offer()
    Clinician.objects.create(key="cora", name="Dr. Cora")
    asked = claimed_request(superuser)
    Note.objects.create(request=asked, text="Call back.", written_by=superuser)
    make_request()
    for status in (Status.WAITING, Status.AGREED, Status.ANSWERED):
        make_request(status=status, by=superuser)
    Closure.objects.create(date="2999-01-01")
    SavedReply.objects.create(name="Hello", used_for="answer", language="en", text="Hello")
    make_draft(make_page(make_procedure()), sections=every_section())
    make_in_review(make_page(make_condition()))


@pytest.fixture
def staff_forms(client, superuser, settings, media_root):
    settings.DEMO = True
    make_house(superuser)
    client.force_login(superuser)
    return every_form(client)


def try_kind(client, form, kind, first):
    """Type values of a kind into a form, look at what comes of it, and undo it; return what is wrong, or None.

    Each field gets another value, from the one at the place `first` on.
    """
    values = KINDS[kind]
    typed = {name: values[(first + place) % len(values)] for place, name in enumerate(form.texts)}
    with transaction.atomic():
        response = client.post(form.address, encoded(form.posted | typed), content_type=FORM)
        wrong = _wrong(client, form, response, kind, typed)
        transaction.set_rollback(True)
    return wrong and f"{form.address} {form.texts[:3]} {kind} {first}: {wrong}"


def _wrong(client, form, response, kind, typed):
    if response.status_code >= 500:
        return f"answered with {response.status_code}"
    if response.status_code in (302, 303):
        if kind in HIDING and (found := hidden_in_rows()):
            return f"stored a hidden character in {found}"
        response = client.get(response["Location"]) if response["Location"].startswith("/") else response
    elif response.status_code != 200 and (lost := _lost(form, response, typed)):
        return f"{response.status_code} and lost {lost}"
    html = response.content.decode()
    return f"came alive: {alive(html)[:2]}" if alive(html) else None


def _lost(form, response, typed):
    """Return the fields that do not show again what was typed."""
    if response.status_code == 413:
        return []
    forms = Forms(response.content.decode(), form.address).forms
    # Of forms with the same fields, the one that posts to where this one came from.
    alike = sorted((each for each in forms if each.texts == form.texts), key=lambda each: each.address != form.address)
    again = next(iter(alike), None)
    if again is None:
        return "the form"
    return [name for name in form.texts if plain(again.posted[name]) != plain(as_text(typed[name]))]


def plain(text):
    """Return a text as far as a form shows it again: without spaces, and marks in place of what hides."""
    text = "".join("" if sign.isspace() or is_refused(sign) else sign for sign in text)
    return unicodedata.normalize("NFC", text)


def hidden_in_rows():
    """Return the first column of ours in which a character stands that is refused."""
    for model in our_models():
        columns = [each.attname for each in model._meta.concrete_fields if isinstance(each, TEXTS)]
        for row in model._base_manager.values_list(*columns) if columns else ():
            for column, text in zip(columns, row, strict=True):
                if isinstance(text, str) and any(is_refused(sign) and sign not in "\n\r\t" for sign in text):
                    return f"{model._meta.label}.{column}"
    return None


def test_the_forms_of_every_room_are_found_and_take_hostile_words(client, staff_forms):
    names = {form.key[0].removeprefix("admin:") for form in staff_forms}
    assert {
        "accounts_user_add",
        "clinic_clinicprofile_change",
        "appointments_appointmentrequest_move",
        "appointments_appointmentrequest_notes",
        "appointments_appointmentrequest_enter",
        "appointments_savedreply_change",
        "appointments_messagewording_words",
        "appointments_formclosure_add",
        "procedures_procedureversion_section",
        "procedures_conditionversion_move",
        "procedures_conditionpage_add",
    } <= names
    moves = {form.texts[0] for form in staff_forms if form.key[0].endswith("request_move")}
    assert {"answer", "question", "why", "day_1", "day"} <= moves
    # Each form gets one kind here, and all kinds come in turn; `make test-wide` tries each kind in each form.
    kinds = list(KINDS)
    wrong = [try_kind(client, form, kinds[at % len(kinds)], at) for at, form in enumerate(staff_forms)]
    assert list(filter(None, wrong)) == []


@pytest.mark.wide
@pytest.mark.parametrize("part", range(2))
def test_every_kind_of_hostile_value_is_harmless_in_every_staff_form(client, staff_forms, part):
    # HOSTILE=all tries every value of each kind in every field, which takes a quarter of an hour.
    wrong = []
    for at, form in enumerate(staff_forms):
        for kind in list(KINDS)[part::2]:
            places = range(len(KINDS[kind])) if os.environ.get("HOSTILE") == "all" else [at]
            wrong += [try_kind(client, form, kind, first) for first in places]
    assert list(filter(None, wrong)) == []

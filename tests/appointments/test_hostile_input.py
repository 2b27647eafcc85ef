"""Whatever is typed or sent: never an error of ours, nothing lost, and names of all the world are taken."""

import pytest
from django.core.exceptions import ValidationError
from hypothesis import given
from hypothesis import strategies as st

from appointments.models import AppointmentRequest
from clinic.typed_text import MARK, LongTextField, is_hiding
from tests.appointments.offer import offer  # noqa: F401 -- a fixture
from tests.appointments.visitor import ADDRESS, FOR_ANOTHER, GOOD, Visitor
from tests.matrices import first

HIDDEN = {
    "null": "Ana\x00Sol",
    "direction override": "Ana\u202eSol",
    "zero width": "Ana\u200bSol",
    "bell": "Ana\x07Sol",
    "escape": "Ana\x1b[2JSol",
    "delete": "Ana\x7fSol",
    "direction isolate": "Ana\u2067Sol",
    "byte order mark": "Ana\ufeffSol",
    "unreadable": "Ana\ufffdSol",
}
HOSTILE = {
    **HIDDEN,
    "huge": "9" * 200_000,
    "huge emoji": "🦴" * 50_000,
    "markup": "<script>alert(1)</script>'\"&amp;",
    "template": "{{ 7|add:7 }}{% csrf_token %}",
    "right to left": "محمد بن عبد الله",
    "emoji": "👩🏽‍⚕️🏴󠁧󠁢󠁥󠁮󠁧󠁿",
    "combining": "Z̷̢͝a̸l̶g̵o" * 20,
    "line breaks": "Ana\r\nBcc: all@example.org\n\u2028Sol",
    "spaces": " \t\u3000 ",
    "query": "' OR 1=1; --",
}
INPUTS = [(step, name) for step, answers in GOOD.items() for name in answers]
INPUTS_FOR_ANOTHER = [name for name, value in FOR_ANOTHER["person"].items() if value]

pytestmark = pytest.mark.usefixtures("offer")


# Names and numbers as people write them


@pytest.mark.parametrize(
    "name",
    first(
        [
            "O'Brien",
            "山田",
            "José\u200e",
            "علی\u200cرضا",
            "Nguyễn Thị Ánh",
            "X",
            "محمد علي",
            "נעמי כהן",
            "Anne-Marie d’Été, Jr.",
            "Ōé ✨",
        ],
        kept=4,
    ),
)
def test_names_of_all_the_world_are_taken_and_shown_as_typed(name):
    visitor = Visitor().reach("check", person={"full_name": name})
    assert name in visitor.page.text
    visitor.press("change-person")
    assert visitor.page.values["full_name"] == name
    visitor.fill("person", full_name=name)
    visitor.send()
    assert AppointmentRequest.objects.get().full_name == name


def test_accents_typed_in_two_ways_are_stored_in_one():
    Visitor().reach("check", person={"full_name": "Jose\u0301"}).send()
    assert AppointmentRequest.objects.get().full_name == "Jos\u00e9"


@pytest.mark.parametrize(
    "number",
    first(
        [
            "+34 600 123 456",
            "206.555.0123 ask for Ana",
            "٠٦٠٠١٢٣٤٥٦",
            "5550123",
            "(206) 555-0123 x45",
            "+1 206 555 0123 / 0124",
            "0000000",
        ],
        kept=3,
    ),
)
def test_a_telephone_number_in_any_format_is_taken_as_typed(number):
    Visitor().reach("check", person={"phone": number, "email": ""}).send()
    assert AppointmentRequest.objects.get().phone == number


def test_a_number_copied_from_a_list_of_contacts_loses_only_its_hidden_marks():
    Visitor().reach("check", person={"phone": "\u202a+1 206 555 0123\u202c"}).send()
    assert AppointmentRequest.objects.get().phone == "+1 206 555 0123"


def test_a_long_text_keeps_its_lines():
    typed = "First line.\r\n\r\n  Second <b>line</b>.\tEnd."
    visitor = Visitor().reach("check", matter={"matter": typed})
    assert "&lt;b&gt;line&lt;/b&gt;" in visitor.response.content.decode()
    visitor.send()
    assert AppointmentRequest.objects.get().matter == "First line.\n\n  Second <b>line</b>.\tEnd."


@pytest.mark.parametrize(
    "text",
    [
        "ខ្ញុំ\u200bឈឺ\u200bខ្នង",
        "Call my daughter: \u202a+1 206 555 0123\u202c.",
        "\u2068محمد\u2069 helps me.",
        "\ufeffPasted from a file.",
    ],
    ids=["Khmer spaces", "a number from a list of contacts", "a name in another direction", "the start of a file"],
)
def test_what_telephones_put_between_words_is_taken_in_a_long_text(text):
    Visitor().reach("check", matter={"matter": text}).send()
    kept = AppointmentRequest.objects.get().matter
    assert kept == text.translate(dict.fromkeys((0x200B, 0x202A, 0x202C, 0x2068, 0x2069, 0xFEFF)))


def test_a_long_text_is_typed_in_the_direction_of_its_script():
    assert (
        'dir="auto"' in Visitor().reach("matter").response.content.decode().partition("<textarea")[2].partition(">")[0]
    )


# What is refused


@pytest.mark.parametrize("kind", first(HIDDEN, kept=3))
def test_a_hidden_character_is_shown_and_refused(kind):
    visitor = Visitor().reach("person")
    response = visitor.fill("person", full_name=HIDDEN[kind])
    assert response.status_code == 422
    assert visitor.page.errors == [f"“Your full name” has a hidden character, which we show as {MARK}. Delete it."]
    shown = visitor.page.values["full_name"]
    assert shown.startswith(f"Ana{MARK}")
    assert shown.endswith("Sol")


def test_what_is_too_long_comes_back_whole():
    visitor = Visitor().reach("matter")
    text = "a" * 200_000
    visitor.fill("matter", matter=text)
    assert visitor.status == 422
    assert visitor.page.values["matter"] == text
    visitor.fill("matter", "back", matter=text)
    assert (visitor.status, visitor.step) == (422, "matter")
    visitor.fill("matter")
    assert visitor.step == "needs"


def test_answers_too_long_to_travel_are_refused_beside_the_text():
    text = "".join(chr(0x4E00 + (number * number * 7919) % 20_000) for number in range(4000))
    visitor = Visitor().reach("matter")
    visitor.fill("matter", matter=text)
    assert (visitor.status, visitor.step) == (422, "matter")
    assert visitor.page.errors == ["Your answers are too long for us to carry. Make them shorter."]
    assert visitor.page.values["matter"] == text
    visitor.fill("matter", matter=text[:3500])
    assert visitor.step == "needs"
    visitor.fill("needs", other_needs=text[-500:])
    assert (visitor.status, visitor.step) == (422, "needs")
    assert visitor.page.errors == ["Your answers are too long for us to carry. Make them shorter."]
    assert visitor.page.values["other_needs"] == text[-500:]
    visitor.fill("needs", other_needs=text[-100:])
    assert visitor.step == "person"
    visitor.fill("person", full_name=text[:200], email=f"{'a' * 240}@example.org", phone=f"{text[:90]} 5550123")
    assert visitor.step == "check"


@pytest.mark.parametrize(
    ("step", "name"), [("wish", "procedure"), ("person", "email"), ("person", "date_of_birth_day")]
)
def test_an_answer_that_comes_twice_is_asked_again(step, name):
    visitor = Visitor().reach(step)
    visitor.fill(step, **{name: [GOOD[step][name], GOOD[step][name]]})
    assert (visitor.status, visitor.step) == (422, step)
    assert visitor.page.errors == ["We got 2 answers to this question. Check it, and continue."]


@pytest.mark.parametrize("step", set(GOOD) - {"needs"})
def test_a_page_without_any_answer_asks_for_them(step):
    visitor = Visitor().reach(step)
    visitor.press("next")
    assert (visitor.status, visitor.step) == (422, step)
    assert visitor.page.errors


# The matrix


def check_hostile(step, name, value, changes=None):
    """Send one hostile value; whatever comes back is a page of ours that holds the other answers."""
    changes = changes or {}
    visitor = Visitor().reach(step, **changes)
    hostile = {name: [value] if isinstance(GOOD[step].get(name), list) else value}
    visitor.fill(step, **changes.get(step, {}) | hostile)
    assert visitor.status in (200, 422)
    html = visitor.response.content.decode()
    assert "<script>alert(1)" not in html
    if visitor.status == 422:
        assert visitor.page.errors
        for other, typed in (GOOD[step] | changes.get(step, {})).items():
            if other != name and other in visitor.page.values:
                assert visitor.page.values[other] == typed
    else:
        visitor.reach("check", **changes).send()
        assert visitor.status == 303


@pytest.mark.parametrize(
    ("step", "name", "kind"),
    first(
        [
            ("wish", "procedure", "huge"),
            ("signs", "signs", "huge"),
            ("matter", "matter", "markup"),
            ("needs", "interpreter", "template"),
            ("wish", "for_whom", "null"),
            ("person", "email", "huge emoji"),
            ("person", "full_name", "line breaks"),
            ("person", "date_of_birth_year", "right to left"),
            ("wish", "location", "null"),
            ("matter", "times", "markup"),
            ("matter", "records", "null"),
            ("matter", "sooner", "huge"),
            ("needs", "other_needs", "markup"),
            ("person", "reach_when", "huge emoji"),
            ("person", "phone", "huge"),
            ("person", "date_of_birth_month", "huge"),
            ("person", "leave_message", "null"),
        ],
        kept=8,
    ),
)
def test_a_hostile_answer_is_a_plain_page(step, name, kind):
    check_hostile(step, name, HOSTILE[kind])


@pytest.mark.parametrize(
    ("name", "kind"),
    [("patient_name", "line breaks"), ("relation", "null"), ("call", "markup"), ("patient_born_month", "huge")],
)
def test_a_hostile_answer_about_another_person_is_a_plain_page(name, kind):
    check_hostile("person", name, HOSTILE[kind], FOR_ANOTHER)


@pytest.mark.wide
@pytest.mark.parametrize("kind", HOSTILE)
@pytest.mark.parametrize("name", INPUTS_FOR_ANOTHER)
def test_every_hostile_answer_about_another_person_is_a_plain_page(name, kind):
    check_hostile("person", name, HOSTILE[kind], FOR_ANOTHER)


@pytest.mark.wide
@pytest.mark.parametrize("kind", HOSTILE)
@pytest.mark.parametrize(("step", "name"), INPUTS)
def test_every_hostile_answer_to_every_question_is_a_plain_page(step, name, kind):
    check_hostile(step, name, HOSTILE[kind])


@pytest.mark.wide
@pytest.mark.parametrize("kind", HOSTILE)
@pytest.mark.parametrize("name", ["seal", "step", "go", "csrfmiddlewaretoken"])
def test_every_hostile_value_in_what_nobody_types_is_a_plain_page(name, kind):
    visitor = Visitor().reach("person")
    visitor.press(**GOOD["person"] | {name: HOSTILE[kind]})
    assert visitor.status in (200, 422)


@given(text=st.text())
def test_any_text_is_taken_whole_or_refused_with_a_sentence(text):
    field = LongTextField(label="What is the matter?", longest=4000, required=False)
    try:
        taken = field.clean(text)
    except ValidationError:
        return
    assert field.clean(taken) == taken
    assert not is_hiding(taken, is_long=True)


def test_bytes_that_are_no_text_are_a_plain_page(client):
    body = b"step=person&go=next&full_name=%FF%FE%00&seal=%ED%A0%80&email=\xc3\x28"
    response = client.post(ADDRESS["en"], body, content_type="application/x-www-form-urlencoded")
    assert response.status_code == 422

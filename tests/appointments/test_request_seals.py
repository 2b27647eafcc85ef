"""A seal or a cookie of the request form that is broken, old or gone loses nothing that was typed."""

import pytest
from django.test import Client

from appointments.models import AppointmentRequest
from appointments.sealed import seal, unseal
from tests.appointments.offer import offer  # noqa: F401 -- a fixture
from tests.appointments.visitor import GOOD, Visitor, stored

pytestmark = pytest.mark.usefixtures("offer")


@pytest.mark.parametrize("spoil", [lambda seal: seal[:-20], lambda seal: "x", lambda seal: seal.replace("g", "h", 1)])
def test_a_broken_seal_keeps_what_was_typed_and_leads_through_what_is_missing(spoil):
    visitor = Visitor().reach("matter")
    response = visitor.fill("matter", seal=spoil(visitor.seal))
    assert (response.status_code, visitor.step) == (422, "matter")
    assert visitor.page.errors[0].startswith("We could not read the answers from your earlier pages.")
    assert visitor.page.values["matter"] == GOOD["matter"]["matter"]
    assert ("times", "0-morning") in visitor.page.checked
    visitor.fill("matter")
    assert visitor.step == "wish"
    visitor.reach("check").send()
    assert stored() == (1, 1, 1, 1)


def test_a_broken_seal_on_the_check_page_leads_to_the_first_question():
    visitor = Visitor().reach("check")
    assert visitor.press("send", seal="x").status_code == 422
    assert visitor.step == "wish"
    assert visitor.page.errors == [
        "Nothing was sent. We could not read your answers, so we ask for them again. We are sorry."
    ]


def test_a_broken_seal_is_told_though_the_token_is_bad_too():
    visitor = Visitor(client=Client(enforce_csrf_checks=True))
    visitor.fill("matter", seal="x")
    assert (visitor.status, visitor.step) == (403, "matter")
    assert "nothing you typed is lost" not in visitor.page.text
    assert "We could not read the answers from your earlier pages." in visitor.page.text


def test_without_a_good_csrf_token_the_page_comes_back_as_it_was_typed():
    visitor = Visitor(client=Client(enforce_csrf_checks=True))
    response = visitor.fill("wish", wish="question")
    assert (response.status_code, visitor.step) == (403, "wish")
    assert visitor.page.errors[0].startswith("Nothing was sent, and nothing you typed is lost.")
    assert visitor.page.checked == [
        ("wish", "question"),
        ("for_whom", "me"),
        ("procedure", "kyphoplasty"),
        ("location", "north"),
    ]
    assert response["Cache-Control"] == "private, no-cache"
    token = visitor.page.values["csrfmiddlewaretoken"]
    visitor.fill("wish", csrfmiddlewaretoken=token)
    assert visitor.step == "signs"


def test_with_cookies_off_nothing_typed_is_lost_on_any_page():
    visitor = Visitor().reach("check")
    blocked = Client(enforce_csrf_checks=True)
    for step in GOOD:
        visitor.press("change-" + step)
        seal = visitor.seal
        back = Visitor(client=blocked)
        blocked.cookies.clear()
        back.fill(step, seal=seal)
        assert (back.status, back.step) == (403, step)
        assert visitor.page.values.keys() == back.page.values.keys()
        assert visitor.page.checked == back.page.checked
        visitor.fill(step)
    back = Visitor(client=blocked)
    blocked.cookies.clear()
    back.press("send", seal=visitor.seal, step="check")
    assert (back.status, back.step) == (403, "check")
    assert stored() == (0, 0, 0, 0)


def test_the_only_cookie_is_the_one_that_keeps_the_form_safe(settings):
    visitor = Visitor().reach("check")
    visitor.send()
    assert list(visitor.client.cookies) == [settings.CSRF_COOKIE_NAME]


def test_a_form_that_was_open_during_a_deployment_is_sent_with_all_that_was_typed():
    visitor = Visitor().reach("check")
    values, _sealed_at = unseal(visitor.seal)
    new = {"wish": ["for_whom"], "matter": ["records", "sooner"], "person": ["reach_when", "wants_details"]}
    for step, names in new.items():
        for name in names:
            del values["typed"][step][name]
    del values["typed"]["needs"], values["page_version"]
    assert visitor.press("send", seal=seal(values | {"shape": 1})).status_code == 303
    request = AppointmentRequest.objects.get()
    assert (request.full_name, request.matter) == (GOOD["person"]["full_name"], GOOD["matter"]["matter"])
    assert request.preferences["times"] == GOOD["matter"]["times"]

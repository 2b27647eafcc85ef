"""Where the parts that keep the site private meet: what one of them does between two steps of another one."""

import ast
import importlib
import re
from datetime import timedelta
from itertools import product
from pathlib import Path
from threading import Event as Sign

import pytest
import time_machine
from django.contrib.sessions.models import Session
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone, translation

from accounts import emergency, known_browsers, two_factor
from accounts.demonstration import PASSWORD as PUBLIC_PASSWORD
from accounts.models import User
from accounts.roles import Role
from appointments import workflow
from appointments.models import AppointmentRequest, Kind, LinkAsked
from appointments.practice import forget_old as forget_practice
from appointments.references import new_token
from appointments.workflow.sending import Door
from appointments.workflow.table import MOVES
from audit.actors import Actor
from audit.event_words import words_for
from audit.models import Event
from clinic import key_rotation, keys, receipts, rescan, retention
from clinic.encryption import forget_keys, key_names
from clinic.models import Erasure
from outbox.models import Message
from procedures.publishing.table import MOVES as MOVES_OF_VERSIONS
from tests.appointments.factories import claimed_request, inputs_of, make_answers, make_request, moved
from tests.at_once import at_once
from tests.second_factor import CODE, LOG_IN, RECOVERY, code_of, fresh, set_up_for
from tests.staff import PASSWORD, make_staff

ROOMS = ("audit", "clinic", "outbox", "accounts", "procedures", "appointments")

pytestmark = pytest.mark.django_db
BY = Actor.command("test")
NEW_KEY = "b2xkIGtleXMgYXJlIGxvc3QgYW5kIG5ldyBvbmVzIGE="


def lose_the_key(settings):
    """Let the site go on without the key under which all was stored, as `rotate_keys --give-up` lets it."""
    lost = key_names()[0]
    keys.note_newest()
    settings.FIELD_KEYS = [NEW_KEY]
    forget_keys()
    assert key_rotation.give_up(lost, by=BY)


def erased(**answers):
    return workflow.erase([make_request(**answers)], reason="asked", by=BY, with_open=True)


def opened(hours=4):
    return emergency.open_account(hours=hours, reason="Mara fell ill", asked_by="Nora Ng")


def submit_practice():
    sent = workflow.submit(make_answers(), token=new_token(), by=BY, language="en", door=Door(kind=Kind.PRACTICE))
    return sent.request


def text(page):
    return page.content.decode()


def logged_in(user):
    browser = Client()
    browser.force_login(user)
    return browser


# A key that is given up


def test_who_presses_next_for_me_is_given_the_first_request_that_can_be_read(settings, client, reception):
    make_request(is_urgent=True)
    lose_the_key(settings)
    readable = make_request()
    assert workflow.claim_next(by=reception.as_actor()).request == readable
    assert workflow.claim_next(by=reception.as_actor()).request is None


def test_the_history_of_a_request_that_no_key_opens_leads_back_to_the_queue(settings, client, manager):
    shut = make_request()
    lose_the_key(settings)
    client.force_login(manager)
    answer = client.get(reverse("admin:appointments_appointmentrequest_history", args=[shut.pk]))
    assert (answer.status_code, answer["Location"]) == (302, "/admin/appointments/appointmentrequest/")


def test_a_browser_stays_known_when_the_key_is_gone_under_which_it_became_so(settings, client, reception):
    client.post(LOG_IN, {"username": "reception", "password": PASSWORD})
    old = settings.FIELD_KEYS
    for keys_then in ([NEW_KEY, *old], [NEW_KEY]):
        settings.FIELD_KEYS = keys_then
        request = client.get("/admin/").wsgi_request
    assert known_browsers.key_of(request, "reception")
    _browser, known = known_browsers.read(request)
    assert len(known) == 1, "an account is remembered once"


def test_the_site_starts_once_the_only_key_it_ever_used_is_given_up(settings):
    make_request()
    lose_the_key(settings)
    assert keys.trouble() is None


def test_a_search_for_somebody_erased_does_not_stand_still_for_ever_where_its_key_is_lost(settings):
    shut = erased()
    lose_the_key(settings)
    later = erased(email="bea@example.org", full_name="Bea Bell", phone="")
    rescan.look_on()
    assert Erasure.objects.defer("looking_for").get(pk=later.pk).looked_through_at
    shut = Erasure.objects.defer("looking_for").get(pk=shut.pk)
    assert shut.looked_through_at
    assert "the key was given up" in " ".join(receipts.looked(shut))


def test_a_search_waits_for_a_process_that_has_its_key(settings):
    row = erased()
    keys.note_newest()
    settings.FIELD_KEYS = [NEW_KEY]
    rescan.look_on()
    assert Erasure.objects.defer("looking_for").get(pk=row.pk).looked_through_at is None


def test_an_emergency_account_can_be_ended_though_nobody_can_read_why_it_was_opened(settings, manager):
    opened()
    lose_the_key(settings)
    assert "is open until" in emergency.trouble()
    assert emergency.end_account()
    assert logged_in(manager).get(reverse("admin:emergency")).status_code == 200


def test_a_second_factor_that_no_key_opens_is_told_of_in_words_and_not_by_an_error(settings, client, reception):
    _device, codes = set_up_for(reception)
    lose_the_key(settings)
    with time_machine.travel(timezone.now(), tick=False) as clock:
        client.post(LOG_IN, {"username": "reception", "password": PASSWORD})
        assert "type a recovery code" in text(client.post(CODE, {"code": "123456"})).lower()
        clock.shift(timedelta(seconds=5))
        assert client.post(RECOVERY, {"code": codes[0]}).status_code == 302
    assert client.get("/admin/").status_code == 200


def test_a_manager_resets_a_second_factor_that_no_key_opens(settings, reception, manager):
    set_up_for(reception)
    lose_the_key(settings)
    two_factor.reset(user=fresh(reception), reason="broken", by=manager.as_actor())
    assert fresh(reception).second_factor is None


def test_a_second_factor_that_no_key_opens_is_replaced_by_whoever_shows_a_recovery_code(settings, reception):
    device, _codes = set_up_for(reception)
    lose_the_key(settings)
    secret = two_factor.new_secret()
    by = reception.as_actor()
    two_factor.enrol(user=reception, secret=secret, typed=code_of(secret), by=by, instead_of=device.pk)
    assert fresh(reception).second_factor.pk != device.pk


def test_practice_that_no_key_opens_is_deleted_when_its_time_is_over(settings):
    practice = submit_practice()
    lose_the_key(settings)
    with time_machine.travel(timezone.now() + timedelta(days=31), tick=False):
        assert forget_practice() == 1
    assert not AppointmentRequest.of_every_kind.filter(pk=practice.pk).exists()


# The emergency account


def test_an_emergency_account_that_is_opened_anew_asks_for_no_telephone_of_the_last_time(client, manager):
    access, _password = opened()
    set_up_for(access.user)
    emergency.end_account()
    _access, password = opened()
    answer = client.post("/admin/login/", {"username": "emergency", "password": password, "next": "/admin/"})
    assert (answer.status_code, answer["Location"]) == (302, "/admin/")
    assert client.get("/admin/").status_code == 200


def test_an_emergency_account_whose_time_ends_between_the_steps_lets_nobody_in(manager):
    with time_machine.travel(timezone.now(), tick=False) as clock:
        access, password = opened(hours=1)
        device, _codes = set_up_for(access.user)
        client = Client()
        clock.shift(timedelta(minutes=58))
        client.post("/admin/login/", {"username": "emergency", "password": password})
        clock.shift(timedelta(minutes=3))
        client.post(CODE, {"code": code_of(device.secret)})
    assert not Event.objects.filter(verb="staff.logged_in").exists()


# A demonstration that became a real site


def test_no_log_in_of_a_demonstration_outlives_it(settings, client):
    settings.DEMO = True
    reception = make_staff("rosa")
    reception.set_roles(["reception"])
    reception.set_password(PUBLIC_PASSWORD)
    reception.save()
    client.post("/admin/login/", {"username": "rosa", "password": PUBLIC_PASSWORD})
    assert client.get("/admin/").status_code == 200
    settings.DEMO = False
    assert client.get("/admin/").status_code == 302


# What was typed, and what it was about


def test_every_address_of_a_request_that_was_erased_says_so(client, manager):
    request = make_request()
    client.force_login(manager)
    base = f"/admin/appointments/appointmentrequest/{request.pk}/"
    workflow.erase([request], reason="asked", by=BY, with_open=True)
    pages = ("change/", "history/", "notes/", "messages/", "undo/", "erase/", "person/", "move/claim/")
    assert {page: client.get(base + page).status_code for page in pages} == dict.fromkeys(pages, 410)


@pytest.mark.parametrize(("page", "typed", "becomes"), [("notes/", "text", 200), ("move/answer/", "words", 410)])
def test_what_was_typed_about_somebody_erased_meanwhile_ends_with_a_plain_page(reception, page, typed, becomes):
    request = claimed_request(reception)
    browser = Client()
    browser.post(LOG_IN, {"username": "reception", "password": PASSWORD})
    Session.objects.update(expire_date=timezone.now())
    cut_off = browser.post(f"/admin/appointments/appointmentrequest/{request.pk}/{page}", {typed: "She is worried."})
    kept = re.search(r'name="kept" value="([^"]+)"', text(cut_off))[1]
    workflow.erase([request], reason="asked", by=BY, with_open=True)
    answer = browser.post(LOG_IN, {"username": "reception", "password": PASSWORD, "kept": kept})
    assert answer.status_code == becomes
    assert browser.get("/admin/").status_code == 200


# The log-in: a second factor or none, required or not, an account that ends, a password that has yet to be chosen


NEW_PASSWORD = "seventeen quiet herons"


def steps_of(client, address):
    """Go on from an address as the pages lead; return which steps came before the desk opened."""
    steps = []
    for _turn in range(12):
        answer = client.get(address)
        name = answer.resolver_match.url_name
        if name in ("index", "password_change_done") and answer.status_code == 200:
            return steps
        if answer.status_code == 302:
            address = answer["Location"]
            continue
        assert client.get("/admin/appointments/appointmentrequest/").status_code == 302, "a step can be passed over"
        steps.append(name)
        user = User.objects.get(username="somebody")
        if name == "login":
            answer = client.post(address, {"username": "somebody", "password": PASSWORD})
        elif name == "second_step":
            answer = client.post(address, {"code": code_of(user.authenticator.secret)})
        elif name == "second_factor_set_up":
            code = code_of("".join(answer.context["groups"]))
            answer = client.post(address, {"code": code, "password": PASSWORD})
            assert client.get("/admin/").status_code == 302, "recovery codes can be passed over"
            answer = client.post(address, {"kept_codes": "on"})
        elif name == "password_change":
            new = {"new_password1": NEW_PASSWORD, "new_password2": NEW_PASSWORD}
            answer = client.post(address, {"old_password": PASSWORD, **new})
        address = answer["Location"]
    raise AssertionError(f"led in a ring: {steps}")


@pytest.mark.parametrize("was_inside", [False, True])
@pytest.mark.parametrize(("has_factor", "ends", "must_change", "is_required"), [*product([False, True], repeat=4)])
def test_each_way_in_leads_to_the_desk_and_no_step_is_passed_over(
    client, settings, has_factor, ends, must_change, is_required, was_inside
):
    settings.REQUIRE_TWO_FACTOR = False
    user = make_staff("somebody", Role.MANAGER)
    client.post(LOG_IN, {"username": "somebody", "password": PASSWORD}) if was_inside else None
    if has_factor:
        # Somebody who is inside has shown it already; so a second one is asked of nobody else.
        set_up_for(user)
    User.objects.update(
        must_change_password=must_change, expires_at=timezone.now() + timedelta(hours=2) if ends else None
    )
    settings.REQUIRE_TWO_FACTOR = is_required
    sets_up = is_required and not ends and not has_factor
    wanted = [
        *(["login"] if not was_inside or has_factor else []),
        *(["second_step"] if has_factor else []),
        *(["second_factor_set_up"] if sets_up else []),
        *(["password_change"] if must_change else []),
    ]
    assert steps_of(client, "/admin/") == wanted


# The words of the trail


def verbs():
    """Return every verb that the code names where it records an event."""
    found = {row.event for moves in (MOVES, MOVES_OF_VERSIONS) for row in moves.values()}
    for path in (each for room in ROOMS for each in Path(room).rglob("*.py")):
        if "Event.record(" not in (source := path.read_text()):
            continue
        named = [
            node.args[0]
            for node in ast.walk(ast.parse(source))
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "Event.record"
        ]
        module = importlib.import_module(".".join(path.with_suffix("").parts).removesuffix(".__init__"))
        for node in named:
            if isinstance(node, ast.Constant):
                found.add(node.value)
            elif (isinstance(node, ast.Name) and node.id.isupper()) or ast.unparse(node) == "sheet.READ":
                found.add(eval(ast.unparse(node), vars(module)))  # noqa: S307
    return found - {""}


def test_an_auditor_reads_each_event_in_words_of_their_language():
    assert len(verbs()) > 80
    assert sorted(verb for verb in verbs() if words_for(verb) == verb) == []
    with translation.override("es"):
        spanish = {verb: words_for(verb) for verb in verbs()}
    assert sorted(verb for verb in verbs() if words_for(verb) == spanish[verb]) == []


# Who locks what first


on_postgresql = pytest.mark.skipif("connection.vendor != 'postgresql'", reason="SQLite has one writer at a time")


def joined(kept, merged, *, by):
    by = by.as_actor()
    return workflow.merge(kept, merged, choices={}, by=by, seen_revision=kept.revision, seen_other=merged.revision)


@pytest.fixture
def joined_with_a_later_one(reception):
    """A request that was joined with one that came after it, both done with."""
    merged, kept = make_request(), claimed_request(reception)
    kept = moved(joined(kept, merged, by=reception), "answer", by=reception, **inputs_of("answer", kept))
    Message.objects.all().delete()
    return kept, merged


def test_the_purge_takes_two_that_are_joined_in_one_turn(joined_with_a_later_one):
    remove, later = retention.holding_of("requests").remove, timezone.now() + timedelta(days=1)
    with CaptureQueriesContext(connection) as asked:
        gone = remove(later, 10)
    assert set(gone.keys) == {each.pk for each in joined_with_a_later_one}
    if connection.vendor == "postgresql":
        locks = [each["sql"] for each in asked if "FOR UPDATE" in each["sql"]]
        assert "SKIP LOCKED" in locks[0]
        assert '"merged_into_id" IN' in locks[0], "those that are joined are locked in the same turn, the lowest first"


@on_postgresql
@pytest.mark.django_db(transaction=True)
def test_a_purge_waits_for_nobody_who_has_the_lower_of_two_that_are_joined(joined_with_a_later_one):
    _kept, merged = joined_with_a_later_one
    held, done = Sign(), Sign()

    def somebody():
        with transaction.atomic():
            AppointmentRequest.of_every_kind.select_for_update().get(pk=merged.pk)
            held.set()
            assert done.wait(10)

    def purge():
        assert held.wait(10)
        try:
            with transaction.atomic():
                return retention.holding_of("requests").remove(timezone.now() + timedelta(days=1), 10).number
        finally:
            done.set()

    assert at_once(somebody, purge) == [None, 0]


@on_postgresql
@pytest.mark.django_db(transaction=True)
def test_a_link_asked_for_and_an_erasure_do_not_wait_for_each_other():
    request = make_request()
    workflow.ask_for_link(reference=request.reference, contact="ana@example.org")
    came_of = at_once(
        workflow.send_links_asked_for,
        lambda: workflow.erase([request], reason="asked", by=BY, with_open=True).reason,
    )
    assert came_of == [1, "asked"] or came_of == [0, "asked"]
    assert not LinkAsked.objects.exists()

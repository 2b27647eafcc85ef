"""The second factor itself: which codes are taken, once and by nobody else, and what is kept of them."""

import base64
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db import connection

from accounts import two_factor
from accounts.devices import LONGEST_WAIT, matching_step
from accounts.models import Authenticator, RecoveryCode, User
from audit.models import Event
from clinic.refusals import Refused, Unfit
from outbox.models import Message
from tests.at_once import at_once
from tests.second_factor import code_of, fresh, set_up_for

NOON = datetime(2026, 11, 20, 12, 0, 5, tzinfo=UTC)
# RFC 6238, appendix B, for SHA-1; the last six of its eight digits.
VECTORS = [
    (59, "94287082"),
    (1111111109, "07081804"),
    (1111111111, "14050471"),
    (1234567890, "89005924"),
    (2000000000, "69279037"),
    (20000000000, "65353130"),
]


@pytest.fixture
def at_noon():
    with time_machine.travel(NOON, tick=False) as clock:
        yield clock


@pytest.fixture
def device(reception, at_noon):
    return set_up_for(reception)[0]


def show(user, typed):
    return two_factor.show(user=user, typed=typed, by=user.as_actor())


def refusal(user, typed):
    with pytest.raises(Unfit) as refused:
        show(user, typed)
    return refused.value.reason


def verbs():
    return list(Event.objects.order_by("id").values_list("verb", flat=True))


# Codes of the app


@pytest.mark.parametrize(("moment", "digits"), VECTORS)
def test_codes_are_those_of_the_standard(moment, digits):
    secret = base64.b32encode(b"12345678901234567890").decode()
    step = moment // 30
    assert matching_step(secret, digits[-6:], of=range(step, step + 1)) == step
    assert matching_step(secret, digits[-6:], of=range(step + 2, step + 9)) is None


@pytest.mark.parametrize("steps", [-1, 0, 1])
def test_a_clock_may_be_off_by_one_step(reception, device, steps):
    assert show(reception, code_of(device.secret, steps=steps)) == two_factor.Shown(False, 10)


@pytest.mark.parametrize(("steps", "words"), [(-2, "too old"), (-19, "too old"), (-40, "not right"), (2, "not right")])
def test_other_codes_are_refused_with_what_to_do_and_nothing_is_told_of_codes_to_come(reception, device, steps, words):
    assert words in refusal(reception, code_of(device.secret, steps=steps))


def test_a_wrong_code_tells_the_time_here_so_that_clocks_can_be_compared(reception, device):
    assert "here it is 12:00:05 (UTC)" in refusal(reception, "000000")


def test_a_code_works_once(reception, device, at_noon):
    code = code_of(device.secret)
    show(reception, code)
    assert "used already" in refusal(reception, code)
    at_noon.shift(2)
    assert "used already" in refusal(reception, code_of(device.secret, steps=-1))
    at_noon.shift(30)
    show(reception, code_of(device.secret))


def test_the_code_that_set_it_up_does_not_log_in_too(reception, at_noon):
    secret = two_factor.new_secret()
    two_factor.enrol(user=reception, secret=secret, typed=code_of(secret), by=reception.as_actor())
    assert "used already" in refusal(reception, code_of(secret))


@pytest.mark.parametrize("spell", ["{0} {1}", " {0}{1}\t", "{0}\u00a0{1}", "{0}-{1}"])
def test_spaces_do_not_matter(reception, device, spell):
    code = code_of(device.secret)
    assert show(reception, spell.format(code[:3], code[3:])).by_recovery_code is False


@pytest.mark.parametrize(
    "typed", ["", "12345", "1234567", "１２３４５６", "٣٤٥٦٧٨", "0x1234", "-12345", "\x00", "9" * 40]
)
def test_other_texts_are_no_codes(reception, device, typed):
    assert refusal(reception, typed)


def test_a_code_of_a_colleague_is_of_no_use(reception, reception2, device):
    theirs, codes = set_up_for(reception2)
    assert "not right" in refusal(reception, code_of(theirs.secret))
    device.refresh_from_db()
    device.throttle_reset()
    assert "not right" in refusal(reception, codes[0])
    assert two_factor.codes_left(theirs) == 10


@pytest.mark.django_db(transaction=True)
def test_of_two_who_type_the_same_code_at_once_one_gets_in(reception):
    device, codes = set_up_for(reception)
    for typed in (code_of(device.secret), codes[0]):
        came_of = at_once(*[lambda typed=typed: show(reception, typed)] * 2)
        assert sorted(type(each).__name__ for each in came_of) == ["Shown", "Unfit"]
        Authenticator.objects.get().throttle_reset()


# Waiting


def test_each_wrong_code_makes_the_next_wait_longer_and_nobody_waits_for_good(reception, device, at_noon):
    for waited in range(LONGEST_WAIT + 5):
        assert "not right" in refusal(reception, "000000")
        assert "Wait " in refusal(reception, code_of(device.secret))
        at_noon.shift(2 ** min(waited, LONGEST_WAIT - 1) + 1)
    assert verbs().count("staff.second_factor_failed") == LONGEST_WAIT + 5
    assert Message.objects.filter(purpose="second_factor_failing").count() == 1
    assert show(reception, code_of(device.secret))
    assert Authenticator.objects.get().throttling_failure_count == 0


def test_the_wait_is_told_in_seconds_then_in_minutes(reception, device):
    for failures, words in [(1, "Wait 1 second,"), (7, "Wait 64 seconds,"), (11, "Wait 18 minutes,")]:
        Authenticator.objects.update(throttling_failure_count=failures, throttling_failure_timestamp=NOON)
        assert words in refusal(reception, "000000")


def test_a_clock_that_was_set_back_makes_nobody_wait(reception, device):
    Authenticator.objects.update(throttling_failure_count=3, throttling_failure_timestamp=NOON + timedelta(days=365))
    assert show(reception, code_of(device.secret))


def test_a_wrong_code_is_recorded_by_the_account_and_never_as_typed(reception, device):
    refusal(reception, "123456")
    event = Event.objects.latest("id")
    assert (event.verb, event.actor_kind, event.object_id) == (
        "staff.second_factor_failed",
        "visitor",
        str(reception.pk),
    )
    assert event.details == {}


# Recovery codes


def test_each_of_ten_recovery_codes_works_once_in_any_spelling(reception, device):
    codes = two_factor.renew_codes(user=reception, by=reception.as_actor())
    assert len(set(codes)) == 10
    for left, code in zip(range(9, -1, -1), codes, strict=True):
        assert show(reception, f" {code.lower().replace('-', ' ')}") == two_factor.Shown(True, left)
        assert "used already" in refusal(reception, code)
        Authenticator.objects.get().throttle_reset()
    assert Event.objects.filter(verb="staff.recovery_code_used").count() == 10
    assert Message.objects.filter(purpose="recovery_code_used").count() == 10


def test_new_recovery_codes_end_the_old_ones(reception, at_noon):
    _device, old = set_up_for(reception)
    new = two_factor.renew_codes(user=reception, by=reception.as_actor())
    assert "not right" in refusal(reception, old[0])
    at_noon.shift(2)
    assert show(reception, new[0]).codes_left == 9


@pytest.mark.parametrize(
    ("left", "words"), [(3, ""), (2, "2 recovery codes left"), (1, "1 recovery code left"), (0, "0 ")]
)
def test_a_warning_goes_with_few_codes(left, words):
    assert words in two_factor.few_left_words(left)
    assert bool(words) == bool(two_factor.few_left_words(left))


# What is kept


def test_the_database_holds_neither_the_secret_nor_a_recovery_code(reception):
    device, codes = set_up_for(reception)
    stored = ""
    with connection.cursor() as cursor:
        for table in (Authenticator._meta.db_table, RecoveryCode._meta.db_table, "audit_event", "outbox_message"):
            cursor.execute(f"SELECT * FROM {table}")  # noqa: S608 -- names of our own tables
            stored += repr(cursor.fetchall())
    assert device.secret not in stored
    assert not [code for code in codes if code in stored or code.replace("-", "") in stored or code[3:] in stored]


def test_what_the_square_says_names_the_clinic_and_the_account(reception, clinic_named):
    address = two_factor.otpauth_address(reception, "ABCD")
    assert address == (
        "otpauth://totp/Back%20%26%20Spine:reception?secret=ABCD&issuer=Back%20%26%20Spine&digits=6&period=30"
    )


@pytest.fixture
def clinic_named(db):
    from clinic.models import ClinicProfile

    ClinicProfile.objects.update_or_create(pk=1, defaults={"name": "Back & Spine"})


# Changing it


def test_a_wrong_first_code_sets_up_nothing(reception):
    secret = two_factor.new_secret()
    with pytest.raises(Unfit):
        two_factor.enrol(user=reception, secret=secret, typed="000000", by=reception.as_actor())
    assert not Authenticator.objects.exists()
    assert verbs() == []


@pytest.mark.django_db(transaction=True)
def test_of_two_that_are_set_up_at_once_one_stands(reception):
    def press():
        secret = two_factor.new_secret()
        return two_factor.enrol(user=reception, secret=secret, typed=code_of(secret), by=reception.as_actor())

    came_of = at_once(press, press)
    assert sorted(type(each).__name__ for each in came_of) == ["Refused", "list"]
    assert RecoveryCode.objects.count() == 10


def test_another_phone_takes_the_place_of_the_one_that_was_shown_and_of_no_other(reception, at_noon):
    old, old_codes = set_up_for(reception)
    secret = two_factor.new_secret()
    told = {"user": reception, "secret": secret, "typed": code_of(secret), "by": reception.as_actor()}
    for wrong in (None, old.pk + 1):
        with pytest.raises(Refused):
            two_factor.enrol(**told, instead_of=wrong)
    two_factor.enrol(**told, instead_of=old.pk)
    assert Authenticator.objects.get().secret == secret
    assert "not right" in refusal(reception, old_codes[0])


def test_a_reset_tells_the_person_and_the_trail_why(manager, reception):
    set_up_for(reception)
    two_factor.reset(user=fresh(reception), reason="lost", by=manager.as_actor())
    assert not Authenticator.objects.exists()
    event = Event.objects.latest("id")
    assert (event.verb, event.actor_id, event.details) == ("staff.second_factor_reset", manager.pk, {"reason": "lost"})
    message = Message.objects.to_staff().get(purpose="second_factor_reset")
    assert message.recipient == reception.email


@pytest.mark.parametrize("who", ["reception2", "auditor", "self", "on a superuser", "none set up", "no reason"])
def test_a_reset_that_is_refused_changes_nothing(request, manager, reception, superuser, who):
    by, target = manager, reception
    if who in ("reception2", "auditor"):
        by = request.getfixturevalue(who)
    elif who == "self":
        target = manager
    elif who == "on a superuser":
        target = superuser
    if who != "none set up":
        set_up_for(target)
    before = Event.objects.count()
    with pytest.raises(Refused):
        two_factor.reset(user=fresh(target), reason="" if who == "no reason" else "lost", by=by.as_actor())
    assert Authenticator.objects.count() == (who != "none set up")
    assert Event.objects.count() == before


def test_nobody_goes_without_where_the_clinic_asks_for_it(reception, settings):
    set_up_for(reception)
    settings.REQUIRE_TWO_FACTOR = True
    with pytest.raises(Refused):
        two_factor.remove(user=reception, by=reception.as_actor())
    settings.REQUIRE_TWO_FACTOR = False
    two_factor.remove(user=reception, by=reception.as_actor())
    assert (Authenticator.objects.count(), RecoveryCode.objects.count()) == (0, 0)


def test_somebody_without_an_address_is_not_written_to(reception):
    User.objects.update(email="")
    set_up_for(fresh(reception))
    assert not Message.objects.exists()
    assert verbs() == ["staff.second_factor_enrolled"]

"""Staff whose work is limited to locations: they see and change nothing of a request for another one."""

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import NoReverseMatch, reverse

from accounts.models import User
from accounts.roles import Role
from appointments import workflow
from appointments.models import AppointmentRequest, PhoneTask
from audit.actors import STAFF
from audit.models import Event
from clinic.models import Location
from outbox.models import Message, State
from tests.appointments.at_the_desk import address
from tests.appointments.at_the_door import save
from tests.appointments.factories import claimed_request, inputs_of, make_request, moved, stored
from tests.appointments.offer import offer  # noqa: F401 -- a fixture
from tests.clinic.factories import make_location
from tests.test_who_may_open_what import ARGUMENTS, admin_names

QUEUE = "/admin/appointments/appointmentrequest/"
OF_A_REQUEST = "appointments_appointmentrequest_"
pytestmark = pytest.mark.django_db


@pytest.fixture
def places(db):
    """Two locations, by key."""
    return {key: Location.objects.create(key=key, name=key.title(), address="1 A St") for key in ("north", "south")}


def limited(user, *locations):
    """Return the member of staff, as read anew, with their work limited to these locations."""
    user.set_locations(locations)
    return User.objects.get(pk=user.pk)


@pytest.fixture
def rosa(places, reception):
    """A receptionist who works for North alone."""
    return limited(reception, places["north"])


@pytest.fixture
def desk(client, rosa):
    client.force_login(rosa)
    return client


SECRETS = ["Sofía Sur", "sur@example.org", "206) 555-0177", "The south of my back hurts."]


def in_the_south(**changes):
    told = {"full_name": SECRETS[0], "email": SECRETS[1], "phone": f"({SECRETS[2]}", "matter": SECRETS[3]}
    return make_request(location="south", **told | changes)


@pytest.fixture
def southern(places, reception2):
    """A request for South in which everything that can stand in a view or be counted has happened."""
    asked = moved(in_the_south(is_urgent=True), "claim", by=reception2)
    Message.objects.about(asked).update(state=State.UNDELIVERABLE)
    PhoneTask.objects.create(request=asked, purpose="received", because="no_email")
    return asked


def shown(response):
    return {row.reference for row in response.context["cl"].result_list}


def tells_of(page, asked):
    """Return what a page tells of a request."""
    numbers = [message.pk for message in Message.objects.about(asked).only("pk")]
    links = [f"/outbox/message/{number}/" for number in numbers] + [f"/appointmentrequest/{asked.pk}/"]
    return [words for words in (asked.reference, *SECRETS, *links) if words in page]


def test_the_queue_holds_their_locations_and_what_has_none_yet(desk, southern):
    theirs = {make_request(location="north").reference, make_request().reference}
    assert shown(desk.get(QUEUE)) == theirs
    assert shown(desk.get(QUEUE, {"view": "all"})) == theirs


def test_without_a_limit_all_is_seen(client, reception2, southern):
    client.force_login(reception2)
    assert southern.reference in shown(client.get(QUEUE))
    assert client.get(address(southern)).status_code == 200


def test_nothing_limits_a_superuser(places, superuser, southern):
    assert southern in AppointmentRequest.objects.visible_to(limited(superuser, places["north"]))


@pytest.mark.parametrize("typed", ["{0}", SECRETS[1], "206 555 0177"])
def test_no_search_finds_a_request_for_another_location(desk, southern, typed):
    page = desk.post(QUEUE, {"q": typed.format(southern.reference)}, follow=True)
    assert shown(page) == set()


def addresses_of(asked):
    """Return every address of the staff side that can be made, of rows about this request where it is about a row."""
    message = Message.objects.about(asked).only("pk").first()
    found, left_out = [], []
    for name in sorted(admin_names()):
        pk = message.pk if name.startswith("outbox_") else asked.pk
        if name.endswith("_unnote"):
            # What is not about a row answers for what is not there, too.
            found.append(reverse(f"admin:{name}", args=[pk, 1]))
            continue
        if name.endswith("_revoke"):
            found.append(reverse(f"admin:{name}", args=[pk, asked.tracking_links.first().pk]))
            continue
        for arguments in ([], [pk], [pk, *ARGUMENTS.get(name, [])]):
            try:
                found.append(reverse(f"admin:{name}", args=arguments))
                break
            except NoReverseMatch:
                continue
        else:
            left_out.append(name)
    return found, [name for name in left_out if name.startswith((OF_A_REQUEST, "outbox_"))]


@pytest.fixture
def roles_of_rosa(rosa):
    """Let the receptionist hold every role but the auditor's, who sees that something happened and never what."""
    rosa.set_roles(set(Role) - {Role.AUDITOR})


def test_no_screen_tells_anything_of_a_request_for_another_location(desk, roles_of_rosa, southern):
    addresses, unknown = addresses_of(southern)
    assert unknown == []
    told = {}
    for each in [*addresses, "/admin/", f"{QUEUE}?view=all", f"{QUEUE}?view=calls", "/admin/?q="]:
        response = desk.get(each, follow=True)
        told[each] = tells_of(response.content.decode(), southern)
        if f"/appointmentrequest/{southern.pk}/" in each:
            # Django leads from the history of a row that is not there to the list, with a sentence.
            assert response.status_code in (403, 404) or response.redirect_chain, each
    assert not any(told.values()), {each: words for each, words in told.items() if words}


def test_the_same_screens_tell_of_it_without_the_limit(client, reception2, southern):
    client.force_login(reception2)
    found = [each for each in addresses_of(southern)[0] if tells_of(client.get(each).content.decode(), southern)]
    assert len(found) >= 5


def test_no_button_changes_a_request_for_another_location(desk, roles_of_rosa, southern):
    before, messages = stored(), list(Message.objects.values("pk", "state"))
    data = {"seen_revision": southern.revision, "answer": "Yes", "call": "task-1"}
    for each in addresses_of(southern)[0]:
        if f"/appointmentrequest/{southern.pk}/" in each or "try-again" in each:
            assert desk.post(each, data).status_code in (403, 404, 302), each
    assert stored() == before
    assert list(Message.objects.values("pk", "state")) == messages
    assert AppointmentRequest.objects.get(pk=southern.pk).revision == southern.revision
    assert not PhoneTask.objects.exclude(done_at=None)


@pytest.mark.parametrize("name", workflow.moves_of(STAFF))
def test_every_move_of_staff_is_refused_for_another_location(rosa, places, name):
    asked = in_the_south()
    with pytest.raises(workflow.Refused, match="location that you do not work for"):
        workflow.check_move(asked, name, by=rosa.as_actor())
    with pytest.raises(workflow.Refused):
        moved(asked, name, by=rosa, **inputs_of(name, asked))


PRESSES = {
    "log_call": lambda asked, by: workflow.log_call(asked, "reached", by=by, token="press", said=["task-1"]),
    "take_back_call": lambda asked, by: workflow.take_back_call(asked, 1, by=by),
    "call_not_made": lambda asked, by: workflow.call_not_made(asked, "task-1", by=by),
    "came_back": lambda asked, by: workflow.email_came_back(asked, by=by),
    "arrives": lambda asked, by: workflow.email_arrives(asked, by=by),
    "revoke": lambda asked, by: workflow.revoke_link(asked.tracking_links.first(), by=by),
}


@pytest.mark.parametrize("press", PRESSES.values(), ids=PRESSES)
def test_what_is_no_move_is_refused_too(rosa, southern, press):
    with pytest.raises(workflow.Refused, match="location that you do not work for"):
        press(southern, rosa.as_actor())


def test_the_first_page_counts_theirs_alone(desk, southern):
    in_the_south(full_name="Another")
    page = re.sub(r"\s+", " ", desk.get("/admin/").content.decode())
    for words in ("wait for the clinic", "waits for the clinic", "to be called", "could not be sent", "held as spam"):
        assert words not in page
    make_request(location="north")
    assert "1 request waits for the clinic." in desk.get("/admin/").content.decode()


def test_messages_are_seen_as_their_requests_are(desk, rosa, southern):
    theirs = make_request(location="north")
    of_theirs, of_southern = (Message.objects.about(asked).only("pk").get() for asked in (theirs, southern))
    about_staff = Message.write(
        "digest", about=rosa, recipient="a@example.org", language="en", subject="Hello", text="Hello."
    )
    assert set(Message.objects.visible_to(rosa).values_list("pk", flat=True)) == {of_theirs.pk, about_staff.pk}
    assert not Message.objects.visible_to(rosa).undeliverable()
    address_of = "admin:outbox_message_change"
    assert desk.get(reverse(address_of, args=[of_theirs.pk])).status_code == 200
    assert desk.get(reverse(address_of, args=[of_southern.pk])).status_code == 302
    assert not Event.objects.filter(verb="message.read", object_id=str(of_southern.pk))


def test_messages_about_what_has_no_number_break_nothing(desk, rosa):
    Message.objects.create(purpose="x", about_type="clinic.thing", about_id="north", text="x", subject="x")
    Message.objects.create(purpose="x", text="x", subject="x")
    assert Message.objects.visible_to(rosa).count() == 2
    assert desk.get("/admin/outbox/message/").status_code == 200


def test_figures_and_their_file_count_the_managers_locations_alone(client, places, manager, southern):
    client.force_login(limited(manager, places["north"]))
    whole = client.get(reverse("admin:appointments_appointmentrequest_figures")).context["report"].whole
    client.force_login(limited(manager))
    assert client.get(reverse("admin:appointments_appointmentrequest_figures")).context["report"].whole != whole


def test_a_request_is_handed_over_only_to_who_sees_it(places, rosa, reception2, nurse):
    nurse, asked = limited(nurse, places["south"]), claimed_request(reception2, location="south")
    with pytest.raises(workflow.Unfit, match="does not work for the location") as refused:
        moved(asked, "hand_over", by=reception2, colleague={"colleague": rosa})
    assert refused.value.field == "colleague"
    assert moved(asked, "hand_over", by=reception2, colleague={"colleague": nurse}).holder == nurse


@pytest.mark.parametrize("name", ["release", "hand_over"])
def test_what_somebody_holds_who_no_longer_sees_it_waits_for_no_manager(places, reception, reception2, nurse, name):
    asked = claimed_request(reception, location="south")
    typed = {"colleague": {"colleague": nurse}} if name == "hand_over" else {}
    with pytest.raises(workflow.Refused, match="holds this request"):
        moved(asked, name, by=reception2, **typed)
    limited(reception, places["north"])
    assert moved(asked, name, by=reception2, **typed).holder in (None, nurse)


def test_a_request_with_no_location_is_everybodys(places, rosa, reception2):
    asked = moved(make_request(), "claim", by=rosa)
    assert asked.holder == rosa
    moved(asked, "hand_over", by=rosa, colleague={"colleague": limited(reception2, places["south"])})


def test_whoever_writes_a_request_down_for_another_location_is_led_to_the_queue(client, reception, offer):  # noqa: F811
    south = make_location("another")
    limited(reception, Location.objects.get(key="north"))
    client.force_login(reception)
    assert save(client, location="another")["Location"] == QUEUE
    asked = AppointmentRequest.objects.get(location=south)
    assert f"{asked.reference} is written down." in client.get(QUEUE).content.decode()
    assert shown(client.get(QUEUE)) == set()


def queries_of(client, page):
    client.get(page)
    with CaptureQueriesContext(connection) as asked:
        client.get(page)
    return len(asked)


@pytest.mark.parametrize("page", ["queue", "sheet", "downtime", "index"])
def test_a_limit_costs_a_page_no_query(client, places, reception, page):
    asked = make_request(location="north")
    downtime, pages = reverse(f"admin:{OF_A_REQUEST}downtime"), {"queue": QUEUE, "sheet": address(asked)}
    page = (pages | {"downtime": downtime, "index": "/admin/"})[page]
    client.force_login(reception)
    without = queries_of(client, page)
    limited(reception, places["north"])
    assert queries_of(client, page) == without


def test_a_location_that_limits_somebody_stays(client, manager, places, rosa):
    client.force_login(manager)
    delete = reverse("admin:clinic_location_delete", args=[places["north"].pk])
    client.post(delete, {"post": "yes"})
    assert Location.objects.filter(key="north").exists()
    assert User.objects.get(pk=rosa.pk).location_ids == {places["north"].pk}

"""The private page, in each state that staff and patients can bring a request into, and in each language."""

import pytest
from django.urls import reverse
from django.utils import translation
from django.utils.html import strip_tags

from appointments import workflow
from appointments.changes import CHANGES
from appointments.models import AppointmentRequest, HeldBecause, Status
from tests.appointments.factories import inputs_of, link_to, make_request, moved

pytestmark = pytest.mark.django_db

# How a request gets into each state: where it starts, and the moves from there.
STATES = {
    **{str(status): (status, []) for status in Status},
    "asked": (Status.IN_PROGRESS, ["ask"]),
    "asked and offered": (Status.WAITING, ["ask"]),
    "taken back": (Status.IN_PROGRESS, ["ask", "retract"]),
    "times taken back": (Status.WAITING, ["retract"]),
    "opened again": (Status.ANSWERED, ["reopen"]),
    "opened again after it was declined": (Status.DECLINED, ["reopen"]),
    "opened again after it was closed": (Status.CLOSED, ["reopen"]),
    "held": (Status.NEW, ["hold"]),
    "judged as spam": (Status.IN_PROGRESS, ["suspect"]),
    "not spam after all": (Status.IN_PROGRESS, ["suspect", "not_spam"]),
    "put aside": (Status.IN_PROGRESS, ["snooze"]),
    "dangerous": (Status.WAITING, ["danger"]),
    "joined": (Status.NEW, ["merge"]),
    "joined with one that was judged as spam": (Status.NEW, ["merge_with_spam"]),
    "offer undone": (Status.WAITING, ["undo"]),
}


def brought(status, names, *, by):
    """Return a request in a state, and the one that its link leads to."""
    request = make_request(status=status, by=by, matter="My back hurts.")
    for name in names:
        if name == "hold":
            AppointmentRequest.objects.filter(pk=request.pk).update(held_because=HeldBecause.DECOY)
        elif name == "danger":
            request = moved(request, "add", by=None, words="I have chest pain and cannot breathe.")
        elif name == "undo":
            request = workflow.undo(request, by=by.as_actor(), seen_revision=request.revision)
        elif name.startswith("merge"):
            kept = make_request(matter="My back hurts again.")
            seen = {"seen_revision": kept.revision, "seen_other": request.revision}
            kept = workflow.merge(kept, request, choices={}, by=by.as_actor(), **seen)
            if name == "merge_with_spam":
                moved(kept, "suspect", by=by)
        else:
            request = moved(request, name, by=by, **inputs_of(name, request))
    request.refresh_from_db()
    return request


SECRETS = ("spam", "danger", "urgent", "joined", "put aside", "correo no deseado", "peligro")


def addresses_behind(token, request):
    """Return every address behind a link, those that end the request last."""
    names = ["track", "words"]
    offers = [offer.pk for offer in request.offers.all()] or [1]
    found = [reverse(f"appointments:{name}", args=[token]) for name in names]
    found += [reverse("appointments:accept", args=[token, offer]) for offer in offers]
    return found + [reverse("appointments:change", args=[token, name]) for name in CHANGES if name != "accept"]


@pytest.mark.wide
@pytest.mark.parametrize("state", STATES)
def test_every_page_behind_the_link_answers_and_tells_nothing_of_the_desk(client, reception, state):
    request = brought(*STATES[state], by=reception)
    token, answers = link_to(request), []
    with translation.override("es"):
        answers += [client.get(address) for address in addresses_behind(token, request)]
    addresses = addresses_behind(token, request)
    # Each press goes on from what the one before it left.
    answers += [client.get(addresses[0]), *(client.post(address) for address in addresses[1:])]
    for answer in answers:
        assert answer.status_code in (200, 303, 404, 409, 422), answer.request["PATH_INFO"]
        page = strip_tags(answer.content.decode()).casefold()
        assert not [word for word in SECRETS if word in page], answer.request["PATH_INFO"]

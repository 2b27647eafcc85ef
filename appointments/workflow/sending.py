"""Sending: a request is stored once however often its form is sent; other answers amend it, or make another request."""

import base64
import hmac
import json
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from hashlib import sha256

from django.db import IntegrityError, models, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from appointments import messages
from appointments.models import (
    Amendment,
    AmendmentKind,
    AppointmentRequest,
    Kind,
    SentForm,
    Source,
    TrackingLink,
)
from appointments.references import hash_of, new_reference
from appointments.workflow.danger import danger_in, heed, hurry, note_danger
from appointments.workflow.locking import Erased
from appointments.workflow.merging import known_as, locked_where_it_leads
from appointments.workflow.news import note_news
from appointments.workflow.promise import due_from
from appointments.workflow.table import MOVES
from audit.actors import Actor
from audit.models import Event
from clinic.encryption import index_candidates, index_of
from clinic.erasure import erased_at
from clinic.models import Location, Urgency
from clinic.refusals import Refused
from procedures.models import Procedure, ProcedureVersion

TRIES = 5
# For as long a form that was sent is known, though its request was erased (the answers of a form go stale then, too).
ERASED_FORMS_KEPT = timedelta(hours=24)

# Whose request it is. An answer with another of these is another person's, or must not reach the first one's address.
WHO = ("full_name", "email", "phone", "helper")
DETAILS_SET = MOVES["set_details"].event
AMENDED = "request.amended"


class Outcome(models.TextChoices):
    """What came of sending a form."""

    NEW = "new", _("a new request")
    SAME = "same", _("the same form once more")
    AMENDED = "amended", _("a change to the request that was sent before")
    ANOTHER = "another", _("another request beside the one that was sent before")


@dataclass(frozen=True)
class Door:
    """By which way a request came in, and what that changes. What nobody says otherwise came by the request form.

    `asked_at` (aware) is when the patient asked, None for now: the promise runs from then. `has_page` says that whoever
    sent it is led to its private page, `tells_patient` that a first message is written.
    """

    source: str = Source.WEB
    kind: str = Kind.REAL
    asked_at: datetime | None = None
    has_page: bool = True
    tells_patient: bool = True
    event: str = "request.received"


REQUEST_FORM = Door()


@dataclass(frozen=True)
class Submitted:
    """What came of sending: the request, the token of its private page, and what became of it."""

    request: AppointmentRequest
    token: str
    outcome: Outcome


def submit(answers, *, token, by, language, page_version=None, why_held=lambda: "", door=REQUEST_FORM):
    """Store a request with its event and its first message, and return Submitted.

    `answers` are the cleaned answers of the form, `token` was drawn when the form was opened. The same form sent again
    with the same answers leads to the same request, however often and from however many processes. With other answers
    it changes that request, or the one that it is joined with, while that is open and the person is the same; else it
    makes another one, under a token drawn from both. `page_version` is the primary key of the version of the page that
    the patient had read (ignored unless it is of that procedure). `why_held` is asked once, where a new request is
    about to be stored, and returns a HeldBecause for what looks like spam, else "". `door` says by which way it came.
    Raises Refused when an emergency sign is ticked, Erased when the form's request was erased: sending it again must
    not bring the person back.
    """
    if any(sign["ticked"] and sign["urgency"] == Urgency.EMERGENCY for sign in answers["signs"]):
        raise Refused(_("Get emergency help now. This form is too slow for an emergency."))
    text = json.dumps(answers, sort_keys=True)
    for _try in range(TRIES):
        try:
            return _submit_once(
                answers,
                text,
                token=token,
                by=by,
                language=language,
                page_version=page_version,
                why_held=why_held,
                door=door,
            )
        except IntegrityError:
            # The same form arrived twice at once, or a reference was drawn a second time: look again.
            continue
    raise IntegrityError("The request could not be stored: no free reference was found.")


def was_sent(answers, *, token):
    """Say whether the form whose token this is was sent before with these very answers."""
    text, sent = json.dumps(answers, sort_keys=True), _sent_form(token)
    while sent is not None:
        if sent.request is not None and _says_so(sent.request, sent.request.merged_into, text):
            return True
        token = _token_for_other_answers(token, answers)
        sent = _sent_form(token)
    return False


@transaction.atomic
def _submit_once(answers, text, *, token, by, language, page_version, why_held, door):
    outcome = Outcome.NEW
    while sent := _sent_form(token):
        if sent.request is None:
            raise Erased(_("You sent this form before, and what it said was erased. Start a new one to ask again."))
        request = locked_where_it_leads(sent.request)
        if _says_so(request, sent.request, text):
            return Submitted(request, token, Outcome.SAME if outcome == Outcome.NEW else outcome)
        if request.is_open and _is_same_person(request, answers):
            _amend(request, answers, text, by=by)
            if sent.request_id != request.pk:
                # What it said at first is no longer what its form said last.
                AppointmentRequest.of_every_kind.filter(pk=sent.request_id).update(answers_index="")
            return Submitted(request, token, Outcome.AMENDED)
        token, outcome = _token_for_other_answers(token, answers), Outcome.ANOTHER
    request = _store(answers, text, token, by, language, page_version, why_held, door)
    return Submitted(request, token, outcome)


def _sent_form(token):
    sent = SentForm.objects.select_related("request__merged_into")
    return sent.filter(token_hash=hash_of(token)).first()


def _says_so(request, joined, text):
    """Say whether these are the answers of a request, or of the one that its form made and that is joined with it."""
    said = [each.answers_index for each in (request, joined) if each is not None]
    return not set(said).isdisjoint(index_candidates(text, "answers"))


def _token_for_other_answers(token, answers):
    """Return the token under which the same form for another person is stored, the same one at every press."""
    who = json.dumps([answers.get(name) for name in WHO], sort_keys=True)
    digest = hmac.new(token.encode(), who.encode(), sha256).digest()
    return base64.urlsafe_b64encode(digest[:24]).decode()


def _is_same_person(request, answers):
    said = {name: answers.get(name) or "" for name in WHO}
    return said in [{name: who[name] or "" for name in WHO} for who in known_as(request, WHO)]


def _store(answers, text, token, by, language, page_version, why_held, door):
    # First of all, so that everybody waits for the same rows in the same order.
    held_because, asked_at = why_held(), door.asked_at or timezone.now()
    request = AppointmentRequest(
        reference=_free_reference(),
        kind=door.kind,
        source=door.source,
        language=language,
        created_at=asked_at,
        status_since=asked_at,
        promised_from=asked_at,
        held_because=held_because,
        answers_index=index_of(text, "answers"),
        **_columns(answers),
        **danger_in(answers["matter"]),
    )
    request.is_urgent = request.is_urgent or request.is_danger
    request.page_version = _version_read(request.procedure, page_version)
    request.due_at = due_from(asked_at, urgent=request.is_urgent)
    request.save(force_insert=True)
    SentForm.objects.create(token_hash=hash_of(token), request=request)
    if door.has_page:
        TrackingLink.make(request, token=token, made_for="form")
    facts = {"to": request.status, "revision": request.revision, "kind": request.kind, "source": request.source}
    Event.record(door.event, by=by, about=request, **facts)
    if request.is_danger:
        note_danger(request)
    if held_because:
        Event.record("request.held_as_spam", by=Actor.command(""), about=request, because=held_because)
    if door.tells_patient:
        messages.write(request, "received")
    return request


def _free_reference():
    """Return a reference that was never erased: whoever has the old one on paper must not be led to another person."""
    while erased_at(reference := new_reference()) is not None:
        pass
    return reference


def _columns(answers):
    """Return the columns of a request that these answers fill."""
    born, preferences = answers.get("date_of_birth"), answers.get("preferences") or {}
    return {
        "wish": answers["wish"],
        "procedure": Procedure.objects.filter(key=answers.get("procedure") or None).first(),
        "location": Location.objects.filter(key=answers.get("location") or None).first(),
        "is_urgent": any(sign["ticked"] and sign["urgency"] == Urgency.URGENT for sign in answers["signs"]),
        "full_name": answers["full_name"],
        "email": answers.get("email", ""),
        "phone": answers.get("phone", ""),
        "date_of_birth": date.fromisoformat(born) if born else None,
        "matter": answers["matter"],
        "preferences": preferences,
        "wants_sooner": bool(preferences.get("sooner")),
        "signs": answers["signs"],
        "helper": answers.get("helper") or None,
        "wants_details": bool(answers.get("wants_details")),
    }


def _version_read(procedure, pk):
    """Return the version with this primary key where patients could read it on a page of the procedure, else None."""
    if procedure is None or not pk:
        return None
    return ProcedureVersion.objects.filter(pk=pk, page__procedure=procedure, published_at__isnull=False).first()


# Amending


def _amend(request, answers, text, *, by):
    """Let the request say what the form says now; what it said until then stays in the amendment."""
    before = answers_of(request)
    after = answers | _chosen_since(request, before, answers)
    changed = sorted(name for name in after if after[name] != before.get(name))
    amendment = Amendment.objects.create(
        request=request,
        kind=AmendmentKind.SENT_AGAIN,
        before={name: before.get(name) for name in changed},
        after={name: after[name] for name in changed},
    )
    was_urgent = request.is_urgent
    for name, value in _columns(after).items():
        setattr(request, name, value)
    # What was urgent stays so: somebody may be acting on it.
    request.is_urgent = request.is_urgent or was_urgent
    # What the patient says wakes it, as on the private page.
    request.snoozed_until = None
    if request.is_urgent and not was_urgent:
        hurry(request, was_urgent=False)
    found_danger = heed(request, request.matter)
    note_news(request, AMENDED)
    request.answers_index = index_of(text, "answers")
    request.revision += 1
    request.save()
    Event.record(
        AMENDED,
        by=by,
        about=request,
        amendment=amendment.pk,
        changed=changed,
        to=request.status,
        revision=request.revision,
    )
    if found_danger:
        note_danger(request)


def _chosen_since(request, before, answers):
    """Return what stays as the patient chose it on the private page since the form was sent last.

    The form is older there: what it repeats is no choice, and what it says otherwise than it did is one.
    """
    told, stays = {}, {}
    for amendment in request.amendments.all():
        if amendment.kind == AmendmentKind.PREFERENCES:
            told = amendment.before | told
        elif amendment.kind == AmendmentKind.SENT_AGAIN and "preferences" in amendment.after:
            was, became = amendment.before["preferences"], amendment.after["preferences"]
            told = {name: value for name, value in told.items() if was.get(name) == became.get(name)}
    if told:
        now, kept = answers.get("preferences") or {}, before["preferences"]
        repeated = {name for name, value in told.items() if now.get(name) == value}
        stays["preferences"] = now | {name: kept[name] for name in repeated if name in kept}
    if Event.objects.about(request).filter(verb=DETAILS_SET).exists():
        stays["wants_details"] = before["wants_details"]
    return stays


def answers_of(request):
    """Return what a request says now as `submit` takes it."""
    return {
        "wish": str(request.wish),
        "procedure": request.procedure.key if request.procedure else "",
        "location": request.location.key if request.location else "",
        "signs": request.signs,
        "matter": request.matter,
        "full_name": request.full_name,
        "email": request.email,
        "phone": request.phone,
        "date_of_birth": request.date_of_birth.isoformat() if request.date_of_birth else "",
        "preferences": request.preferences or {},
        "helper": request.helper or {},
        "wants_details": request.wants_details,
    }


def first_sent(request, amendments):
    """Return what the request said when it was first sent, from its amendments (oldest first)."""
    answers = answers_of(request)
    for amendment in reversed(amendments):
        if amendment.kind == AmendmentKind.SENT_AGAIN:
            answers |= amendment.before
        elif amendment.kind == AmendmentKind.PREFERENCES:
            answers["preferences"] = answers["preferences"] | amendment.before
    return answers


def forget_erased_forms():
    """Delete the forms whose request was erased, once they are so old that they go stale; return how many. A chore."""
    old = timezone.now() - ERASED_FORMS_KEPT
    return SentForm.objects.filter(request=None, sent_at__lt=old).delete()[0]

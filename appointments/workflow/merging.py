"""Joining two requests of one person: the one that stays takes over what is chosen, the other one leads to it.

The other one keeps its words, changes and history, and is closed. All that brings both back is kept with the joining.
A request that others lead to leads nowhere itself: what was joined before goes along, so that one step is enough.
"""

from datetime import date

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from appointments.models import (
    AppointmentRequest,
    ClinicQuestion,
    Merge,
    NotDuplicate,
    OfferState,
    PhoneTask,
    Status,
    TimeOffer,
)
from appointments.workflow import calling, times
from appointments.workflow.locking import all_locked
from appointments.workflow.places import check_may_triage
from appointments.workflow.promise import due_from, whole
from appointments.workflow.table import TRIAGE
from audit.models import Event
from clinic.hours import working_minutes
from clinic.models import reception_hours
from clinic.refusals import Refused, Stale, Unfit
from outbox.models import Message, State

MINE, OTHER = "mine", "other"

# What is chosen, and the columns that go with it. What was said of messages goes with the address that they leave for.
CHOSEN = {
    "full_name": ("full_name",),
    "email": ("email", "email_index", "bounced_at", "wants_details", "wants_reminders"),
    "phone": ("phone", "phone_index"),
    "date_of_birth": ("date_of_birth",),
    "helper": ("helper",),
    "wish": ("wish",),
    "procedure": ("procedure_id", "page_version_id"),
    "location": ("location_id",),
    "language": ("language",),
    "preferences": ("preferences", "wants_sooner"),
}
BY_ITSELF = (
    *("status", "status_since", "holder_id", "held_since", "snoozed_until"),
    *("is_danger", "danger_because", "is_urgent", "created_at", "promised_from", "promise_minutes", "due_at"),
    *("first_answered_at", "first_answer_minutes", "news_since"),
)
OF_KEPT = (*(column for columns in CHOSEN.values() for column in columns), *BY_ITSELF)
OF_MERGED = ("status", "status_since", "snoozed_until", "news_since", "merged_into_id", "due_at")


def check_merge(kept, merged, *, by):
    """Raise Refused with the reason when `by` may not join the second request with the first, which stays."""
    check_may_triage(kept, merged, by=by)
    if kept.pk == merged.pk:
        raise Refused(_("This is one and the same request."))
    if kept.kind != merged.kind:
        raise Refused(_("One of these is for practice, the other is not. They stay two."))
    for each in (kept, merged):
        facts = {"reference": each.reference, "status": each.get_status_display(), "name": each.holder}
        if each.merged_into_id:
            raise Refused(_("%(reference)s is joined with another request already.") % facts)
        if each.held_because:
            raise Refused(_("%(reference)s is held as spam. Say first whether it is.") % facts)
        if not each.is_open:
            raise Refused(_("%(reference)s is “%(status)s”. Only open requests are joined.") % facts)
        # What somebody holds who no longer answers requests must not wait for them.
        if each.holder_id not in (None, by.id) and each.holder.has_perm(TRIAGE):
            raise Refused(_("%(name)s holds %(reference)s. Ask them to release it, or to hand it over to you.") % facts)
    if times.has_its_time_to_come(merged):
        raise Refused(
            _("%(reference)s has an agreed time still to come. Let it be the one that stays, or cancel the time first.")
            % {"reference": merged.reference}
        )


@transaction.atomic
def merge(kept, merged, *, choices, by, seen_revision, seen_other):
    """Join `merged` with `kept`, which stays and is then held by `by`; return it as it then stands.

    `choices` maps names of CHOSEN to MINE (of the one that stays, as where nothing is said) or OTHER; `seen_revision`
    and `seen_other` are the revisions that the person looked at. Nobody is written to. Raises Stale, Refused, and
    Unfit when no way to reach the patient would be left. The same press twice is one joining.
    """
    if kept.pk == merged.pk:
        raise Refused(_("This is one and the same request."))
    both = (kept.pk, merged.pk)
    rows = all_locked(Q(pk__in=both) | Q(merged_into=merged.pk), needed=both)
    kept, merged, led = rows.pop(kept.pk), rows.pop(merged.pk), sorted(rows)
    if (kept.revision, merged.revision) != (seen_revision, seen_other):
        if merged.merged_into_id == kept.pk and (kept.revision, merged.revision) == (seen_revision + 1, seen_other + 1):
            return kept
        raise Stale(_("Somebody changed one of these requests while you had them open. Look again, then decide."))
    check_merge(kept, merged, by=by)
    before = {"kept": _plain(kept, OF_KEPT), "merged": _plain(merged, OF_MERGED), "led": led, **_stop(merged)}
    before["were"] = [kept.revision, merged.revision]
    start = kept.status
    _take_over(kept, merged, choices)
    _go_on(kept, merged, by=by)
    kept.revision += 1
    kept.save(update_fields=_fields(OF_KEPT))
    if kept.email != before["kept"]["email"]:
        _readdress(kept)
    merged.merged_into, merged.snoozed_until, merged.news_since = kept, None, None
    merged.status, merged.status_since = Status.CLOSED, timezone.now()
    merged.revision += 1
    merged.save(update_fields=_fields(OF_MERGED))
    AppointmentRequest.of_every_kind.filter(pk__in=led).update(merged_into=kept)
    before |= {"left": _plain(kept, OF_KEPT), "revision": kept.revision}
    made = Merge.objects.create(kept=kept, merged=merged, before=before, made_by=by.user)
    taken = sorted(name for name in CHOSEN if choices.get(name) == OTHER)
    facts = {"merge": made.pk, "from": start, "to": kept.status, "revision": kept.revision}
    Event.record("request.merged", by=by, about=kept, merged=merged.pk, chosen=taken, **facts)
    facts = {"from": before["merged"]["status"], "to": merged.status, "revision": merged.revision}
    Event.record("request.merged_into", by=by, about=merged, kept=kept.pk, merge=made.pk, **facts)
    return kept


def _take_over(kept, merged, choices):
    """Give the request that stays what was chosen of the other one, unsaved."""
    for name, columns in CHOSEN.items():
        if choices.get(name, MINE) not in (MINE, OTHER):
            raise Unfit(_("Choose one of the two."), field=name)
        if choices.get(name) == OTHER:
            for column in columns:
                setattr(kept, column, getattr(merged, column))
    if not (kept.email or kept.phone):
        raise Unfit(
            _("Keep an email address or a telephone number, so that the patient can be reached."), field="phone"
        )


def _go_on(kept, merged, *, by):
    """Let the request that stays go on, unsaved, as urgent and as early as either was, in the hands of `by`."""
    _take_clock(kept, merged)
    kept.is_danger, kept.is_urgent = kept.is_danger or merged.is_danger, kept.is_urgent or merged.is_urgent
    known = kept.danger_because or []
    kept.danger_because = [*known, *(each for each in merged.danger_because or [] if each not in known)] or None
    _take_first_answer(kept, merged)
    # What the clinic still owes the other one must not wait for the patient.
    is_owed = kept.status == Status.WAITING and merged.waits_for_clinic
    if kept.status == Status.NEW or is_owed:
        kept.status, kept.status_since = Status.IN_PROGRESS, timezone.now()
    if kept.holder_id != by.id:
        kept.holder, kept.held_since = by.user, timezone.now()
    kept.snoozed_until = None
    _take_news(kept, merged)


def _take_news(kept, merged):
    """Let what the other one's patient told us be news of the request that stays, unsaved; and what they still ask.

    Beside an agreed time nothing else would say that it waits for the clinic.
    """
    news = [each.news_since for each in (kept, merged) if each.has_news]
    if kept.status == Status.AGREED and merged.waits_for_clinic:
        news.append(timezone.now())
    if news:
        kept.news_since = min(news)


def _take_clock(kept, merged):
    """Let the promise of the request that stays, unsaved, be the earlier of those that the clinic owes."""
    owed = [each for each in (kept, merged) if each.waits_for_clinic]
    if not owed or kept.status == Status.AGREED:
        return
    first = min(owed, key=lambda each: each.due_at)
    minutes, is_urgent = first.promise_minutes, kept.is_urgent or merged.is_urgent
    if minutes is None and first.is_urgent != is_urgent:
        minutes = whole(urgent=first.is_urgent)
    kept.promised_from, kept.promise_minutes, kept.due_at = first.promised_from, minutes, first.due_at


def _take_first_answer(kept, merged):
    """Let the request that stays, unsaved, have come and been answered when the first of the two was."""
    answered = [each for each in (kept, merged) if each.first_answered_at]
    came = min(kept.created_at, merged.created_at)
    if answered:
        first = min(answered, key=lambda each: each.first_answered_at)
        minutes = first.first_answer_minutes
        if first.created_at != came:
            minutes = working_minutes(reception_hours(), came, first.first_answered_at)
        kept.first_answered_at, kept.first_answer_minutes = first.first_answered_at, minutes
    kept.created_at = came


def _readdress(kept):
    """Let what has yet to leave go to the address chosen now, or be said by telephone where none can be written to."""
    if kept.can_be_written_to:
        Message.objects.about(kept).filter(state=State.WAITING).update(recipient=kept.email)
    else:
        calling.call_instead(kept)


def _stop(merged):
    """Take back what the patient was still offered, asked and to be told of a request; return what brings it back."""
    offers = list(merged.offers.open().values_list("pk", flat=True))
    times.release(merged.offers.open())
    questions = list(merged.clinic_questions.open().values_list("pk", flat=True))
    merged.clinic_questions.open().update(taken_back_at=timezone.now())
    said = merged.phone_tasks.filter(done_at__isnull=False, message__isnull=False).values("message")
    late = Message.objects.about(merged).exclude(state__in=(State.SENT, State.CANCELLED)).exclude(pk__in=said)
    late = late.exclude(purpose__in=calling.TOLD_ALL_THE_SAME)
    messages = [list(each) for each in late.values_list("pk", "state")]
    Message.objects.filter(pk__in=[pk for pk, _state in messages]).exclude(state=State.SENT).update(
        state=State.CANCELLED
    )
    calls = merged.phone_tasks.filter(done_at=None).exclude(purpose__in=calling.TOLD_ALL_THE_SAME)
    kept_calls = [_plain(call, ("id", "purpose", "because", "message_id", "made_at")) for call in calls]
    calls.delete()
    return {"offers": offers, "questions": questions, "messages": messages, "calls": kept_calls}


# Taking apart


def check_unmerge(merged, *, by, keeps=False):
    """Return the Merge that can be taken back; raise Refused with the reason, and what can be done, when none can."""
    check_may_triage(merged, by=by)
    made = Merge.objects.filter(merged=merged, undone_at=None).select_related("kept").first()
    if made is None:
        raise Refused(_("%(reference)s is not joined with another request.") % {"reference": merged.reference})
    check_may_triage(made.kept, by=by)
    facts = {"reference": merged.reference, "kept": made.kept.reference}
    if merged.merged_into_id != made.kept_id:
        raise Refused(_("%(kept)s was itself joined with another request since. Take that apart first.") % facts)
    if not keeps and made.kept.revision != made.before["revision"]:
        raise Refused(
            _(
                "Something was done with %(kept)s since, so they cannot both be as they were. You can still open "
                "%(reference)s again beside it: %(kept)s then stays as it is now."
            )
            % facts
        )
    return made


@transaction.atomic
def unmerge(merged, *, by, keeps=False):
    """Take two joined requests apart, and return the one that had been joined, as it then stands.

    Both are as they were, but for what `keeps` the one that stayed as it is now. Raises Refused when that cannot be.
    """
    found = Merge.objects.filter(merged=merged, undone_at=None).values("kept")
    rows = all_locked(Q(pk=merged.pk) | Q(pk__in=found) | Q(merged_into__in=found), needed=[merged.pk])
    merged = rows[merged.pk]
    made = check_unmerge(merged, by=by, keeps=keeps)
    kept, before = rows[made.kept_id], made.before
    if not keeps:
        _bring_back(kept, before["kept"], left=before["left"])
        kept.revision += 1
        kept.save(update_fields=_fields(OF_KEPT))
        if kept.email != before["left"]["email"]:
            _readdress(kept)
        _is_as_left(kept, before["were"][0])
    _bring_back(merged, before["merged"])
    merged.revision += 1
    merged.save(update_fields=_fields(OF_MERGED))
    _is_as_left(merged, before["were"][1])
    AppointmentRequest.of_every_kind.filter(pk__in=before["led"], merged_into=kept).update(merged_into=merged)
    _start_again(merged, before)
    # What brought both back is personal, and has done its work.
    made.undone_at, made.before = timezone.now(), {}
    made.save(update_fields=["undone_at", "before"])
    Event.record("request.unmerged", by=by, about=merged, merge=made.pk, to=merged.status, revision=merged.revision)
    facts = {"to": kept.status, "revision": kept.revision, "stays": keeps}
    Event.record("request.unmerged", by=by, about=kept, merge=made.pk, **facts)
    return merged


def _bring_back(request, values, *, left=None):
    """Give a request, unsaved, its values from before; what changed since it was `left` with others stays changed."""
    since = _plain(request, values)
    _set(request, {name: value for name, value in values.items() if left is None or since[name] == left[name]})
    if request.waits_for_clinic:
        # The hours may have changed since.
        request.due_at = due_from(request.promised_from, urgent=request.is_urgent, minutes=request.promise_minutes)


def _set(request, values):
    for column, value in values.items():
        setattr(request, column, request._meta.get_field(column.removesuffix("_id")).to_python(value))


def replaced(made):
    """Return what the request that stayed said itself before a joining: as an unsaved request, and the names of CHOSEN.

    The names are those under which it says something else since. What others say stands on their own sheets.
    """
    was, before = AppointmentRequest(), made.before
    _set(was, before["kept"])
    return was, [name for name, (column, *_also) in CHOSEN.items() if before["kept"][column] != before["left"][column]]


def _is_as_left(request, revision):
    """Let what was joined with a request earlier still be taken apart, if nobody moved it between the two joinings."""
    for made in Merge.objects.filter(kept=request, undone_at=None):
        if made.before["revision"] == revision:
            made.before["revision"] = request.revision
            made.save(update_fields=["before"])


def _start_again(merged, before):
    TimeOffer.objects.filter(pk__in=before["offers"], state=OfferState.RELEASED).update(state=OfferState.OPEN)
    ClinicQuestion.objects.filter(pk__in=before["questions"]).update(taken_back_at=None)
    for pk, state in before["messages"]:
        state = State.WAITING if state == State.SENDING else state
        Message.objects.filter(pk=pk, state=State.CANCELLED).update(state=state)
    PhoneTask.objects.bulk_create(PhoneTask(request=merged, **call) for call in before["calls"])
    if merged.bounced_at:
        calling.call_instead(merged)


# They are two


@transaction.atomic
def not_duplicate(one, other, *, by):
    """Write down that two requests are two, so that no hint joins them again. Saying so twice is saying it once."""
    check_may_triage(one, other, by=by)
    if one.pk == other.pk:
        raise Refused(_("This is one and the same request."))
    first, second = sorted((one, other), key=lambda each: each.pk)
    _row, is_new = NotDuplicate.objects.get_or_create(first=first, second=second, defaults={"said_by": by.user})
    if is_new:
        Event.record("request.not_duplicate", by=by, about=first, other=second.pk)
        Event.record("request.not_duplicate", by=by, about=second, other=first.pk)


# Where a request leads


def locked_where_it_leads(request):
    """Lock a request, and return the one it is joined with, else itself.

    Both are locked, the lower key first as everywhere: else two people could wait for each other.
    """
    rows = all_locked(Q(pk__in={request.pk, request.merged_into_id} - {None}), needed=[request.pk])
    row = rows[request.pk]
    if row.merged_into_id is None:
        return row
    # It may have been joined at this very moment.
    return rows.get(row.merged_into_id) or all_locked(Q(pk=row.merged_into_id))[row.merged_into_id]


def known_as(request, names):
    """Return what the forms that lead to a request said under these names, as dictionaries (1 query).

    The request holds what was chosen of them.
    """
    said = [{name: getattr(request, name) for name in names}]
    for made in Merge.objects.filter(merged__merged_into=request, undone_at=None).select_related("merged"):
        said.append({name: getattr(made.merged, name) for name in names})
        said.append({name: made.before["kept"][name] for name in names})
    return said


def _fields(columns):
    return [*(column.removesuffix("_id") for column in columns), "revision"]


def _plain(row, columns):
    """Return columns of a row as JSON keeps them."""
    values = {column: getattr(row, column) for column in columns}
    return {name: value.isoformat() if isinstance(value, date) else value for name, value in values.items()}

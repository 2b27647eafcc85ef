"""The sheet: all that is known of one request on one screen, in words."""

from django.db.models import OuterRef, Q, Subquery
from django.urls import reverse
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import get_language_info, gettext
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from appointments import presence, workflow
from appointments.admin import amendments, calling, holding, queue
from appointments.forms import (
    ReachBy,
    Record,
    Relation,
    ToContact,
    interpreter_choices,
    parts_in_words,
    times_in_words,
)
from appointments.models import STATUS_TONES, Status
from appointments.opened import READ, roles_in_words
from audit.actors import STAFF
from audit.models import Event
from audit.reading import REFUSED
from clinic.telephone import telephone_href

NEWEST_READS = 20
# What is recorded about a request and is no part of its story.
FOR_AUDITORS = (REFUSED, "request.history_read")

WHAT_HAPPENED = {
    "request.received": _("Sent the request"),
    "request.entered": _("Wrote the request down"),
    "request.claimed": _("Claimed it"),
    "request.news_read": _("Took notice of what was new"),
    "request.released": _("Released it to the queue"),
    "request.answered": _("Answered it"),
    "request.declined": _("Declined it"),
    "request.closed": _("Closed it"),
    "request.times_offered": _("Offered times"),
    "request.time_agreed": _("Agreed a time by telephone"),
    "request.time_changed": _("Changed the agreed time"),
    "request.time_cancelled": _("Cancelled the agreed time"),
    "request.asked": _("Asked the patient"),
    "request.taken_back": _("Stopped waiting for the patient"),
    "request.time_accepted": _("Accepted a time"),
    "request.other_times_wanted": _("Asked for other times"),
    "request.replied": _("Answered the clinic’s question"),
    "request.added_to": _("Added something"),
    "request.preferences_changed": _("Changed when it suits"),
    "request.withdrawn": _("Withdrew the request"),
    "request.danger_found": _("Found words of danger"),
    "request.amended": _("Sent the form again with other answers"),
    "request.held_as_spam": _("Held as spam"),
    "request.not_spam": _("Said that it is not spam"),
    "request.judged_spam": _("Said that it is spam"),
    "request.handed_over": _("Handed it over"),
    "request.urgency_set": _("Said how urgent it is"),
    "request.snoozed": _("Put it aside"),
    "request.woken": _("Brought it back"),
    "request.retracted": _("Took back what was written to the patient"),
    "request.reopened": _("Opened it again"),
    "request.undone": _("Undid the last move"),
    "request.called": _("Called the patient"),
    "request.call_taken_back": _("Took back a logged call"),
    "request.note_written": _("Wrote a note"),
    "request.note_taken_back": _("Took back a note"),
    "request.call_undone": _("Said that a call is still to be made"),
    "request.email_came_back": _("Said that e-mail comes back"),
    "request.email_arrives": _("Said that e-mail arrives after all"),
    "request.reminded": _("Reminded the patient"),
    "request.reminders_set": _("Turned reminders on or off"),
    "request.details_set": _("Chose whether messages name the treatment"),
    "request.words_read": _("Read what the clinic wrote"),
    "request.told_of_change": _("Told the patient that a page has changed"),
    "request.not_told_of_change": _("Said that a change of a page needs no message"),
    "request.link_asked_for": _("Asked for a new private link"),
    "request.link_revoked": _("Revoked a private link"),
    "request.merged": _("Joined another request with it"),
    "request.merged_into": _("Joined it with another request"),
    "request.unmerged": _("Took two joined requests apart"),
    "request.not_duplicate": _("Said that it and another request are two"),
    "request.erased": _("Erased the request"),
    "person.looked_up": _("Looked for all requests of this person"),
    "person.exported": _("Made a copy of all that is held of this person"),
    READ: _("Opened this sheet"),
}
CANNOT_BE_READ = _("This cannot be read with this site’s keys.")


def sheet(asked, amended, *, user):
    """Return the template context of one request's sheet, as `user` may see it.

    1 query, and 1 where the form was sent again. `amended` are all its amendments, as far as they can be read.
    """
    events = happened_to(asked)
    happened = [event for event in events if event.verb != READ]
    reads = [event for event in events if event.verb == READ]
    return {
        **calling.press(asked, user=user),
        "calls_waiting": asked.calls_waiting,
        "asked": asked,
        "others_here": presence.others_here(reads, user=user),
        "hurry": queue.hurry_of(asked),
        "why_it_cannot_wait": why_it_cannot_wait(asked),
        "tone": STATUS_TONES[asked.status],
        "overdue": queue.how_late(asked),
        "next_step": next_step(asked),
        "way": way_so_far(happened),
        "held": holding.held(asked),
        "news": [history_line(event) for event in workflow.news_among(happened)] if asked.has_news else [],
        "changes": amendments.changes(asked, amended, preferences=in_words),
        "facts": [*facts(asked), *page_read(asked, user=user), contacted(asked)],
        "helper": helper(asked.helper or {}),
        "contact_is_of": name_to_contact(asked),
        "preferences": preferences(asked),
        "signs": asked.signs or [],
        "ticked": [sign for sign in asked.signs or [] if sign["ticked"]],
        "phone_href": telephone_href(asked.phone) if asked.phone else "",
        "history": [history_line(event) for event in happened],
        "reads": [history_line(event) for event in reads[:NEWEST_READS]],
        "more_reads": len(reads) > NEWEST_READS,
    }


def happened_to(asked):
    """Return all events about a request but older openings of its sheet, newest first, each with `by_name` (1 query).

    That is the name of who did it, where that is a member of staff.
    """
    events = Event.objects.about(asked).exclude(verb__in=FOR_AUDITORS)
    newest_reads = events.filter(verb=READ).values("pk")[: NEWEST_READS + 1]
    names = User.objects.with_name().filter(pk=OuterRef("actor_id")).values("name")
    shown = events.filter(~Q(verb=READ) | Q(pk__in=newest_reads))
    return list(shown.annotate(by_name=Subquery(names.order_by())))


def way_so_far(happened):
    """Return the states that a request went through (`label`, `when`), oldest first, from its events, newest first."""
    way = []
    for event in reversed(happened):
        status = event.details.get("to")
        if status in Status.values and (not way or status != way[-1]["status"]):
            label, when = capfirst(Status(status).label), timezone.localtime(event.happened_at)
            way.append({"status": status, "label": label, "when": when})
    return way


def why_it_cannot_wait(asked):
    """Return the words of danger, where it counts as dangerous still, and the urgent sign that was ticked."""
    because = asked.danger_because if asked.is_danger else None
    return queue.why_it_cannot_wait(because, asked.signs if asked.is_urgent else None)


def next_step(asked):
    """Return what is to be done next, as the queue says it; "" where a notice of the sheet says it already."""
    said_already = asked.merged_into_id or asked.has_news or asked.is_snoozed() or asked.held_because
    return "" if said_already else queue.next_step(asked)


def facts(asked):
    """Return rows for the component `summary_list`: what was asked for, and by when it is to be answered."""
    waited = queue.how_long(asked.created_at, timezone.now())
    rows = [
        (gettext("Would like"), capfirst(asked.get_wish_display())),
        (gettext("Procedure"), asked.procedure_name or asked.procedure or gettext("Not sure")),
        (gettext("Location"), asked.location or gettext("No preference")),
        (gettext("Language"), get_language_info(asked.language)["name_translated"]),
        (
            gettext("Received"),
            gettext("%(when)s (%(time)s ago)") % {"when": queue.exactly(asked.created_at), "time": waited},
        ),
        (gettext("How they asked"), queue.came_by(asked)),
        (gettext("Who has it"), holder_in_words(asked)),
    ]
    if asked.waits_for_clinic:
        rows.append((gettext("Due by"), queue.exactly(asked.due_at)))
    return [{"label": label, "value": str(value)} for label, value in rows]


def contacted(asked):
    """Return the row about whether the patient was told something yet, and how."""
    return {"label": gettext("Contacted"), "value": calling.contacted(asked)}


def page_read(asked, *, user):
    """Return the row about the version of the page that the patient had read; none where it is not known."""
    if asked.page_version_id is None:
        return []
    words = gettext("Version %(number)s of “%(page)s”") % {"number": asked.page_number, "page": asked.page_name}
    may_open = user.has_perm("procedures.view_procedureversion")
    url = reverse("procedures:preview_procedure", args=[asked.page_version_id]) if may_open else ""
    return [{"label": gettext("Had read"), "value": words, "url": url}]


def helper(who):
    """Return rows for the component `summary_list`: who asks for the patient; none for patients who ask themselves."""
    if not who:
        return []
    rows = [(gettext("Asked by"), who.get("full_name", ""))]
    if who.get("relation") in Relation.values:
        rows.append((gettext("Who that is"), Relation(who["relation"]).label))
    rows.append(
        (
            gettext("Call or write to"),
            gettext("The patient") if who.get("call") == ToContact.PATIENT else gettext("Who asked, not the patient"),
        )
    )
    return [{"label": label, "value": str(value)} for label, value in rows]


def name_to_contact(asked):
    """Return whose the telephone number and the e-mail address are, where that is not the patient; else ""."""
    who = asked.helper or {}
    return who.get("full_name", "") if who.get("call") == ToContact.HELPER else ""


def preferences(asked):
    """Return rows for the component `summary_list`: when it suits, how to reach whom, and what to prepare."""
    rows = in_words(asked.preferences or {})
    if asked.wants_details:
        rows.append({"label": gettext("Messages may name the treatment"), "value": gettext("Yes")})
    return rows


def in_words(chosen):
    """Return rows for the component `summary_list` about preferences, as the patient chose them at some time."""
    rows = [*_times(chosen), *_reach(chosen), *_needs(chosen)]
    return [{"label": label, "value": str(value)} for label, value in rows]


def _times(chosen):
    if chosen.get("times"):
        yield gettext("Can come"), times_in_words(chosen["times"])
    if chosen.get("sooner"):
        yield gettext("Wants an earlier time that comes free"), gettext("Yes")


def _reach(chosen):
    if chosen.get("reach_by") in ReachBy.values:
        yield gettext("Reach them"), ReachBy(chosen["reach_by"]).label
        if chosen.get("reach_when"):
            yield gettext("May be telephoned"), parts_in_words(chosen["reach_when"])
        yield gettext("May we leave a message?"), gettext("Yes") if chosen.get("leave_message") else gettext("No")


def _needs(chosen):
    languages = dict(interpreter_choices())
    if chosen.get("interpreter") in languages.keys() - {""}:
        yield gettext("Needs an interpreter"), languages[chosen["interpreter"]]
    if chosen.get("step_free"):
        yield gettext("Needs a way in without steps"), gettext("Yes")
    if chosen.get("other_needs"):
        yield gettext("What else helps"), chosen["other_needs"]
    records = [str(Record(record).label) for record in chosen.get("records", []) if record in Record.values]
    if records:
        yield gettext("Has"), ", ".join(records)


def holder_in_words(asked):
    """Return who has the request, and since when."""
    if asked.holder is None:
        return gettext("Nobody")
    return gettext("%(name)s, since %(when)s") % {"name": asked.holder, "when": queue.exactly(asked.held_since)}


def history_line(event):
    """Return one audit event as an item of the component `history`."""
    return {
        "when": timezone.localtime(event.happened_at),
        "what": WHAT_HAPPENED.get(event.verb, event.verb),
        "who": actor_in_words(event),
    }


def actor_in_words(event):
    """Return who did it: a member of staff with the roles held then, the patient, or a command."""
    if event.actor_kind != STAFF:
        return event.actor_words
    roles = roles_in_words(event.actor_role)
    name = event.by_name or gettext("somebody who left")
    return f"{name} ({roles})" if roles else name

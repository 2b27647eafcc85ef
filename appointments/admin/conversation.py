"""What was said since the request came, on its sheet: questions, replies, what the patient added, and the times."""

from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext

from appointments.admin import sheet
from appointments.models import AmendmentKind, OfferState
from clinic.encryption import each_readable

TIME_TONES = {OfferState.OPEN: "waiting", OfferState.AGREED: "good", OfferState.RELEASED: "stopped"}


def since(asked, amended):
    """Return the template context of the sheet's blocks about what came after the request (1 query).

    `amended` are all its amendments, as far as they can be read.
    """
    times = _times(asked)
    return {
        "said": sorted(_changes(asked, amended) + _questions(asked), key=lambda item: item["when"], reverse=True),
        "times": [time for time in times if time["is_current"]],
        "earlier_times": [time for time in times if not time["is_current"]],
    }


def _changes(asked, amended):
    """Return what the patient added, and how they changed when it suits: each with what it was until then."""
    items, later = [], asked.preferences or {}
    for amendment in reversed(amended):
        item = {"when": timezone.localtime(amendment.made_at), "is_patients": True}
        if not amendment.is_readable:
            items.append(item | {"what": capfirst(amendment.get_kind_display()), "text": sheet.CANNOT_BE_READ})
            continue
        if amendment.kind == AmendmentKind.ADDED:
            items.append(item | {"what": gettext("The patient added"), "text": amendment.words})
        elif amendment.kind == AmendmentKind.PREFERENCES:
            earlier = later | amendment.before
            rows = _changed_rows(earlier, later)
            what = gettext("The patient changed when it suits") if rows else gettext("When it suits stays as it was")
            items.append(item | {"what": what, "rows": rows})
            later = earlier
        else:
            later = amendment.before.get("preferences", later) or {}
    return items


def _changed_rows(earlier, later):
    """Return the preferences that differ, each with its words now and until then."""
    before = {row["label"]: row["value"] for row in sheet.in_words(earlier)}
    now = {row["label"]: row["value"] for row in sheet.in_words(later)}
    return [
        {"label": label, "value": now.get(label, "–"), "before": before.get(label, "–")}
        for label in now | before
        if now.get(label) != before.get(label)
    ]


def _questions(asked):
    items = []
    for question in each_readable(asked.clinic_questions.select_related("asked_by")):
        when, what = timezone.localtime(question.asked_at), gettext("%(name)s asked") % {"name": question.asked_by}
        waits = gettext("No reply yet.") if question.is_open else ""
        if question.taken_back_at:
            taken_back = sheet.queue.exactly(question.taken_back_at)
            waits = gettext("Taken back: %(when)s.") % {"when": taken_back}
        items.append({"when": when, "what": what, "text": _words(question, "text"), "waits": waits})
        if question.replied_at is not None:
            when, what = timezone.localtime(question.replied_at), gettext("The patient replied")
            items.append({"when": when, "what": what, "text": _words(question, "reply"), "is_patients": True})
    return items


def _words(question, name):
    return getattr(question, name) if question.is_readable else sheet.CANNOT_BE_READ


def _times(asked):
    return [_time(offer) for offer in asked.offers.all()]


def _time(offer):
    is_lost = offer.state == OfferState.OPEN and not offer.is_free
    return {
        "when": timezone.localtime(offer.starts_at),
        "minutes": offer.minutes,
        "place": offer.location.name,
        "clinician": offer.clinician.name,
        "state": _lost_in_words(offer) if is_lost else offer.get_state_display(),
        "tone": "urgent" if is_lost else TIME_TONES[offer.state],
        "trouble": _trouble(offer) if offer.state == OfferState.AGREED else "",
        "is_current": offer.is_current,
    }


def _lost_in_words(offer):
    """Return why a time that is still offered can no longer be had."""
    if offer.starts_at <= timezone.now():
        return gettext("offered, but past")
    if not offer.is_in_use:
        return gettext("offered, but the place or the clinician is no longer in use")
    return gettext("offered, but taken since")


def _trouble(offer):
    """Return why the clinic may not be able to keep an agreed time that is to come; "" for none."""
    if offer.ends_at <= timezone.now():
        return ""
    facts = {"place": offer.location.name, "name": offer.clinician.name}
    if not offer.location.is_open:
        return gettext("%(place)s is closed now. Change the time, or cancel it.") % facts
    if not offer.clinician.is_shown:
        return gettext("%(name)s no longer sees patients here. Change the time, or cancel it.") % facts
    if offer.is_closed:
        return gettext("%(place)s is closed on that day. Change the time, or make sure that it is kept.") % facts
    return ""

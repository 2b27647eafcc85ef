"""A row of the queue: what it says of a request, in words."""

from django.contrib import admin
from django.db.models import Case, Count, Exists, F, OuterRef, Q, Subquery, TextField, When
from django.db.models.functions import Cast
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import mark_safe
from django.utils.text import capfirst
from django.utils.timesince import timesince
from django.utils.translation import get_language, gettext, ngettext
from django.utils.translation import gettext_lazy as _

from appointments.models import STATUS_TONES, AppointmentRequest, ClinicQuestion, Source, Status, TimeOffer, Wish
from clinic.encryption import EncryptedTextField, Unreadable
from clinic.models import Urgency
from procedures.models import ProcedurePage

CAME_BY = {
    Source.WEB: _("Through the website"),
    Source.TELEPHONE: _("By telephone"),
    Source.WALK_IN: _("In person"),
    Source.PAPER: _("On paper"),
}
ENCRYPTED = [field.name for field in AppointmentRequest._meta.fields if isinstance(field, EncryptedTextField)]


def queue_rows(requests):
    """Return requests as the queue shows them: in its order, each with `procedure_name` in the reader's language."""
    names = ProcedurePage.objects.in_language(get_language()).filter(procedure=OuterRef("procedure"))
    rows = requests.select_related("procedure", "location", "holder").in_queue_order()
    offers = TimeOffer.objects.filter(request=OuterRef("pk"))
    left = offers.free().order_by().values("request").annotate(number=Count("pk"))
    return rows.annotate(
        procedure_name=Subquery(names.values("plain_name")[:1]),
        agreed_for=Subquery(offers.agreed().values("starts_at")[:1]),
        times_left=Subquery(left.values("number")),
        is_asked=Exists(ClinicQuestion.objects.open().filter(request=OuterRef("pk"))),
        joined_with=F("merged_into__reference"),
    )


def sealed_rows(requests):
    """Return requests as rows that leave shut what only the sheet shows.

    A name is opened row by row, so that one that cannot be read takes no other request from the list. Why a request
    cannot wait comes along for those that cannot.
    """
    cannot_wait = Q(is_urgent=True) | Q(is_danger=True)
    sealed = {f"sealed_{name}": Cast(name, TextField()) for name in ("full_name",)}
    sealed |= {
        f"sealed_{name}": Case(When(cannot_wait, then=Cast(name, TextField()))) for name in ("danger_because", "signs")
    }
    return queue_rows(requests).defer(*ENCRYPTED).annotate(**sealed)


def tag(text, tone):
    """Return a status tag: words, shape and colour that say the same."""
    return render_to_string("_components/status_tag.html", {"text": text, "tone": tone})


def moment(when, text):
    """Return a time element that reads `text` and tells the exact moment too."""
    return format_html('<time datetime="{}" title="{}">{}</time>', when.isoformat(), exactly(when), text)


def exactly(when):
    """Return a moment in the clinic's time zone, as a short text."""
    return date_format(timezone.localtime(when), "SHORT_DATETIME_FORMAT")


def how_long(start, end):
    """Return the time between two moments in one unit, such as "3 hours"."""
    return timesince(start, end, depth=1)


def cell(label, text):
    """Return a cell that says what it is where a narrow window has no room for the head of the table."""
    return format_html('<span class="cell-label">{}: </span>{}', label, text)


@admin.display(description=_("status"))
def status(row):
    """Whether it cannot wait, and where it stands."""
    tags = [tag(row.get_status_display(), STATUS_TONES[row.status])]
    if row.is_practice:
        tags.insert(0, tag(gettext("Practice"), "waiting"))
    if row.held_because:
        tags.insert(0, tag(gettext("Held as spam"), "stopped"))
    if hurry := hurry_of(row):
        tags.insert(0, tag(hurry, "urgent"))
    if why := why_it_cannot_wait(*_reasons_of(row)):
        tags.append(format_html('<span class="why">{}</span>', why))
    return format_html(" ".join("{}" for _tag in tags), *tags)


def hurry_of(row):
    """Return the word for a request that cannot wait, or None."""
    if row.is_danger:
        return gettext("Danger")
    return gettext("Urgent") if row.is_urgent else None


def why_it_cannot_wait(danger_because, signs):
    """Return the words of danger that the patient wrote, and the urgent sign that they ticked; "" for neither.

    Staff may say that a request is urgent too: their words are in its notes.
    """
    wrote = [gettext("They wrote: “%(words)s”") % {"words": each["words"]} for each in danger_because or []]
    urgent = [sign["text"] for sign in signs or [] if sign["ticked"] and sign["urgency"] == Urgency.URGENT]
    ticked = [gettext("They ticked: “%(sign)s”") % {"sign": text} for text in urgent]
    line_break = mark_safe("<br>")  # nosec B308  # a constant
    return format_html_join(line_break, "<bdi>{}</bdi>", ((each,) for each in wrote + ticked))


def _reasons_of(row):
    """Return a row's words of danger, where it counts as dangerous still, and its signs."""
    because = _opened(row, "danger_because") if row.is_danger else None
    return because, _opened(row, "signs") if row.is_urgent else None


def _opened(row, name):
    """Return what came sealed with a row; None where no key opens it: its sheet says so."""
    try:
        return AppointmentRequest._meta.get_field(name).opened(getattr(row, f"sealed_{name}"))
    except Unreadable:
        return None


@admin.display(description=_("patient"))
def patient(row):
    """The name, kept apart from the text around it when it runs the other way."""
    name = _opened(row, "full_name")
    return gettext("cannot be read") if name is None else format_html("<bdi>{}</bdi>", name)


@admin.display(description=_("asks for"))
def asks_for(row):
    """What they would like, and for which procedure."""
    procedure = row.procedure_name or (row.procedure.key if row.procedure else gettext("Not sure which procedure"))
    return format_html("{}<br>{}", capfirst(row.get_wish_display()), procedure)


@admin.display(description=_("where"))
def place(row):
    """The location they chose."""
    return row.location or gettext("No preference")


@admin.display(description=_("waiting since"))
def waiting_since(row):
    """How long ago the request came."""
    age = gettext("%(time)s ago") % {"time": how_long(row.created_at, timezone.now())}
    received = cell(gettext("Received"), moment(row.created_at, age))
    return received if row.source == Source.WEB else format_html("{}<br>{}", received, came_by(row))


def came_by(row):
    """Return by which door it came, in words."""
    return CAME_BY[row.source]


@admin.display(description=_("due by"))
def due_by(row):
    """By when the clinic promised to answer; said loudly when that moment has passed."""
    if not row.waits_for_clinic:
        return "–"
    if late := how_late(row):
        return moment(row.due_at, tag(late, "urgent"))
    return cell(gettext("Due by"), moment(row.due_at, exactly(row.due_at)))


@admin.display(description=_("who has it"))
def held_by(row):
    """The member of staff who claimed it."""
    return cell(gettext("Who has it"), row.holder or gettext("nobody"))


@admin.display(description=_("what is next"))
def what_is_next(row):
    """The next step, in words."""
    return cell(gettext("Next"), next_step(row))


def how_late(row):
    """Return by how much an answer is late, in words; "" when it is not."""
    if not row.is_overdue():
        return ""
    return gettext("Overdue by %(time)s") % {"time": how_long(row.due_at, timezone.now())}


def next_step(row):
    """Return what is to be done next, and by implication by whom."""
    if row.joined_with:
        return gettext("Joined with %(reference)s") % {"reference": row.joined_with}
    if row.held_because:
        return gettext("Say whether it is spam") if row.status == Status.NEW else gettext("Nothing more")
    if row.has_news:
        return tag(gettext("Read what is new from the patient"), "new")
    if row.status == Status.WAITING and not row.is_snoozed():
        return _what_the_patient_does(row)
    if row.status == Status.AGREED and row.agreed_for and row.agreed_for > timezone.now():
        return gettext("They come on %(when)s") % {"when": exactly(row.agreed_for)}
    if row.is_snoozed():
        return gettext("Put aside until %(when)s") % {"when": exactly(row.snoozed_until)}
    if row.waits_for_clinic and not row.holder_id:
        return gettext("Claim it")
    if row.waits_for_clinic:
        is_question = row.wish == Wish.QUESTION
        return gettext("Answer or decline it") if is_question else gettext("Offer times, answer or decline it")
    return gettext("Nothing more") if row.status == Status.CLOSED else gettext("Close it")


def _what_the_patient_does(row):
    """Return what a request waits for; loudly where it would wait for ever."""
    if row.times_left:
        words = ngettext(
            "The patient chooses: %(number)d time offered",
            "The patient chooses: %(number)d times offered",
            row.times_left,
        ) % {"number": row.times_left}
        return gettext("%(choice)s, and answers our question") % {"choice": words} if row.is_asked else words
    if row.is_asked:
        return gettext("The patient answers our question")
    return tag(gettext("No offered time is left: offer others"), "urgent")


COLUMNS = ["reference", status, patient, asks_for, place, waiting_since, due_by, held_by, what_is_next]

"""The queue: what waits for the clinic, what each row says, and the ways to look at less or more of it."""

from operator import methodcaller

from cryptography.fernet import InvalidToken
from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.db.models import Count, Exists, OuterRef, Q, Subquery, TextField
from django.db.models.functions import Cast
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.text import capfirst
from django.utils.timesince import timesince
from django.utils.translation import get_language, gettext, ngettext
from django.utils.translation import gettext_lazy as _

from appointments import workflow
from appointments.models import (
    STATUS_TONES,
    WAITS_FOR_CLINIC,
    AppointmentRequest,
    ClinicQuestion,
    Source,
    Status,
    TimeOffer,
    Wish,
)
from appointments.references import read_reference
from clinic.encryption import EncryptedTextField, Unreadable, cipher
from clinic.models import Location
from procedures.models import ProcedurePage

SEARCH_LENGTH = 254
FEWEST_DIGITS = 7
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
        has_news=workflow.has_news(),
        is_asked=Exists(ClinicQuestion.objects.open().filter(request=OuterRef("pk"))),
    )


class Queue(ChangeList):
    """The list of the queue: it leaves shut what only the sheet shows.

    A name is opened row by row, so that one that cannot be read takes no other request from the list.
    """

    def get_queryset(self, request, exclude_parameters=None):
        rows = super().get_queryset(request, exclude_parameters).defer(*ENCRYPTED)
        return rows.annotate(sealed_name=Cast("full_name", TextField()))

    @property
    def shows_fewer(self):
        """Whether a filter leaves out part of the view."""
        return any(each.parameter_name in self.params for each in FILTERS if each is not ViewFilter)


# Searching: what is typed may name a person, so it travels sealed and never stands in an address in clear.


def sealed_search(typed):
    """Return what stands in the address for a search: a reference as it is, anything else sealed; "" for nothing."""
    typed = typed.strip()[:SEARCH_LENGTH]
    return read_reference(typed) or (cipher("search").encrypt(typed.encode()).decode() if typed else "")


def opened_search(sealed):
    """Return what was typed, from what stands in the address; a text that we did not seal is taken as typed."""
    try:
        return cipher("search").decrypt(sealed.encode()).decode()
    except InvalidToken:
        return sealed.strip()[:SEARCH_LENGTH]


def found_by(requests, typed):
    """Keep the requests that a reference (in any spelling), a whole email address or a telephone number leads to."""
    if reference := read_reference(typed):
        return requests.filter(reference=reference)
    if "@" in typed:
        return requests.filter(email_index__in=AppointmentRequest._meta.get_field("email_index").candidates(typed))
    if sum(sign.isdigit() for sign in typed) >= FEWEST_DIGITS:
        return requests.filter(phone_index__in=AppointmentRequest._meta.get_field("phone_index").candidates(typed))
    return requests.none()


# Filters


class OneOf(admin.SimpleListFilter):
    """A filter that leaves the queue as it is when the address holds none of its choices."""

    template = "admin/appointments/appointmentrequest/filter.html"

    def value(self):
        """Return the choice in the address, or None."""
        value = super().value()
        return value if value in {choice for choice, _label in self.lookup_choices} else None


class ViewFilter(OneOf):
    """Whose turn it is. The queue opens on what waits for the clinic; a search looks through everything.

    A view is a tuple of statuses, or a function that keeps some requests. What is held as spam stands in views of its
    own, and in a search: whoever calls with their reference is found. What is for practice is in no other view.
    """

    title = _("whose turn it is")
    parameter_name = "view"
    views = {
        "clinic": (_("Waits for the clinic"), WAITS_FOR_CLINIC),
        "patient": (_("Waits for the patient"), (Status.WAITING,)),
        "agreed": (_("Time agreed"), (Status.AGREED,)),
        "answered": (_("Answered"), (Status.ANSWERED,)),
        "closed": (_("Closed"), (Status.DECLINED, Status.WITHDRAWN, Status.CLOSED)),
        "news": (_("News from patients"), workflow.with_news),
        "calls": (_("Telephone calls to make"), workflow.to_be_called),
        "all": (_("All requests"), Status.values),
        "held": (_("Held as spam"), methodcaller("to_be_judged")),
        "spam": (_("Judged as spam"), methodcaller("judged_spam")),
        "practice": (_("Practice"), methodcaller("practice")),
    }
    counted = ("news", "calls", "held")

    def __init__(self, request, *args):
        self.opens_on = "all" if request.GET.get("q") else "clinic"
        super().__init__(request, *args)

    def lookups(self, request, model_admin):
        rows = AppointmentRequest.objects.visible_to(request.user)
        return [
            (name, f"{label} ({keep(rows).count()})" if name in self.counted else label)
            for name, (label, keep) in self.views.items()
        ]

    def value(self):
        """Return the view in the address, else the one the queue opens on."""
        return super().value() or self.opens_on

    def choices(self, changelist):
        """List the views; there is no "All" above them, since it is one of them."""
        for name, label in self.lookup_choices:
            address = changelist.get_query_string({self.parameter_name: name}, ["p"])
            yield {"selected": self.value() == name, "query_string": address, "display": label}

    def queryset(self, request, queryset):
        keep = self.views[self.value()][1]
        if self.value() != "practice" and not request.GET.get("q"):
            queryset = queryset.real()
        if callable(keep):
            return keep(queryset)
        found = (queryset if request.GET.get("q") else queryset.trusted()).filter(status__in=keep)
        return found.order_by("agreed_for", "id") if self.value() == "agreed" else found


class HolderFilter(OneOf):
    """Who has it."""

    title = _("who has it")
    parameter_name = "holder"

    def lookups(self, request, model_admin):
        return [("me", _("Mine")), ("nobody", _("Nobody’s"))]

    def queryset(self, request, queryset):
        holders = {"me": {"holder": request.user}, "nobody": {"holder": None}}
        return queryset.filter(**holders.get(self.value(), {}))


class HurryFilter(OneOf):
    """What cannot wait."""

    title = _("how soon")
    parameter_name = "soon"

    def lookups(self, request, model_admin):
        return [("urgent", _("Urgent")), ("overdue", _("Overdue"))]

    def queryset(self, request, queryset):
        if self.value() == "urgent":
            return queryset.filter(Q(is_urgent=True) | Q(is_danger=True))
        return queryset.overdue() if self.value() == "overdue" else queryset


class ProcedureFilter(OneOf):
    """Which procedure it is about."""

    title = _("procedure")
    parameter_name = "procedure"

    def lookups(self, request, model_admin):
        pages = ProcedurePage.objects.in_language(get_language()).select_related("procedure")
        return [*((page.procedure.key, page.plain_name or page.slug) for page in pages), ("none", _("Not sure"))]

    def queryset(self, request, queryset):
        if self.value() == "none":
            return queryset.filter(procedure=None)
        return queryset.filter(procedure__key=self.value()) if self.value() else queryset


class LocationFilter(OneOf):
    """Where."""

    title = _("location")
    parameter_name = "location"

    def lookups(self, request, model_admin):
        return [*Location.objects.values_list("key", "name"), ("none", _("No preference"))]

    def queryset(self, request, queryset):
        if self.value() == "none":
            return queryset.filter(location=None)
        return queryset.filter(location__key=self.value()) if self.value() else queryset


FILTERS = [ViewFilter, HolderFilter, HurryFilter, ProcedureFilter, LocationFilter]


# Columns


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
    return format_html(" ".join("{}" for _tag in tags), *tags)


def hurry_of(row):
    """Return the word for a request that cannot wait, or None."""
    if row.is_danger:
        return gettext("Danger")
    return gettext("Urgent") if row.is_urgent else None


@admin.display(description=_("patient"))
def patient(row):
    """The name, kept apart from the text around it when it runs the other way."""
    try:
        return format_html("<bdi>{}</bdi>", AppointmentRequest._meta.get_field("full_name").opened(row.sealed_name))
    except Unreadable:
        return gettext("cannot be read")


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
    if row.merged_into_id:
        return gettext("Joined with another request: work on that one")
    if row.held_because:
        return gettext("Say whether it is spam") if row.status == Status.NEW else gettext("Nothing more")
    if row.has_news:
        return tag(gettext("Read what is new from the patient"), "new")
    if row.status == Status.WAITING:
        return _what_the_patient_does(row)
    if row.status == Status.AGREED and row.agreed_for and row.agreed_for > timezone.now():
        return gettext("They come on %(when)s") % {"when": exactly(row.agreed_for)}
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

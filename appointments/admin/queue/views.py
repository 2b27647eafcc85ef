"""The views of the queue: what each keeps, and the order in which it shows it, each served by one index."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from django.db.models import DateTimeField, Exists, F, FilteredRelation, OuterRef, Q, Subquery, Value
from django.db.models.functions import Coalesce
from django.utils.formats import number_format
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from appointments import workflow
from appointments.admin.queue.pages import EPOCH, Step
from appointments.models import AppointmentRequest, IsOneOf, OfferState, Status, TimeOffer

OPENS_ON = "clinic"
MOST_COUNTED = 1000

DANGER_FIRST, URGENT_FIRST = Step("is_danger", "flag", falls=True), Step("is_urgent", "flag", falls=True)
FIRST, LAST = Step("id"), Step("id", falls=True)
IN_QUEUE_ORDER = (DANGER_FIRST, URGENT_FIRST, Step("due_at", "moment"), FIRST)
NEWEST_FIRST, OLDEST_FIRST = (LAST,), (FIRST,)

FAR = datetime(2200, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class View:
    """One way to look at the queue.

    `keep` takes real requests, or those for practice, and the member of staff who looks; it must leave an index that
    serves `order` (`tests/appointments/test_queue_size.py`). Only what is no real request has `kind`.
    """

    label: str
    rows: Callable
    order: tuple = NEWEST_FIRST
    is_practice: bool = False

    def keep(self, requests, user):
        """Keep the requests of this view, of all that this member of staff may see."""
        return self.rows(requests.practice() if self.is_practice else requests.real(), user)


def _of_status(*statuses):
    return lambda rows, user: rows.trusted().filter(status__in=statuses)


def _mine(rows, user):
    due = Coalesce("due_at", Value(FAR), output_field=DateTimeField())
    return rows.trusted().held_by(user).annotate(due=due, is_asked_of_patient=IsOneOf("status", [Status.WAITING]))


def _offered(rows, user):
    offers = TimeOffer.objects.open().filter(request=OuterRef("pk"))
    return rows.trusted().filter(Exists(offers), status=Status.WAITING)


def _agreed(rows, user):
    agreed = FilteredRelation("offers", condition=Q(offers__state=OfferState.AGREED))
    comes_at = Coalesce(F("agreed__starts_at"), Value(EPOCH), output_field=DateTimeField())
    return rows.trusted().filter(status=Status.AGREED).annotate(agreed=agreed, comes_at=comes_at)


# In groups, as they stand beside each other: what is ours to do, what others do first, and the rest.
# What is held as spam stands in views of its own, and in a search: whoever calls with their reference is found.
# What is put aside comes back by itself, and is overdue all the same.
GROUPS = (
    (
        _("To do"),
        {
            "clinic": View(
                _("Waits for the clinic"),
                lambda rows, user: rows.trusted().waiting_for_clinic().not_snoozed(),
                IN_QUEUE_ORDER,
            ),
            "mine": View(
                _("Mine"),
                _mine,
                (Step("is_asked_of_patient", "flag"), DANGER_FIRST, URGENT_FIRST, Step("due", "moment"), FIRST),
            ),
            "unclaimed": View(
                _("Unclaimed"), lambda rows, user: rows.trusted().unclaimed().not_snoozed(), IN_QUEUE_ORDER
            ),
            "overdue": View(_("Overdue"), lambda rows, user: rows.trusted().overdue(), IN_QUEUE_ORDER),
            "calls": View(_("Telephone calls to make"), lambda rows, user: workflow.to_be_called(rows), OLDEST_FIRST),
            "news": View(
                _("News from patients"),
                lambda rows, user: rows.with_news(),
                (DANGER_FIRST, Step("news_since", "moment"), FIRST),
            ),
        },
    ),
    (
        _("Waiting"),
        {
            "patient": View(_("Waits for the patient"), _of_status(Status.WAITING), OLDEST_FIRST),
            "offered": View(_("Times offered"), _offered, OLDEST_FIRST),
            "agreed": View(_("Time agreed"), _agreed, (Step("comes_at", "moment"), FIRST)),
            "snoozed": View(
                _("Put aside"), lambda rows, user: rows.snoozed(), (Step("snoozed_until", "moment"), FIRST)
            ),
        },
    ),
    (
        _("Done, and the rest"),
        {
            "answered": View(_("Answered"), _of_status(Status.ANSWERED)),
            "closed": View(_("Closed"), lambda rows, user: rows.trusted().ended()),
            "all": View(_("All requests"), lambda rows, user: rows.trusted()),
            "held": View(_("Held as spam"), lambda rows, user: rows.to_be_judged(), OLDEST_FIRST),
            "spam": View(_("Judged as spam"), lambda rows, user: rows.judged_spam()),
            "practice": View(pgettext_lazy("requests", "Practice"), lambda rows, user: rows, is_practice=True),
        },
    ),
)
VIEWS = {name: view for _label, views in GROUPS for name, view in views.items()}


class CappedCount(Subquery):
    """How many rows a queryset holds, counted no further than one more than MOST_COUNTED."""

    template = "(SELECT COUNT(*) FROM (%(subquery)s) AS counted)"

    def __init__(self, rows):
        super().__init__(rows.order_by().values("pk")[: MOST_COUNTED + 1])


def counts(user):
    """Return how many requests each view holds, by its name, at most MOST_COUNTED + 1 (1 query)."""
    rows = AppointmentRequest.of_every_kind.visible_to(user)
    counted = {f"in_{name}": CappedCount(view.keep(rows, user)) for name, view in VIEWS.items()}
    found = User.objects.filter(pk=user.pk).values(**counted).get()
    return {name.removeprefix("in_"): number for name, number in found.items()}


def number_in_words(number):
    """Return a count as it stands beside a view."""
    if number > MOST_COUNTED:
        return gettext("more than %(number)s") % {"number": number_format(MOST_COUNTED, force_grouping=True)}
    return str(number)

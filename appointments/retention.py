"""What the room keeps for a time, and when a request is done with: what was not triaged stays, whatever its age."""

from django.db.models import BigIntegerField, Case, CharField, Exists, OuterRef, Q, When
from django.db.models.functions import Cast
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from appointments import practice
from appointments.models import AppointmentRequest, PhoneTask, Status, TimeOffer, TrackingLink
from appointments.removing import remove_requests
from clinic import limits
from clinic.models import Unit
from clinic.retention import Holding, Removed, Span, fixed, kept_otherwise, of_rows, register
from outbox.models import Message, State

ENDED = (Status.ANSWERED, Status.DECLINED, Status.WITHDRAWN, Status.CLOSED)
LABEL = AppointmentRequest._meta.label_lower
SAID_BY_TELEPHONE = PhoneTask.objects.filter(message=OuterRef("pk"), done_at__isnull=False)


# When a request is done with


def done_with(before):
    """Return the requests of patients that nobody has anything to do with, and that had ended before a moment (aware).

    A request ends when it is answered, declined, withdrawn or closed, or when its agreed time is over. It is not done
    with while a message about it has not left and nobody telephoned instead, while a call waits, while it is put aside,
    or while its patient told us something that nobody has noticed.
    """
    times = TimeOffer.objects.agreed().filter(request=OuterRef("pk"))
    over = (
        Q(status=Status.AGREED) & Exists(times.filter(ends_at__lt=before)) & ~Exists(times.filter(ends_at__gte=before))
    )
    about = Message.objects.filter(about_type=LABEL, about_id=Cast(OuterRef("pk"), CharField()))
    unsaid = about.filter(
        Q(state__in=(State.WAITING, State.SENDING)) | Q(state=State.UNDELIVERABLE) & ~Exists(SAID_BY_TELEPHONE)
    )
    return (
        AppointmentRequest.of_every_kind.real()
        .filter(Q(status__in=ENDED, status_since__lt=before) | over)
        .filter(Q(snoozed_until=None) | Q(snoozed_until__lt=before), news_since=None)
        .exclude(Exists(PhoneTask.objects.filter(request=OuterRef("pk"), done_at=None)))
        .exclude(Exists(unsaid))
    )


def ended(before):
    """Return the requests that go, but for those that were joined with one of them and go along.

    What is joined is one request: it goes when all of it is done with.
    """
    return _whole(done_with(before).trusted(), before)


def judged_spam(before):
    """Return what was held as spam and judged to be, or withdrawn, before a moment, as `ended` does."""
    judged = done_with(before).held_as_spam().filter(status__in=(Status.CLOSED, Status.WITHDRAWN))
    return _whole(judged, before)


def _whole(requests, before):
    joined = AppointmentRequest.of_every_kind.filter(merged_into=OuterRef("pk"))
    return requests.filter(merged_into=None).exclude(Exists(joined.exclude(pk__in=done_with(before).values("pk"))))


def _of_requests(due):
    """Return `count` and `remove` of a Holding of requests, which go with what is joined with them."""

    def count(before):
        return due(before).count() + AppointmentRequest.of_every_kind.filter(merged_into__in=due(before)).count()

    def remove(before, at_most):
        every = AppointmentRequest.of_every_kind
        roots = list(due(before).order_by("pk").values_list("pk", flat=True)[:at_most])
        # With what is joined, and waiting for nobody: whoever works with two of them locks the lower one first.
        rows = every.filter(Q(pk__in=roots) | Q(merged_into__in=roots)).order_by("pk")
        locked = set(rows.select_for_update(of=("self",), skip_locked=True).values_list("pk", flat=True))
        # Asked again under the lock: somebody may have opened or joined one again meanwhile.
        roots = set(due(before).filter(pk__in=locked & set(roots)).values_list("pk", flat=True))
        joined = dict(every.filter(merged_into__in=roots).values_list("pk", "merged_into"))
        roots -= {root for pk, root in joined.items() if pk not in locked}
        keys = sorted(roots | {pk for pk, root in joined.items() if root in roots})
        return Removed(remove_requests(keys), tuple(keys))

    return {"count": count, "remove": remove}


# Beside requests


def old_messages(before):
    """Return the messages of which nothing is left to do, and which were written and sent before a moment (aware).

    What we wrote about a request stays until the request is done with.
    """
    settled = Q(state__in=(State.SENT, State.CANCELLED)) | Q(state=State.UNDELIVERABLE) & Exists(SAID_BY_TELEPHONE)
    to_staff = Q(pk__in=Message.objects.undeliverable().to_staff().values("pk"))
    old = Message.objects.filter(settled | to_staff, Q(sent_at=None) | Q(sent_at__lt=before), created_at__lt=before)
    number = Case(When(about_type=LABEL, then=Cast("about_id", BigIntegerField())))
    done = done_with(timezone.now()).values("pk")
    going_on = AppointmentRequest.of_every_kind.filter(pk=OuterRef("number")).exclude(
        Q(pk__in=done) & (Q(merged_into=None) | Q(merged_into__in=done))
    )
    return old.alias(number=number).exclude(Exists(going_on))


def ended_links(before):
    """Return the private links that opened nothing any more at a moment (aware)."""
    return TrackingLink.objects.filter(Q(expires_at__lt=before) | Q(revoked_at__lt=before))


# The register


def fill_register():
    """Say what the room keeps, for how long at least and at most, and why."""
    no_longer = _("No law asks for longer, and what is kept without need can only do harm.")
    register(
        Holding(
            "requests",
            place=1,
            what=_("Your request, with all that you and we wrote about it"),
            lasts=_("%(span)s after it ended"),
            why=_("So that we can help you if you come back to us, and see how soon we answer our patients."),
            usual=Span(13, Unit.MONTHS),
            # The figures reach back to a Monday a year ago (appointments/figures.py): 370 days at most.
            least=Span(13, Unit.MONTHS),
            least_because=_("The figures of the last 12 months count these requests."),
            # What states ask of the record of an adult seldom exceeds it, and a request is no medical record.
            most=Span(10, Unit.YEARS),
            most_because=no_longer,
            covers=("appointments.AppointmentRequest",),
            **_of_requests(ended),
        )
    )
    register(
        Holding(
            "spam",
            place=4,
            what=_("A request that we found to be spam"),
            lasts=_("%(span)s after we closed it"),
            why=_("So that we can put it right if a patient was taken for spam."),
            usual=Span(30, Unit.DAYS),
            least=Span(14, Unit.DAYS),
            least_because=_("A patient who was taken for spam must have time to call."),
            most=Span(1, Unit.YEARS),
            most_because=_("Nobody asks about it after a year."),
            **_of_requests(judged_spam),
        )
    )
    register(
        Holding(
            "messages",
            place=2,
            what=_("The messages that we sent you"),
            lasts=_("%(span)s after we sent them, or until your request has ended if that is later"),
            why=_("So that we can see what we told you when you call about it."),
            usual=Span(6, Unit.MONTHS),
            least=Span(30, Unit.DAYS),
            least_because=_("Patients call about what they read, and mail that was sent can still come back."),
            most=Span(10, Unit.YEARS),
            most_because=no_longer,
            covers=("outbox.Message",),
            **of_rows(old_messages),
        )
    )
    register(
        Holding(
            "links",
            place=3,
            what=_("Your private link, once it no longer works"),
            lasts=_("%(span)s after it stopped working"),
            why=_("So that we can tell when it was in use, if you ask."),
            usual=Span(30, Unit.DAYS),
            least=Span(1, Unit.DAYS),
            least_because=_("Who uses it on the last day must read that it has ended."),
            most=Span(1, Unit.YEARS),
            most_because=_("Nobody asks about it after a year."),
            **of_rows(ended_links),
        )
    )
    fixed(
        "counts",
        what=_("How often the same person or network wrote to us, without who it was"),
        lasts="%(span)s",
        why=_("So that nobody floods us and keeps us from answering you."),
        span=Span(limits.KEPT_FOR.days, Unit.DAYS),
        covers=("clinic.Tally",),
    )
    fixed(
        "practice",
        what=_("Requests for training, which no patient sent"),
        lasts=_("%(span)s after they were made"),
        why=_("So that staff can practice."),
        span=Span(practice.KEPT_FOR.days, Unit.DAYS),
        is_told=False,
    )
    kept_otherwise("appointments.LinkAsked", "Deleted by the sender as soon as it has looked, within seconds.")

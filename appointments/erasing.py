"""What this room holds of a person: their requests with all that hangs on them, what they asked for, and counts."""

from django.db.models import CASCADE, Q

from appointments.models import AppointmentRequest, LinkAsked, Merge, normalise_email, normalise_phone
from appointments.removing import remove_requests
from clinic import limits
from clinic.encryption import each_readable
from clinic.erasure import Place
from clinic.models import Tally

REQUEST, ASKED, TALLY = (model._meta.label_lower for model in (AppointmentRequest, LinkAsked, Tally))
# What goes with a request, whichever model a later release hangs on it.
HANGS_ON_IT = [each for each in AppointmentRequest._meta.related_objects if each.on_delete is CASCADE]


def find_requests(person):
    """Return {label: queryset} of the person's requests and of every row that goes with them."""
    keys = person.rows.get(REQUEST, ())
    which = {}
    for relation in HANGS_ON_IT:
        model, mine = relation.related_model, Q(**{f"{relation.field.name}__in": keys})
        which[model] = which[model] | mine if model in which else mine
    found = {model._meta.label_lower: model._base_manager.filter(q) for model, q in which.items()}
    return found | {REQUEST: AppointmentRequest.of_every_kind.filter(pk__in=keys)}


def remove_all(person):
    """Delete them, and return how many of each there were."""
    removed = {label: rows.count() for label, rows in find_requests(person).items()}
    remove_requests(person.rows.get(REQUEST, ()))
    return removed


def request_of(row):
    """Return "model/number" of the request that a row of this room hangs on."""
    if isinstance(row, AppointmentRequest):
        return f"{REQUEST}/{row.pk}"
    return f"{REQUEST}/{row.kept_id if isinstance(row, Merge) else row.request_id}"


def find_asked(person):
    """Return {label: queryset} of new links that the person asked for: by a reference or by a way to reach them."""
    marks, mine = person.marks, []
    reach = {normalise_email(each) for each in marks.emails} | {normalise_phone(each) for each in marks.phones}
    for asked in each_readable(LinkAsked.objects.order_by("pk")):
        said = asked.contact if asked.is_readable else ""
        is_theirs = reach & {normalise_email(said), normalise_phone(said)} - {""}
        if asked.reference in marks.references or is_theirs:
            mine.append(asked.pk)
    return {ASKED: LinkAsked.objects.filter(pk__in=mine)}


def find_counts(person):
    """Return {label: queryset} of what was counted of the person's addresses, numbers and references."""
    marks, found = person.marks, Tally.objects.none()
    contacts = {normalise_email(each) for each in marks.emails} | {normalise_phone(each) for each in marks.phones}
    for contact in contacts:
        found = found | limits.counts_of("request of", contact)
    for reference in marks.references:
        found = found | limits.counts_of("lost link of", reference)
    return {TALLY: found}


def _delete(find):
    def remove(person):
        # By key alone: what no key opens goes as well.
        return {label: rows.only("pk").delete()[0] for label, rows in find(person).items()}

    return remove


PLACES = (
    Place("links asked for", (ASKED,), find_asked, _delete(find_asked)),
    Place("counts", (TALLY,), find_counts, _delete(find_counts)),
    Place(
        "requests",
        (REQUEST, *{each.related_model._meta.label_lower for each in HANGS_ON_IT}),
        find_requests,
        remove_all,
        request_of,
    ),
)

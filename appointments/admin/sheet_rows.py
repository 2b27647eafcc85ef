"""The row of one request as its sheet needs it: with all that can be looked up beside it in the same query."""

from django.db.models import F, OuterRef, Prefetch, Subquery, TextField
from django.db.models.functions import Cast

from appointments import workflow
from appointments.models import Note, TimeOffer, number_of
from clinic.encryption import EncryptedTextField
from outbox.models import Message

# To offer an undoing, neither what stood there before nor what the message says is opened.
SHUT = [
    "last_move__before",
    *(f"last_move__message__{each.name}" for each in Message._meta.fields if isinstance(each, EncryptedTextField)),
]


def sheet_rows(requests):
    """Return requests, as the queue looks them up, with what their sheets say besides (2 queries, 1 of them for times).

    `offers.all()` of a row are its times, each with `is_free` and `is_closed`; `newest_note` is sealed.
    """
    times = TimeOffer.objects.with_whether_free().with_whether_closed().select_related("location", "clinician")
    rows = requests.select_related("procedure", "location", "holder", "last_move__message").defer(*SHUT)
    notes = Note.objects.filter(request=OuterRef("pk"), taken_back_at=None)
    newest = notes.order_by("-pk").values(sealed=Cast("text", TextField()))
    return workflow.with_contact(rows.prefetch_related(Prefetch("offers", times))).annotate(
        page_number=F("page_version__number"),
        page_name=F("page_version__plain_name"),
        notes_number=number_of(notes, "request"),
        newest_note=Subquery(newest[:1]),
    )

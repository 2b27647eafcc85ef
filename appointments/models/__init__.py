"""What the room keeps, a file a subject: the request, what is said about it later, times, calls, private links."""

from appointments.models.amendments import Amendment, AmendmentKind, ClinicQuestion
from appointments.models.closing import FormClosure
from appointments.models.contact import CallBecause, MessageWording, PhoneTask
from appointments.models.desk import (
    Alert,
    AlertKind,
    AlertPerson,
    CallOutcome,
    ContactAttempt,
    Look,
    Note,
    NoteKind,
    ReplyFor,
    SavedReply,
)
from appointments.models.duplicates import Merge, NotDuplicate
from appointments.models.links import TRACKING_LINK_LASTS, LinkAsked, SentForm, TrackingLink
from appointments.models.name_tokens import NameToken
from appointments.models.offers import OfferState, TimeOffer
from appointments.models.requests import (
    IN_HAND,
    OPEN,
    STATUS_TONES,
    WAITS_FOR_CLINIC,
    AppointmentRequest,
    DeclineReason,
    HeldBecause,
    IsOneOf,
    Kind,
    Source,
    Status,
    Wish,
    normalise_email,
    normalise_phone,
    number_of,
)
from appointments.models.told import NotToldBecause, ToldOfChange
from appointments.models.undoing import LastMove

__all__ = [
    "IN_HAND",
    "OPEN",
    "STATUS_TONES",
    "TRACKING_LINK_LASTS",
    "WAITS_FOR_CLINIC",
    "Alert",
    "AlertKind",
    "AlertPerson",
    "Amendment",
    "AmendmentKind",
    "AppointmentRequest",
    "CallBecause",
    "CallOutcome",
    "ClinicQuestion",
    "ContactAttempt",
    "DeclineReason",
    "FormClosure",
    "HeldBecause",
    "IsOneOf",
    "Kind",
    "LastMove",
    "LinkAsked",
    "Look",
    "Merge",
    "MessageWording",
    "NameToken",
    "NotDuplicate",
    "NotToldBecause",
    "Note",
    "NoteKind",
    "OfferState",
    "PhoneTask",
    "ReplyFor",
    "SavedReply",
    "SentForm",
    "Source",
    "Status",
    "TimeOffer",
    "ToldOfChange",
    "TrackingLink",
    "Wish",
    "normalise_email",
    "normalise_phone",
    "number_of",
]

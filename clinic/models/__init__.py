"""Who and where the clinic is, a file a subject, and the stamp that says when a public page changed."""

from clinic.models.erasures import ErasedBecause, ErasedReference, Erasure
from clinic.models.files import PICTURE_UNDECIDED, Pictured, StoredFile, srcset
from clinic.models.keys import KeyInUse
from clinic.models.page_stamp import PageStamp
from clinic.models.people import Accreditation, Clinician, SpokenLanguage
from clinic.models.places import Closure, Location, OpeningHours, Weekday, hours_at, reception_hours
from clinic.models.profile import ClinicProfile, WhenOverdue, profile_trouble
from clinic.models.retention import PurgeRun, RefusedBecause, RetentionRule, Unit
from clinic.models.tallies import Tally
from clinic.models.warning_signs import GeneralWarningSign, Urgency

__all__ = [
    "PICTURE_UNDECIDED",
    "Accreditation",
    "ClinicProfile",
    "Clinician",
    "Closure",
    "ErasedBecause",
    "ErasedReference",
    "Erasure",
    "GeneralWarningSign",
    "KeyInUse",
    "Location",
    "OpeningHours",
    "PageStamp",
    "Pictured",
    "PurgeRun",
    "RefusedBecause",
    "RetentionRule",
    "SpokenLanguage",
    "StoredFile",
    "Tally",
    "Unit",
    "Urgency",
    "Weekday",
    "WhenOverdue",
    "hours_at",
    "profile_trouble",
    "reception_hours",
    "srcset",
]

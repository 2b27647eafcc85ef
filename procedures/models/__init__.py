"""Procedures and conditions, their pages in each language, the versions of each page, and a version's rows."""

from procedures.models.comments import ConditionComment, ProcedureComment
from procedures.models.conditions import (
    Condition,
    ConditionFigure,
    ConditionPage,
    ConditionQuestion,
    ConditionSource,
    ConditionVersion,
    ConditionWarningSign,
    FormerConditionAddress,
)
from procedures.models.feedback import Feedback
from procedures.models.invitations import ReviewInvitation
from procedures.models.leaflets import Leaflet
from procedures.models.presence import ConditionLook, ProcedureLook
from procedures.models.procedures import (
    Figure,
    FormerProcedureAddress,
    MediaItem,
    Milestone,
    PreparationItem,
    PrintDocument,
    Procedure,
    ProcedurePage,
    ProcedureVersion,
    Question,
    Risk,
    Source,
    Step,
    WarningSign,
)
from procedures.models.rows import Unit
from procedures.models.search import IndexedWord, MissedSearch, Trigram
from procedures.models.versions import State

__all__ = [
    "Condition",
    "ConditionComment",
    "ConditionFigure",
    "ConditionLook",
    "ConditionPage",
    "ConditionQuestion",
    "ConditionSource",
    "ConditionVersion",
    "ConditionWarningSign",
    "Feedback",
    "Figure",
    "FormerConditionAddress",
    "FormerProcedureAddress",
    "IndexedWord",
    "Leaflet",
    "MediaItem",
    "Milestone",
    "MissedSearch",
    "PreparationItem",
    "PrintDocument",
    "Procedure",
    "ProcedureComment",
    "ProcedureLook",
    "ProcedurePage",
    "ProcedureVersion",
    "Question",
    "ReviewInvitation",
    "Risk",
    "Source",
    "State",
    "Step",
    "Trigram",
    "Unit",
    "WarningSign",
]

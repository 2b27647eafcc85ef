"""The pages that patients read, in both languages, a file a subject.

They read published documents only, and write nothing but what readers say of a page and which words found none. Each
page asks the database a fixed number of times, at most six, however much the clinic holds.
"""

from procedures.views.comparisons import compare
from procedures.views.feedback import feedback_form, feedback_thanks
from procedures.views.leaflets import leaflet, leaflet_code, leaflet_pdf
from procedures.views.lists import home, procedure_list
from procedures.views.machines import changes, robots, sitemap
from procedures.views.pages import condition, procedure
from procedures.views.places import contact, location, location_list, team
from procedures.views.previews import (
    preview_condition,
    preview_condition_as,
    preview_procedure,
    preview_procedure_as,
    preview_styles,
)
from procedures.views.reviews import review, review_page

__all__ = [
    "changes",
    "compare",
    "condition",
    "contact",
    "feedback_form",
    "feedback_thanks",
    "home",
    "leaflet",
    "leaflet_code",
    "leaflet_pdf",
    "location",
    "location_list",
    "preview_condition",
    "preview_condition_as",
    "preview_procedure",
    "preview_procedure_as",
    "preview_styles",
    "procedure",
    "procedure_list",
    "review",
    "review_page",
    "robots",
    "sitemap",
    "team",
]

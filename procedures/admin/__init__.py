"""The editors' desk in Django's admin: procedures, conditions, their pages, and each version a section a screen."""

from procedures.admin import feedback, pages, searches, subjects, versions  # noqa: F401 -- importing them registers them

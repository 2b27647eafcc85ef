"""Addresses of the pages that patients read, in every language."""

from django.urls import include, path

from procedures import views
from procedures.models import ConditionPage, ProcedurePage

of_procedure, of_condition = {"model": ProcedurePage}, {"model": ConditionPage}

pages = [
    path("procedures/", views.procedure_list, name="procedure_list"),
    path("procedures/changes.atom", views.changes, name="changes"),
    path("procedures/leaflet/", views.leaflet_code, name="leaflet_code"),
    path("procedures/<slug:slug>/", views.procedure, name="procedure"),
    path("procedures/<slug:slug>/leaflet/", views.leaflet, name="leaflet"),
    path("procedures/<slug:slug>/leaflet.pdf", views.leaflet_pdf, name="leaflet_pdf"),
    path("procedures/preview/procedure/<int:version_id>/", views.preview_procedure, name="preview_procedure"),
    path("procedures/preview/condition/<int:version_id>/", views.preview_condition, name="preview_condition"),
    path(
        "procedures/preview/procedure/<int:version_id>/<slug:way>/",
        views.preview_procedure_as,
        name="preview_procedure_as",
    ),
    path(
        "procedures/preview/condition/<int:version_id>/<slug:way>/",
        views.preview_condition_as,
        name="preview_condition_as",
    ),
    path("procedures/preview/print.css", views.preview_styles, name="preview_styles"),
    path("review/<str:token>/", views.review, name="review"),
    path("review/<str:token>/page/", views.review_page, name="review_page"),
    path("procedures/compare/<slug:first>/<slug:second>/", views.compare, name="compare"),
    path("conditions/<slug:slug>/", views.condition, name="condition"),
    path("procedures/<slug:slug>/feedback/", views.feedback_form, of_procedure, name="procedure_feedback"),
    path(
        "procedures/<slug:slug>/feedback/thanks/",
        views.feedback_thanks,
        of_procedure,
        name="procedure_feedback_thanks",
    ),
    path("conditions/<slug:slug>/feedback/", views.feedback_form, of_condition, name="condition_feedback"),
    path(
        "conditions/<slug:slug>/feedback/thanks/",
        views.feedback_thanks,
        of_condition,
        name="condition_feedback_thanks",
    ),
    path("locations/", views.location_list, name="location_list"),
    path("locations/<slug:slug>/", views.location, name="location"),
    path("team/", views.team, name="team"),
    path("contact/", views.contact, name="contact"),
]

urlpatterns = [
    path("", views.home, name="home"),
    path("", include((pages, "procedures"))),
]

"""Addresses of the pages that patients read, in every language."""

from django.urls import include, path

from procedures import views

pages = [
    path("procedures/", views.procedure_list, name="procedure_list"),
    path("procedures/changes.atom", views.changes, name="changes"),
    path("procedures/leaflet/", views.leaflet_code, name="leaflet_code"),
    path("procedures/<slug:slug>/", views.procedure, name="procedure"),
    path("procedures/<slug:slug>/leaflet/", views.leaflet, name="leaflet"),
    path("procedures/<slug:slug>/leaflet.pdf", views.leaflet_pdf, name="leaflet_pdf"),
    path("procedures/preview/procedure/<int:version_id>/", views.preview_procedure, name="preview_procedure"),
    path("procedures/preview/condition/<int:version_id>/", views.preview_condition, name="preview_condition"),
    path("procedures/compare/<slug:first>/<slug:second>/", views.compare, name="compare"),
    path("conditions/<slug:slug>/", views.condition, name="condition"),
    path("locations/", views.location_list, name="location_list"),
    path("locations/<slug:slug>/", views.location, name="location"),
    path("team/", views.team, name="team"),
    path("contact/", views.contact, name="contact"),
]

urlpatterns = [
    path("", views.home, name="home"),
    path("", include((pages, "procedures"))),
]

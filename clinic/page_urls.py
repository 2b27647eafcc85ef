"""Addresses of the clinic's own pages, in every language."""

from django.urls import path

from clinic import views

app_name = "clinic"

urlpatterns = [
    path("privacy/", views.privacy, name="privacy"),
    path("accessibility/", views.accessibility, name="accessibility"),
    path("styleguide/", views.styleguide, name="styleguide"),
]

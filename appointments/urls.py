"""Addresses of the request form and of the private page of a request."""

from django.urls import path

from appointments import views

app_name = "appointments"

urlpatterns = [
    path("request/", views.request_form, name="request"),
    path("track/<str:token>/", views.track, name="track"),
]

"""Addresses of the request form and of the private page of a request."""

from django.urls import path

from appointments import views

app_name = "appointments"

urlpatterns = [
    path("request/", views.request_form, name="request"),
    path("track/", views.lost_link, name="lost_link"),
    path("track/<str:token>/", views.track, name="track"),
    path("track/<str:token>/calendar.ics", views.calendar, name="calendar"),
    path("track/<str:token>/words/", views.words, name="words"),
    path("track/<str:token>/accept/<int:offer>/", views.change, {"name": "accept"}, name="accept"),
    path("track/<str:token>/<slug:name>/", views.change, name="change"),
]

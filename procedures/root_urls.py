"""Addresses that are the same in every language: what search engines read."""

from django.urls import path

from procedures import views

urlpatterns = [
    path("sitemap.xml", views.sitemap, name="sitemap"),
    path("robots.txt", views.robots, name="robots"),
]

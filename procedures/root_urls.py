"""Addresses that are the same in every language: files, and what search engines read."""

from django.urls import path, re_path

from procedures import uploads, views

urlpatterns = [
    re_path(r"^media/(?P<digest>[0-9a-f]{64})/(?P<name>[^/]+)$", uploads.media, name="media"),
    path("sitemap.xml", views.sitemap, name="sitemap"),
    path("robots.txt", views.robots, name="robots"),
]

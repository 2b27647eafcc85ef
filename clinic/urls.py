"""The map: every room's address, by string. Spanish stands under /es/ with the same paths."""

from django.conf.urls.i18n import i18n_patterns
from django.contrib import admin
from django.urls import include, path, re_path

from clinic import media, security_txt, views

handler400 = "clinic.views.bad_request"
handler403 = "clinic.views.permission_denied"
handler404 = "clinic.views.page_not_found"
handler500 = "clinic.views.server_error"

urlpatterns = [
    path("healthz", views.healthz, name="healthz"),
    path("readyz", views.readyz, name="readyz"),
    path("statusz", views.statusz, name="statusz"),
    path(".well-known/security.txt", security_txt.security_txt, name="security_txt"),
    re_path(r"^media/(?P<digest>[0-9a-f]{64})/(?P<name>[^/]+)$", media.stored_file, name="media"),
    path("", include("procedures.root_urls")),
    *i18n_patterns(
        path("admin/", admin.site.urls),
        path("appointments/", include("appointments.urls")),
        path("", include("clinic.page_urls")),
        path("", include("procedures.urls")),
        prefix_default_language=False,
    ),
]

"""What patients looked for and did not find: the editors add the words to a page, then remove them here."""

from django.contrib import admin

from audit.audited_admin import AuditedAdmin
from procedures.models import MissedSearch


@admin.register(MissedSearch)
class MissedSearchAdmin(AuditedAdmin):
    """A list to read and to clear. Words stand in it only once they came on 3 different days."""

    audit_subject = "search"
    fields = readonly_fields = ["words", "language", "days", "last_day"]
    list_display = ["words", "language", "days", "last_day"]
    list_filter = ["language"]
    list_per_page = 50
    show_facets = admin.ShowFacets.NEVER

    def get_queryset(self, request):
        """What came often enough for its words to be kept."""
        return super().get_queryset(request).visible_to(request.user).worth_reading()

    def has_add_permission(self, request):
        """Only patients look for things."""
        return False

    def has_change_permission(self, request, obj=None):
        """What was typed stays as it was typed."""
        return False

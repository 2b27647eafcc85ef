"""The manager's figures: whether promises are kept, in numbers, pictures and a file to take along."""

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpResponse
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.cache import add_never_cache_headers
from django.utils.translation import gettext, pgettext
from django.views.decorators.http import require_POST, require_safe

from appointments import figures
from appointments.admin import charts
from appointments.models import AppointmentRequest
from appointments.spreadsheets import csv_of
from audit.models import Event
from clinic.models import ClinicProfile, reception_hours

PERMISSION = "appointments.view_figures"
OPENS_ON = "month"
# A longer table is folded below its picture until somebody opens it.
LONGEST_OPEN = 12
QUEUE, FIGURES, EXPORT = (
    f"admin:appointments_appointmentrequest_{name}" for name in ("changelist", "figures", "figures_export")
)


class Figures:
    """The part of the request's admin that shows figures and hands them out."""

    def get_urls(self):
        """Add the addresses of the page and of the file."""
        shown = self.admin_site.admin_view(require_safe(self.figures_view))
        export = self.admin_site.admin_view(require_POST(self.figures_export_view))
        return [
            path("figures/", shown, name="appointments_appointmentrequest_figures"),
            path("figures/export/", export, name="appointments_appointmentrequest_figures_export"),
            *super().get_urls(),
        ]

    def figures_view(self, request):
        """Show the figures of the period that the address names."""
        self.check_figures(request)
        period = _period(request.GET)
        report, profile = _report(request.user, period)
        context = {
            **self.admin_site.each_context(request),
            "title": gettext("Figures"),
            "opts": self.opts,
            "is_nav_sidebar_enabled": False,
            "clinic": profile,
            "period": period,
            "periods": [
                {"name": name, "label": row.label, "url": reverse(FIGURES, query={"period": name})}
                for name, row in figures.PERIODS.items()
            ],
            "report": report,
            "waiting": _waiting(report),
            "whole": _cells(report.whole),
            "fewest": figures.FEWEST,
            "sections": [_section(table) for table in report.tables],
            "export_url": reverse(EXPORT),
        }
        request.current_app = self.admin_site.name
        return TemplateResponse(request, "admin/appointments/figures.html", context)

    @transaction.atomic
    def figures_export_view(self, request):
        """Hand out the same figures as a CSV file, and record that they were."""
        self.check_figures(request)
        period = _period(request.POST)
        rows = _lines(_report(request.user, period)[0])
        Event.record("figures.exported", by=request.user.as_actor(), period=period, rows=len(rows) - 1)
        name = f"figures-{period}-{timezone.localdate().isoformat()}.csv"
        response = HttpResponse(csv_of(rows), content_type="text/csv; charset=utf-8")
        response["Content-Disposition"] = f'attachment; filename="{name}"'
        add_never_cache_headers(response)
        return response

    figures_export_view.needs_confirming = True

    def check_figures(self, request):
        """Raise PermissionDenied for who may not see figures, or not the requests that they count."""
        if not (request.user.has_perm(PERMISSION) and self.has_view_permission(request)):
            raise PermissionDenied


def _period(data):
    return data.get("period") if data.get("period") in figures.PERIODS else OPENS_ON


def _report(user, period):
    """Return the figures of the requests that this member of staff may see, and the clinic's profile."""
    requests, profile = AppointmentRequest.objects.visible_to(user), ClinicProfile.current()
    hours, promise = reception_hours(), profile.promise()
    return figures.report(requests, period, timezone.now(), hours=hours, promise=promise), profile


def _waiting(report):
    waiting, queue = report.waiting, reverse(QUEUE)
    return [
        {"label": gettext("Overdue"), "number": waiting.overdue, "url": f"{queue}?soon=overdue"},
        {"label": pgettext("requests", "New"), "number": waiting.new, "url": queue},
        {"label": gettext("In progress"), "number": waiting.in_progress, "url": queue},
        {"label": gettext("Waiting for the patient"), "number": waiting.for_patient, "url": f"{queue}?view=patient"},
    ]


def _section(table):
    """Return what the page says of one dimension: its pictures, and the rows of its table."""
    by = {"by": table.label}
    if table.key == figures.WEEK:
        pictures = [
            charts.columns_of_requests("requests", gettext("Requests, week by week"), table.rows),
            charts.columns_of_answers("answers", gettext("First answer, week by week"), table.rows),
        ]
    else:
        pictures = [charts.rows_of_bars(table.key, gettext("First answer: %(by)s") % by, table.rows)]
    heading = gettext("Week by week") if table.key == figures.WEEK else table.label
    return {
        "key": table.key,
        "heading": heading,
        "label": table.label,
        "charts": list(filter(None, pictures)),
        "rows": [_cells(row) for row in table.rows],
        "is_open": len(table.rows) <= LONGEST_OPEN,
    }


def _cells(row):
    """Return the cells of one row in words."""
    if row.received is None:
        return {"name": row.name, "is_hidden": True}
    return {
        "name": row.name,
        "received": row.received,
        "median": charts.spelled(row.median),
        "nine_in_ten": charts.spelled(row.nine_in_ten),
    }


def _lines(report):
    """Return the rows of the file: a heading, and a line for each row of each table, times in working minutes."""
    heading = [gettext("From"), gettext("Until"), gettext("Table"), gettext("Group"), gettext("Requests")]
    heading += [gettext("Half answered within (working minutes)"), gettext("Nine in ten within (working minutes)")]
    span = [
        timezone.localtime(moment).isoformat(timespec="minutes") for moment in (report.span.since, report.span.until)
    ]
    lines = [heading]
    lines += [[*span, gettext("Now"), each["label"], each["number"], None, None] for each in _waiting(report)]
    for label, row in _rows(report):
        if row.received is None:
            lines.append([*span, label, row.name, gettext("not shown"), None, None])
        else:
            lines.append([*span, label, row.name, row.received, *map(_minutes, (row.median, row.nine_in_ten))])
    return lines


def _rows(report):
    yield gettext("All requests"), report.whole
    for table in report.tables:
        for row in table.rows:
            yield table.label, row


def _minutes(value):
    return value if isinstance(value, int) else charts.spelled(value)

"""Two versions of a page beside each other on the desk, and the version that patients read on a given day."""

from datetime import date

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import prefetch_related_objects
from django.http import Http404, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext
from django.views.decorators.http import require_safe

from procedures import publishing, version_changes
from procedures.desk_addresses import admin_url
from procedures.models.versions import UNPUBLISHED
from procedures.read_then import days_of, read_on

# A number that a column can hold.
LONGEST_NUMBER = 9


class CompareScreens:
    """The screens of a page that look back: two versions compared, and what was read on a day."""

    def compare_urls(self, label):
        """Return the addresses of these screens."""
        wrap = self.admin_site.admin_view
        compare = wrap(require_safe(self.compare_view))
        return [
            path("<path:object_id>/compare/", wrap(require_safe(self.choose_view)), name=f"{label}_choose"),
            path("<path:object_id>/compare/<int:old>/<int:new>/", compare, name=f"{label}_compare"),
            path("<path:object_id>/read-on/", wrap(require_safe(self.read_on_view)), name=f"{label}_read_on"),
        ]

    def versions_or_403(self, request, page):
        """Return the versions of a page, oldest first, if this member of staff may see versions."""
        model = page.versions.model
        if not request.user.has_perm(f"procedures.view_{model._meta.model_name}"):
            raise PermissionDenied
        return page.versions.visible_to(request.user).order_by("number")

    def choose_view(self, request, object_id):
        """Lead to the comparison of the two versions that were chosen (`?from=` and `?to=`, numbers)."""
        page = self.page_or_404(request, object_id)
        chosen = [_number(request.GET.get(name, "")) for name in ("from", "to")]
        known = set(
            self.versions_or_403(request, page).filter(number__in=filter(None, chosen)).values_list("number", flat=True)
        )
        if not all(number in known for number in chosen):
            messages.error(request, gettext("Choose two versions of this page to compare."))
            return HttpResponseRedirect(admin_url(page, "change"))
        return HttpResponseRedirect(compare_url(page, *chosen))

    def compare_view(self, request, object_id, old, new):
        """Show what differs between two versions of the page; with `?show=everything`, what is the same too."""
        page = self.page_or_404(request, object_id)
        versions = self.versions_or_403(request, page)
        numbers = list(versions.values_list("number", flat=True))
        if old not in numbers or new not in numbers:
            raise Http404
        pair = {
            version.number: version for version in versions.filter(number__in=(old, new)).select_related("reviewed_by")
        }
        for version in pair.values():
            version.page = page
        prefetch_related_objects(list(pair.values()), "authors")
        everything = request.GET.get("show") == "everything"
        here = compare_url(page, old, new)
        context = {
            "title": gettext("%(page)s: from version %(old)d to version %(new)d")
            % {"page": page, "old": old, "new": new},
            "old": pair[old],
            "new": pair[new],
            "columns": [_told(pair[number]) for number in (old, new)],
            "sections": version_changes.changes(pair[old], pair[new], everything=everything) if old != new else [],
            "comment_on": _comment_on(pair[new], by=request.user.as_actor()),
            "everything": everything,
            "here": here,
            "swapped": compare_url(page, new, old) if old != new else "",
            **_neighbours(page, numbers, old, new),
        }
        return self.looking_back(request, page, "compare", context)

    def read_on_view(self, request, object_id):
        """Lead to the page as patients read it on a day (`?day=`); list the versions where there were several."""
        page = self.page_or_404(request, object_id)
        versions = self.versions_or_403(request, page)
        typed = request.GET.get("day", "").strip()
        day = _day(typed)
        found = read_on(versions, day) if day else []
        if len(found) == 1:
            return HttpResponseRedirect(_frozen_url(page, found[0]))
        problem = ""
        if day is None and "day" in request.GET:
            problem = gettext("Choose a day, such as %(day)s.") % {"day": timezone.localdate().isoformat()}
        context = {
            "title": gettext("What patients read on a day"),
            "typed": typed[:20],
            "problem": problem,
            "day": day,
            "is_to_come": day is not None and day > timezone.localdate(),
            "found": [{"version": each, "url": _frozen_url(page, each), "from_to": days_of(each)} for each in found],
        }
        return self.looking_back(request, page, "read_on", context, status=422 if problem else 200)

    def looking_back(self, request, page, name, context, status=200):
        """Return one of these screens within the admin."""
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "page": page,
            "page_url": admin_url(page, "change"),
            "read_on_url": admin_url(page, "read_on"),
            **context,
        }
        request.current_app = self.admin_site.name
        return TemplateResponse(request, f"admin/procedures/{name}.html", context, status=status)


def compare_url(page, old, new):
    """Return the address at which two versions of a page, by their numbers, are compared."""
    return admin_url(page, "compare", old, new)


def _comment_on(version, *, by):
    """Return where comments on a version are written, "" for whoever may write none now."""
    return admin_url(version, "change") if publishing.can_comment(version, by=by) else ""


def _number(typed):
    return int(typed) if typed.isascii() and typed.isdecimal() and len(typed) <= LONGEST_NUMBER else None


def _day(typed):
    try:
        return date.fromisoformat(typed)
    except ValueError:
        return None


def _frozen_url(page, version):
    return reverse(f"procedures:preview_{page.kind}", args=[version.pk])


def _neighbours(page, numbers, old, new):
    """Return the addresses of the pair before and the pair after: one version earlier, one later."""
    before = [number for number in numbers if number < min(old, new)]
    after = [number for number in numbers if number > max(old, new)]
    return {
        "earlier": compare_url(page, before[-1], min(old, new)) if before else "",
        "later": compare_url(page, max(old, new), after[0]) if after else "",
    }


def _told(version):
    """Return what is said of a version above the comparison: rows of the component `summary_list`."""
    authors = ", ".join(map(str, version.authors.all()))
    rows = [(gettext("State"), version.get_state_display()), (gettext("Written by"), authors or gettext("nobody yet"))]
    if version.state not in UNPUBLISHED:
        # As it was frozen: a clinician may be called otherwise today.
        review = version.document["review"]
        signer = review["reviewer"]["name"] if review["reviewer"] else ""
        rows += [(gettext("Signed off by"), signer), (gettext("Patients read it"), days_of(version))]
    elif version.reviewed_by:
        rows.append((gettext("Signed off by"), str(version.reviewed_by)))
    rows.append((gettext("Started"), date_format(timezone.localtime(version.created_at), "SHORT_DATETIME_FORMAT")))
    return [{"label": label, "value": value} for label, value in rows]

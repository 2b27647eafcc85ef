"""The list of the queue, by key: it counts nothing, and asks for the rows of one page alone."""

from django.contrib.admin.views.main import ChangeList
from django.core.paginator import Paginator

from appointments.admin.queue.filters import FILTERS, ViewFilter
from appointments.admin.queue.pages import page_of
from appointments.admin.queue.rows import sealed_rows
from appointments.admin.queue.searching import found_by, opened_search
from appointments.admin.queue.views import GROUPS, NEWEST_FIRST, OPENS_ON, VIEWS, counts, number_in_words
from appointments.models import AppointmentRequest

AFTER, BEFORE = "after", "before"


class Queue(ChangeList):
    """One page of a view, with links to its neighbours and to the other views."""

    def get_filters_params(self, params=None):
        """Leave out where the page begins: that is no filter."""
        found = super().get_filters_params(params)
        return {name: value for name, value in found.items() if name not in (AFTER, BEFORE)}

    def get_query_string(self, new_params=None, remove=None):
        """Return the address with other parameters; another choice begins at the first page."""
        return super().get_query_string(new_params, [*(remove or ()), AFTER, BEFORE])

    def get_queryset(self, request, exclude_parameters=None):
        """Return what the view and the filters keep, found by a search among all there is; in the view's order."""
        # Nothing is looked up beside them yet: most are on no page that anybody looks at.
        self.root_queryset = AppointmentRequest.of_every_kind.not_heartbeat().visible_to(request.user)
        rows = super().get_queryset(request, exclude_parameters)
        found, self.has_more_names = found_by(rows, opened_search(self.query)) if self.query else (rows, False)
        return found

    def get_ordering(self, request, queryset):
        """Return the order of the view; of what was searched, the newest first."""
        return [step.term for step in self._order(request)]

    def get_results(self, request):
        """Look up one page, and the numbers beside the views."""
        page = page_of(
            self.queryset,
            self._order(request),
            size=self.list_per_page,
            after=request.GET.get(AFTER),
            before=request.GET.get(BEFORE),
        )
        rows = {row.pk: row for row in sealed_rows(AppointmentRequest.of_every_kind.filter(pk__in=page.rows))}
        self.result_list = [rows[pk] for pk in page.rows if pk in rows]
        # What Django's list asks for; the whole is never counted.
        self.result_count, self.full_result_count, self.show_full_result_count = len(self.result_list), None, False
        self.can_show_all, self.multi_page = False, False
        self.paginator = Paginator(self.result_list, self.list_per_page)
        self.previous_page = page.previous and self.get_query_string({BEFORE: page.previous})
        self.next_page = page.next and self.get_query_string({AFTER: page.next})
        self.view_name = self._view_name(request)
        self.view_groups = self._view_groups(request)

    @property
    def shows_fewer(self):
        """Whether a filter leaves out part of the view."""
        return any(each.parameter_name in self.params for each in FILTERS if each is not ViewFilter)

    @property
    def fewer(self):
        """The filters beside the views."""
        return [spec for spec in self.filter_specs if not isinstance(spec, ViewFilter)]

    def _order(self, request):
        if self.query:
            return NEWEST_FIRST
        return VIEWS[self._view_name(request)].order

    def _view_name(self, request):
        name = request.GET.get(ViewFilter.parameter_name)
        return name if name in VIEWS else OPENS_ON

    def _view_groups(self, request):
        """Return the views as links with a number each, in their groups. They keep the filters, and end a search."""
        numbers, chosen = counts(request.user), None if self.query else self._view_name(request)
        return [
            {
                "label": label,
                "is_chosen": chosen in views,
                "views": [
                    {
                        "label": view.label,
                        "is_chosen": name == chosen,
                        "number": number_in_words(numbers[name]),
                        "url": self.get_query_string({ViewFilter.parameter_name: name}, ["q"]),
                    }
                    for name, view in views.items()
                ],
            }
            for label, views in GROUPS
        ]

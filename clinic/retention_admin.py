"""The manager's screens of the retention table: each line, and what the purge would remove by it."""

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from audit.audited_admin import AuditedAdmin
from clinic import purging, retention
from clinic.models import PurgeRun, RetentionRule
from clinic.refusals import Refused, Unfit
from clinic.retention import Span
from clinic.stale_forms import CarefulForm

LIST, CHANGE = "admin:clinic_retentionrule_changelist", "admin:clinic_retentionrule_change"
PURGE, COUNT, RELEASE = (f"admin:clinic_retentionrule_{name}" for name in ("purge", "count", "release"))


class RuleForm(CarefulForm):
    """How long, and why. What would remove more than now is said first, and saved when it is pressed again."""

    number = forms.IntegerField(label=_("How long"), min_value=1, max_value=9999)
    accepted = forms.CharField(required=False, widget=forms.HiddenInput)

    class Meta:
        model = RetentionRule
        fields = ["number", "unit", "why"]

    def clean(self):
        """Check it as saving does, so that what is wrong is said beside its box."""
        values = super().clean()
        if self.errors:
            return values
        holding, span = retention.holding_of(self.instance.pk), Span(values["number"], values["unit"])
        try:
            retention.check_span(holding, span)
        except Unfit as unfit:
            self.add_error(unfit.field, unfit.reason)
            return values
        would_go = retention.more_would_go(holding, span)
        seen = f"{span.number} {span.unit} {would_go}"
        if would_go and values.get("accepted") != seen:
            self.add_error("number", self._would_go(would_go))
            self.data = self.data.copy()
            self.data["accepted"] = seen
        return values

    @staticmethod
    def _would_go(number):
        return ngettext(
            "%(number)d row would be removed at the next purge. Save again if that is right.",
            "%(number)d rows would be removed at the next purge. Save again if that is right.",
            number,
        ) % {"number": number}


@admin.register(RetentionRule)
class RetentionRuleAdmin(AuditedAdmin):
    """The table has a line for each thing that code registers; nobody adds or removes one."""

    form = RuleForm

    # Who may

    def get_queryset(self, request):
        """Those that this member of staff may see."""
        return super().get_queryset(request).visible_to(request.user)

    def has_add_permission(self, request):
        """There are as many lines as there are."""
        return False

    def has_delete_permission(self, request, obj=None):
        """There are as many lines as there are."""
        return False

    def has_change_permission(self, request, obj=None):
        """What the site itself says is only read."""
        holding = retention.holding_of(obj.pk) if obj is not None else None
        return super().has_change_permission(request, obj) and not (holding and holding.is_fixed)

    def get_urls(self):
        """Add the screen of the purge, and its two buttons."""
        view = self.admin_site.admin_view
        return [
            path("purge/", view(self.purge_view), name="clinic_retentionrule_purge"),
            path("purge/count/", view(require_POST(self.count_view)), name="clinic_retentionrule_count"),
            path("purge/<int:pk>/release/", view(require_POST(self.release_view)), name="clinic_retentionrule_release"),
            *super().get_urls(),
        ]

    # The table

    def changelist_view(self, request, extra_context=None):
        """Show the whole table, chosen or usual."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        rows = [{"rule": rule, "url": reverse(CHANGE, args=[rule.holding.code])} for rule in retention.rules()]
        return self._shown(request, "table", {"title": gettext("How long things are kept"), "rows": rows})

    def get_object(self, request, object_id, from_field=None):
        """Return the row of a line; a new one, with what is usual, where no manager has changed it."""
        holding = retention.holding_of(object_id)
        if holding is None:
            return None
        rule = retention.rule_of(object_id)
        values = {"code": object_id, "number": rule.span.number, "unit": rule.span.unit, "why": rule.why}
        row = super().get_object(request, object_id) or RetentionRule(**values)
        row.named = holding.what
        return row

    def get_fieldsets(self, request, obj=None):
        """Say above the boxes what it is about, and what may be chosen."""
        holding = retention.holding_of(obj.pk)
        words = {
            "what": holding.what,
            "least": holding.least,
            "why_least": holding.least_because,
            "most": holding.most,
            "why_most": holding.most_because,
        }
        bounds = gettext("From %(least)s (%(why_least)s) to %(most)s (%(why_most)s)") % words
        if holding.is_fixed:
            bounds = gettext("The site itself needs it for just so long, so nobody changes it.")
        fields = ["number", "unit", "why"] + ([] if holding.is_fixed else ["accepted"])
        return [(None, {"fields": fields, "description": format_html("{}", bounds)})]

    def change_view(self, request, object_id, form_url="", extra_context=None):
        """Name the screen for what the line is about."""
        holding = retention.holding_of(object_id)
        named = {"title": holding.what, "subtitle": None} if holding else {}
        return super().change_view(request, object_id, form_url, named | (extra_context or {}))

    def save_model(self, request, obj, form, change):
        """Save by the function that checks and records it."""
        values = form.cleaned_data
        span = Span(values["number"], values["unit"])
        retention.change_rule(obj.pk, span=span, why=values["why"], by=request.user.as_actor())

    def log_change(self, request, obj, message):
        """It is recorded already."""

    # The purge

    def purge_view(self, request):
        """Show what the purge would remove, as counted last, and whether it may."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        run, rules = purging.last_dry_run(), purging.purged()
        counts = run.counts if run else {}
        context = {
            "title": gettext("What the purge would remove"),
            "run": run,
            "rows": [(rule, counts.get(rule.holding.code, 0)) for rule in rules],
            "is_released": bool(purging.released(rules)),
            "is_of_this_table": run is not None and run.table == purging.table_of(rules),
            "clock_trouble": purging.clock_trouble(timezone.now()),
            "last": PurgeRun.objects.filter(is_dry=False, refused_because="").order_by("-pk").first(),
            "may_change": request.user.has_perm(retention.CHANGE),
            "now": timezone.now(),
            "list_url": reverse(LIST),
            "count_url": reverse(COUNT),
            "release_url": reverse(RELEASE, args=[run.pk]) if run else "",
        }
        return self._shown(request, "purge", context)

    def count_view(self, request):
        """Count what would go now; `accepted` says that somebody looked at the clock."""
        self._check_may_change(request)
        is_right = request.POST.get("accepted") == "clock"
        try:
            purging.dry_run(by=request.user.as_actor(), the_clock_is_right=is_right)
        except purging.ClockJumped as refused:
            messages.error(request, refused.reason)
        return HttpResponseRedirect(reverse(PURGE))

    def release_view(self, request, pk):
        """Let the purge do what was counted, or say why not."""
        self._check_may_change(request)
        run = get_object_or_404(PurgeRun, pk=pk)
        try:
            purging.release(run, by=request.user.as_actor())
        except Refused as refused:
            messages.error(request, refused.reason)
        else:
            messages.success(request, gettext("The purge does this from the next night on."))
        return HttpResponseRedirect(reverse(PURGE))

    def _check_may_change(self, request):
        if not request.user.has_perm(retention.CHANGE):
            raise PermissionDenied

    def _shown(self, request, name, context):
        request.current_app = self.admin_site.name
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "is_nav_sidebar_enabled": False,
            **context,
        }
        return TemplateResponse(request, f"admin/clinic/retentionrule/{name}.html", context)

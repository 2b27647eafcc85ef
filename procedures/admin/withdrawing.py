"""Taking a page off the site on the desk: what refers to it, where its readers should go, and a second thought."""

from django.contrib import messages
from django.http import HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path
from django.utils.translation import gettext

from clinic.stale import read_revision
from procedures import publishing
from procedures.desk_addresses import admin_url
from procedures.forms import SuccessorForm, WithdrawForm
from procedures.models import ConditionPage, ProcedurePage
from procedures.references import references_to


class WithdrawScreens:
    """The screens that take a page off the site, and that say afterwards what to read instead."""

    def withdraw_urls(self, label):
        """Return the addresses of these screens."""
        wrap = self.admin_site.admin_view
        return [
            path("<path:object_id>/withdraw/", wrap(self.withdraw_view), name=f"{label}_withdraw"),
            path("<path:object_id>/successor/", wrap(self.successor_view), name=f"{label}_successor"),
        ]

    def withdraw_view(self, request, object_id):
        """Take the page off the site, after its box was ticked."""
        page = self.page_or_404(request, object_id)
        live = page.live_version_id
        seen = read_revision(request.POST.get("seen", ""))
        others = page.subject.pages.published().exclude(pk=page.pk) if live else []
        data = request.POST if request.method == "POST" else None
        form = WithdrawForm(data, pages=pages_to_lead_to(page), others=others)
        if form.is_valid():
            chosen = {name: form.cleaned_data.get(name, ()) for name in ("successor", "others")}
            try:
                publishing.withdraw_page(page=page, by=request.user.as_actor(), seen=seen, **chosen)
                messages.success(request, gettext("The page is off the site. Its versions are kept."))
                return HttpResponseRedirect(admin_url(page, "change"))
            except publishing.Unfit as refused:
                form.add_error(refused.field, refused.reason)
            except publishing.Refused as refused:
                messages.error(request, refused.reason)
                return HttpResponseRedirect(admin_url(page, "change"))
        refusal = _reason(publishing.check_withdraw, page, request)
        context = {
            "title": gettext("Withdraw the page"),
            "refusal": refusal,
            "groups": [] if refusal else references_to(page),
            "live": live,
        }
        return self.withdrawing(request, page, form, context)

    def successor_view(self, request, object_id):
        """Say what readers of a page that was withdrawn should read instead."""
        page = self.page_or_404(request, object_id)
        data = request.POST if request.method == "POST" else None
        now = page.leads_on_to()
        initial = {"successor": f"{now.kind}-{now.pk}" if now else ""}
        form = SuccessorForm(data, initial=initial, pages=pages_to_lead_to(page))
        if form.is_valid():
            try:
                publishing.choose_successor(page=page, by=request.user.as_actor(), **form.cleaned_data)
                messages.success(request, gettext("Whoever comes to the old address reads so now."))
                return HttpResponseRedirect(admin_url(page, "change"))
            except publishing.Unfit as refused:
                form.add_error(refused.field, refused.reason)
            except publishing.Refused as refused:
                messages.error(request, refused.reason)
                return HttpResponseRedirect(admin_url(page, "change"))
        context = {
            "title": gettext("What to read instead"),
            "refusal": _reason(publishing.check_choose_successor, page, request),
            "is_off": True,
        }
        return self.withdrawing(request, page, form, context)

    def withdrawing(self, request, page, form, context):
        """Return one of these screens within the admin."""
        context = {
            **self.admin_site.each_context(request),
            "subtitle": str(page),
            "opts": self.opts,
            "page": page,
            "page_url": admin_url(page, "change"),
            "form": form,
            **context,
        }
        request.current_app = self.admin_site.name
        status = 422 if form.is_bound else 200
        return TemplateResponse(request, "admin/procedures/withdraw.html", context, status=status)


def pages_to_lead_to(page):
    """Return the published pages of a page's language, without itself, by name (2 queries)."""
    pages = []
    for model in (ProcedurePage, ConditionPage):
        found = model.objects.published().in_language(page.language).order_by("plain_name")
        pages += [each for each in found if each != page]
    return pages


def _reason(check, page, request):
    try:
        check(page, by=request.user.as_actor())
    except publishing.Refused as refused:
        return refused.reason
    return ""

"""An old version brought back on the desk: what is missing of it, and the button that makes it a new draft."""

from django.contrib import messages
from django.http import HttpResponseRedirect
from django.urls import path
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext

from procedures import publishing
from procedures.admin.comparing import compare_url
from procedures.desk_addresses import admin_url
from procedures.models import State


class RestoreScreens:
    """The screen of a version that makes an old one the beginning of a new draft."""

    def restore_urls(self, label):
        """Return the address of this screen."""
        view = self.admin_site.admin_view(self.restore_view)
        return [path("<path:object_id>/restore/", view, name=f"{label}_restore")]

    def restore_view(self, request, object_id):
        """Start a draft from an old version and lead to it; a refusal leads back with its reason."""
        version = self.version_or_404(request, object_id)
        if request.method != "POST":
            return HttpResponseRedirect(admin_url(version, "change"))
        try:
            draft = publishing.restore(version=version, by=request.user.as_actor())
        except publishing.Refused as refused:
            messages.error(request, _with_open_version(refused.reason, version.page))
            return HttpResponseRedirect(admin_url(version, "change"))
        messages.success(
            request,
            gettext("Version %(old)d is a draft again, as version %(new)d. It goes to review before patients read it.")
            % {"old": version.number, "new": draft.number},
        )
        if missing := publishing.what_is_gone(draft):
            messages.warning(request, format_html_join(" ", "{}", ((sentence,) for sentence in missing)))
        return HttpResponseRedirect(admin_url(draft, "change"))


def restore_part(version, *, by):
    """Return what the screen of an old version shows to bring it back; nothing of others."""
    if version.state != State.SUPERSEDED:
        return {}
    try:
        publishing.check_restore(version, by=by)
    except publishing.Refused as refused:
        reason = _with_open_version(refused.reason, version.page)
    else:
        reason = ""
    live = version.page.live_version
    return {
        "restore_url": admin_url(version, "restore"),
        "restore_refusal": reason,
        "restore_missing": publishing.what_is_gone(version),
        "compare_url": compare_url(version.page, version.number, live.number) if live is not None else "",
    }


def _with_open_version(reason, page):
    """Return the reason of a refusal, with whose the version is that stands in the way, and a link to it."""
    version = page.open_version()
    if version is None:
        return reason
    authors = ", ".join(map(str, version.authors.all()))
    words = gettext("Written by %(names)s.") % {"names": authors} if authors else gettext("Nobody wrote in it yet.")
    link = gettext("Open version %(number)d") % {"number": version.number}
    return format_html('{} {} <a href="{}">{}</a>', reason, words, admin_url(version, "change"), link)

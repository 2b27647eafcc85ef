"""Links for reviewers on a version's overview: who was asked, until when, whether they looked; how to end one."""

from dataclasses import dataclass
from datetime import timedelta

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponseRedirect
from django.urls import path
from django.utils.translation import gettext
from django.views.decorators.csrf import csrf_exempt

from audit.models import Event
from outbox.models import Message
from outbox.models import State as MessageState
from procedures import publishing
from procedures.admin.comments import too_long_open
from procedures.admin.overview import moment
from procedures.admin.pages import admin_url
from procedures.models import ReviewInvitation
from procedures.publishing.by_link import OPENED
from procedures.review_forms import InviteForm

LABEL = ReviewInvitation._meta.label_lower
COULD_NOT_BE_SENT = MessageState.UNDELIVERABLE


@dataclass(frozen=True)
class Line:
    """One link, as the overview lists it: what is known of it (for the component `summary_list`), and how to end it."""

    invitation: ReviewInvitation
    facts: list
    has_failed: bool
    revoke_url: str


def invitations_part(version, *, by, form=None):
    """Return the template context of the links to a version, for managers alone (4 queries at most)."""
    if by.user is None or not by.user.has_perm(publishing.PUBLISH):
        return {"may_see_links": False}
    refusal = ""
    try:
        publishing.check_invite(version, by=by)
    except publishing.Refused as refused:
        refusal = refused.reason
    return {
        "may_see_links": True,
        "links": _lines(version),
        "invite_refusal": refusal,
        "invite_url": admin_url(version, "invite"),
        "invite_form": form or InviteForm(auto_id="invite_%s"),
    }


def _lines(version):
    rows = list(version.invitations.select_related("clinician", "made_by").defer("email"))
    keys = [str(row.pk) for row in rows]
    events = Event.objects.filter(object_type=LABEL, object_id__in=keys, verb=OPENED).order_by("id")
    opened = dict(events.values_list("object_id", "happened_at"))
    unsent = Message.objects.filter(about_type=LABEL, about_id__in=keys, state=COULD_NOT_BE_SENT)
    failed = set(unsent.values_list("about_id", flat=True))
    return [
        Line(
            invitation=row,
            facts=_facts(row, opened.get(str(row.pk))),
            has_failed=str(row.pk) in failed,
            revoke_url="" if row.is_over else admin_url(version, "revoke", row.pk),
        )
        for row in rows
    ]


def _facts(row, opened_at):
    rows = [(gettext("Sent by"), str(row.made_by)), (gettext("Sent"), moment(row.made_at))]
    if row.revoked_at:
        rows.append((gettext("Revoked"), moment(row.revoked_at)))
    else:
        rows.append((gettext("Works until"), moment(row.expires_at)))
    # A program that looks through mail opens it too.
    rows.append((gettext("Last opened"), moment(opened_at) if opened_at else gettext("not yet")))
    if row.approved_at:
        who = f"{row.signed_name}, {row.signed_role} ({row.registration_body}, {row.registration_number})"
        rows.append((gettext("Approved"), f"{moment(row.approved_at)}\n{who}"))
    return [{"label": label, "value": value} for label, value in rows]


class InvitationScreens:
    """The addresses under a version where a manager sends a link to a reviewer, and ends one."""

    def invitation_urls(self, label):
        """Return the paths, for `get_urls`."""
        wrap = self.admin_site.admin_view
        invite, revoke = wrap(self.invite_view), wrap(self.revoke_view)
        invite.csrf_failure = wrap(self.invite_without_token)
        return [
            path("<path:object_id>/invite/", invite, name=f"{label}_invite"),
            path("<path:object_id>/invite/<int:number>/revoke/", revoke, name=f"{label}_revoke"),
        ]

    def invite_view(self, request, object_id):
        """Send a link; a refusal shows the overview again with its reason and what was typed."""
        version = self.version_for_manager(request, object_id)
        if request.method != "POST":
            return HttpResponseRedirect(admin_url(version, "change"))
        form = InviteForm(request.POST, auto_id="invite_%s")
        if not form.is_valid():
            return self.show(request, version, invite=form, status=422)
        typed = form.cleaned_data
        try:
            publishing.invite_reviewer(
                version=version,
                clinician=typed["clinician"],
                email=typed["email"],
                lasts=timedelta(days=typed["days"]),
                by=request.user.as_actor(),
            )
        except publishing.Unfit as refused:
            form.add_error(refused.field, refused.reason)
            return self.show(request, version, invite=form, status=422)
        except publishing.Refused as refused:
            again = self.version_or_404(request, object_id)
            return self.show(request, again, invite=form, refusal=refused.reason, status=409)
        messages.success(request, gettext("The link is on its way."))
        return HttpResponseRedirect(f"{admin_url(version, 'change')}#links")

    @csrf_exempt
    def invite_without_token(self, request, object_id):
        """Show what was typed again, after a form without a valid token. Changes nothing."""
        version = self.version_for_manager(request, object_id)
        form = InviteForm(request.POST, auto_id="invite_%s")
        return self.show(request, version, invite=form, refusal=too_long_open(request), status=403)

    def revoke_view(self, request, object_id, number):
        """End a link, or say why not."""
        version = self.version_for_manager(request, object_id)
        invitation = version.invitations.filter(pk=number).first()
        if invitation is None:
            raise Http404
        if request.method == "POST":
            try:
                publishing.revoke_invitation(invitation=invitation, by=request.user.as_actor())
            except publishing.Refused as refused:
                return self.show(request, version, refusal=refused.reason, status=409)
            messages.success(request, gettext("The link opens nothing any more."))
        return HttpResponseRedirect(f"{admin_url(version, 'change')}#links")

    def version_for_manager(self, request, object_id):
        """Return the version that an address names, for whoever may send links to it."""
        version = self.version_or_404(request, object_id)
        if not request.user.has_perm(publishing.PUBLISH):
            raise PermissionDenied
        return version

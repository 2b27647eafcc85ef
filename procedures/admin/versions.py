"""One version on the desk: its overview with what can be done now, and its sections, one a screen."""

from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponseRedirect
from django.template.loader import render_to_string
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.translation import gettext
from django.views.decorators.csrf import csrf_exempt

from audit.audited_admin import AuditedAdmin
from clinic.stale import read_revision
from procedures import content_checks, presence, publishing
from procedures.admin import overview
from procedures.admin.comments import CommentScreens, comments_part, threads, too_long_open
from procedures.admin.invitations import InvitationScreens, invitations_part
from procedures.admin.looking import can_look, look
from procedures.admin.pages import admin_url
from procedures.admin.restoring import RestoreScreens, restore_part
from procedures.admin.screens import Screen, spared_labels
from procedures.forms import section_form
from procedures.models import ConditionVersion, ProcedureVersion, State
from procedures.sections import read_at_once, section_named, sections_of


class VersionAdmin(CommentScreens, InvitationScreens, RestoreScreens, AuditedAdmin):
    """A version is reached from its page; it changes by its sections and its moves alone."""

    # Who may

    def has_module_permission(self, request):
        """Keep versions out of the index: the way to them leads through their page."""
        return False

    def has_add_permission(self, request):
        """A version is started from its page."""
        return False

    def has_change_permission(self, request, obj=None):
        """A version changes by its sections and its moves alone."""
        return False

    def has_delete_permission(self, request, obj=None):
        """What somebody wrote is never lost."""
        return False

    def get_queryset(self, request):
        """The versions that this member of staff may see."""
        return self.model.objects.visible_to(request.user).select_related(
            "page__live_version", f"page__{self.subject}", "signed_off_by", "reviewed_by", "publish_at_by"
        )

    def version_or_404(self, request, object_id):
        """Return the version that an address names, if this member of staff may see it."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        version = self.get_object(request, unquote(object_id))
        if version is None:
            raise Http404
        return version

    # Addresses

    def get_urls(self):
        """Put a version's screens beside Django's own."""
        label = f"{self.opts.app_label}_{self.opts.model_name}"
        wrap = self.admin_site.admin_view
        section, move = wrap(self.section_view), wrap(self.move_view)
        section.csrf_failure, move.csrf_failure = wrap(self.section_without_token), wrap(self.move_without_token)
        return [
            path("<path:object_id>/section/<slug:key>/", section, name=f"{label}_section"),
            path("<path:object_id>/section/<slug:key>/look/", wrap(self.look_view), name=f"{label}_look"),
            path("<path:object_id>/move/<slug:name>/", move, name=f"{label}_move"),
            *self.comment_urls(label),
            *self.restore_urls(label),
            *self.invitation_urls(label),
            *super().get_urls(),
        ]

    def changelist_view(self, request, extra_context=None):
        """Lead to the pages: versions have no list of their own."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        page_model = self.opts.get_field("page").related_model
        return HttpResponseRedirect(reverse(f"admin:{self.opts.app_label}_{page_model._meta.model_name}_changelist"))

    # The overview

    def change_view(self, request, object_id, form_url="", extra_context=None):
        """Show where the version stands."""
        return self.show(request, self.version_or_404(request, object_id))

    def move_view(self, request, object_id, name):
        """Make a move; a refusal shows the overview again with its reason and what was typed."""
        version = self.version_or_404(request, object_id)
        if name not in overview.ACTIONS:
            raise Http404
        if request.method != "POST":
            return HttpResponseRedirect(admin_url(version, "change"))
        action = overview.ACTIONS[name]
        form = action.form(request.POST)
        if not form.is_valid():
            return self.show(request, version, name=name, form=form, status=422)
        seen = {"seen_revision": read_revision(request.POST.get("seen_revision", ""))}
        if action.is_together:
            seen["seen_others"] = request.POST.get("seen_others")
        try:
            action.make(version, by=request.user.as_actor(), **seen, **form.cleaned_data)
        except publishing.Unfit as refused:
            form.add_error(refused.field, refused.reason)
            return self.show(request, version, name=name, form=form, status=422)
        except publishing.Refused as refused:
            version = self.version_or_404(request, object_id)
            return self.show(request, version, name=name, form=form, refusal=refused.reason, status=409)
        messages.success(request, action.done)
        return HttpResponseRedirect(admin_url(version, "change"))

    @csrf_exempt
    def move_without_token(self, request, object_id, name):
        """Show the overview and what was typed again, after a form without a valid token. Changes nothing."""
        version = self.version_or_404(request, object_id)
        if name not in overview.ACTIONS:
            raise Http404
        form = overview.ACTIONS[name].form(request.POST)
        return self.show(request, version, name=name, form=form, refusal=too_long_open(request), status=403)

    def show(self, request, version, *, name="", form=None, comment=None, invite=None, refusal="", status=200):
        """Return the overview. `form` is what was typed for the move `name`; or else a comment, or an answer to the
        one with the number `comment`. `invite` is what was typed to send a link.
        """
        by = request.user.as_actor()
        context = overview.overview(version, by=by, name=name, form=form)
        context |= comments_part(
            version, by=by, number=comment, form=None if name else form, about=request.GET.get("about", "")
        )
        context |= restore_part(version, by=by)
        context |= invitations_part(version, by=by, form=invite)
        form = form if form is not None else invite
        refused_form = form if form is not None and not refusal else None
        return self.render(
            request,
            "version",
            version,
            context
            | {
                "refusal": refusal,
                "form": refused_form,
                "others_here": presence.others_here(version, user=request.user) if version.is_editable else [],
            },
            status=status,
        )

    # A section

    def section_view(self, request, object_id, key):
        """Show a section, rearrange what was typed, or save it; whatever happens, nothing typed is lost."""
        version, section = self.version_and_section(request, object_id, key)
        if request.method != "POST":
            try:
                publishing.check_save(version, by=request.user.as_actor())
            except publishing.Refused as refused:
                messages.info(request, refused.reason)
                return HttpResponseRedirect(admin_url(version, "change"))
            # The form and the checks look at the same rows.
            read_at_once([version])
            return self.show_section(request, version, Screen.stored(version, section))
        screen = Screen.typed(version, section, request.POST, request.FILES)
        press = request.POST.get("go", "save")
        if not screen.decide():
            return self.show_section(request, version, screen, status=422)
        if press == "look" and can_look(section):
            screen.look = render_to_string("admin/procedures/_look.html", look(version, section, screen.form))
            screen.set_aside("")
            return self.show_section(request, version, screen)
        if screen.rearranges(press):
            screen.rearrange(press)
            return self.show_section(request, version, screen, status=screen.status)
        if not screen.is_valid():
            return self.show_section(request, version, screen, status=422)
        was_signed = version.state == State.SIGNED_OFF
        try:
            saved = screen.save(by=request.user.as_actor())
        except publishing.Refused as refused:
            version = self.version_or_404(request, object_id)
            screen.refuse(version, refused)
            return self.show_section(request, version, screen, status=409)
        presence.left(version, section, user=request.user)
        messages.success(request, _saved(section, screen.taken_in_words))
        if was_signed and saved.state == State.DRAFT:
            messages.warning(
                request,
                gettext(
                    "You changed something clinical, so the sign-off is void and this is a draft again. Send it for "
                    "review when you are done. Whoever signed it off, and the managers, are told."
                ),
            )
        following = _following(version, section) if press == "next" else None
        address = admin_url(version, "section", following.key) if following else admin_url(version, "change")
        return HttpResponseRedirect(address)

    def look_view(self, request, object_id, key):
        """Show what was typed into a section as patients will see it, for the script that asks meanwhile."""
        version, section = self.version_and_section(request, object_id, key)
        if request.method != "POST" or not can_look(section):
            return HttpResponseRedirect(admin_url(version, "section", key))
        presence.saw(version, section, user=request.user)
        context = look(version, section, section_form(version, section, request.POST))
        return TemplateResponse(request, "admin/procedures/_look.html", context)

    @csrf_exempt
    def section_without_token(self, request, object_id, key):
        """Show what was typed again, after a form without a valid token. Changes nothing."""
        version, section = self.version_and_section(request, object_id, key)
        screen = Screen.typed(version, section, request.POST, {})
        screen.set_aside(too_long_open(request))
        return self.show_section(request, version, screen, status=403)

    def version_and_section(self, request, object_id, key):
        """Return both, if this member of staff may write."""
        version = self.version_or_404(request, object_id)
        section = section_named(version, key)
        if section is None:
            raise Http404
        if not request.user.has_perm(publishing.EDIT):
            raise PermissionDenied
        return version, section

    def show_section(self, request, version, screen, status=200):
        """Return the screen of a section, and let others know that somebody has it open."""
        presence.saw(version, screen.section, user=request.user)
        context = {
            "others_here": presence.others_here(version, user=request.user),
            "screen": screen,
            "section": screen.section,
            "form": screen.form,
            "found": overview.found(version, content_checks.look(version), section=screen.section),
            "following": _following(version, screen.section),
            "can_look": can_look(screen.section),
            "look_url": admin_url(version, "look", screen.section.key),
            "threads": [
                thread
                for thread in threads(version, by=request.user.as_actor())
                if thread.comment.section == screen.section.key
            ],
            "is_signed": version.state == State.SIGNED_OFF,
            "keeps_signature": spared_labels(version, screen.section),
        }
        return self.render(request, "section", version, context, status=status)

    def render(self, request, name, version, context, status):
        """Return one of our screens within the admin."""
        named = gettext("%(page)s, version %(number)d") % {
            "page": version.plain_name or version.page.slug,
            "number": version.number,
        }
        context = {
            **self.admin_site.each_context(request),
            "title": context["section"].title if "section" in context else named,
            "subtitle": named if "section" in context else None,
            "opts": self.opts,
            "version": version,
            "page": version.page,
            "pages_title": version.page._meta.verbose_name_plural,
            "pages_url": reverse(f"admin:{self.opts.app_label}_{version.page._meta.model_name}_changelist"),
            "page_url": admin_url(version.page, "change"),
            "version_url": admin_url(version, "change"),
            **context,
        }
        request.current_app = self.admin_site.name
        return TemplateResponse(request, f"admin/procedures/{name}.html", context, status=status)


def _saved(section, taken):
    if not taken:
        return gettext("“%(section)s” is saved.") % {"section": section.title}
    words = gettext(
        "“%(section)s” is saved. Somebody else changed it meanwhile, and their changes are kept with yours: %(what)s."
    )
    return words % {"section": section.title, "what": "; ".join(taken)}


def _following(version, section):
    sections = sections_of(version)
    place = sections.index(section) + 1
    return sections[place] if place < len(sections) else None


@admin.register(ProcedureVersion)
class ProcedureVersionAdmin(VersionAdmin):
    """Versions of pages about procedures."""

    subject = "procedure"


@admin.register(ConditionVersion)
class ConditionVersionAdmin(VersionAdmin):
    """Versions of pages about conditions."""

    subject = "condition"

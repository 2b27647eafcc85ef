"""Comments on a version's screens: what was said of each section, who answered, and the forms to go on with."""

from dataclasses import dataclass

from django.contrib import messages
from django.http import Http404, HttpResponseRedirect
from django.urls import path
from django.utils.translation import gettext
from django.views.decorators.csrf import csrf_exempt

from accounts.ended_session import why_not_taken
from procedures import publishing
from procedures.admin.pages import admin_url
from procedures.forms import AnswerForm, CommentForm
from procedures.sections import sections_of


@dataclass(frozen=True)
class Thread:
    """A comment with its answers, and the form to answer or settle it, None for whoever may not."""

    comment: object
    section: str
    answers: list
    form: AnswerForm | None
    may_settle: bool
    url: str


def threads(version, *, by, number=None, form=None):
    """Return the comments on a version with their answers, open ones first (1 query).

    `form` is what was typed for the comment with this number; it is shown whatever became of the comment meanwhile.
    """
    titles = {section.key: section.title for section in sections_of(version)}
    rows = list(version.comments.select_related("by", "settled_by"))
    may_answer = publishing.can_comment(version, by=by)
    found = []
    for row in rows:
        if row.answers_id is None:
            row.version = version
            of_row = form if row.pk == number else AnswerForm(auto_id=f"comment_{row.pk}_%s")
            found.append(
                Thread(
                    comment=row,
                    section=str(titles.get(row.section, row.section)),
                    answers=[each for each in rows if each.answers_id == row.pk],
                    form=of_row if of_row.is_bound or (may_answer and row.is_open) else None,
                    may_settle=publishing.can_settle(row, by=by),
                    url=admin_url(version, "answer", row.pk),
                )
            )
    return sorted(found, key=lambda thread: not thread.comment.is_open)


def comments_part(version, *, by, number=None, form=None, about=""):
    """Return the template context of the comments on the overview; `form` is what was typed, `number` for which.

    `about` is the key of the section that an empty form is to be about.
    """
    found = threads(version, by=by, number=number, form=form if number else None)
    return {
        "threads": found,
        "open_comments": [thread for thread in found if thread.comment.is_open],
        "may_comment": publishing.can_comment(version, by=by),
        "comment_url": admin_url(version, "comment"),
        "comment_form": form if form is not None and number is None else _empty(version, about=about),
    }


def _empty(version, data=None, about=""):
    return CommentForm(data, sections=sections_of(version), initial={"section": about}, auto_id="comment_%s")


class CommentScreens:
    """The addresses under a version where comments are written, answered and settled."""

    def comment_urls(self, label):
        """Return the paths, for `get_urls`."""
        wrap = self.admin_site.admin_view
        comment, answer = wrap(self.comment_view), wrap(self.answer_view)
        comment.csrf_failure, answer.csrf_failure = wrap(self.comment_without_token), wrap(self.answer_without_token)
        return [
            path("<path:object_id>/comment/", comment, name=f"{label}_comment"),
            path("<path:object_id>/comment/<int:number>/", answer, name=f"{label}_answer"),
        ]

    def comment_view(self, request, object_id):
        """Write a comment; a refusal shows the overview again with its reason and what was typed."""
        version = self.version_or_404(request, object_id)
        if request.method != "POST":
            return HttpResponseRedirect(admin_url(version, "change"))
        form = _empty(version, request.POST)
        by = request.user.as_actor()
        return self.take_comment(
            request, version, form, lambda: publishing.comment(version=version, **form.cleaned_data, by=by)
        )

    def answer_view(self, request, object_id, number):
        """Answer a comment or settle it; a refusal shows the overview again with its reason and what was typed."""
        version, comment = self.version_and_comment(request, object_id, number)
        if request.method != "POST":
            return HttpResponseRedirect(f"{admin_url(version, 'change')}#comment-{number}")
        form = AnswerForm(request.POST, auto_id=f"comment_{number}_%s")
        press = publishing.settle_comment if request.POST.get("go") == "settle" else publishing.answer_comment
        by = request.user.as_actor()
        return self.take_comment(
            request, version, form, lambda: press(comment=comment, **form.cleaned_data, by=by), number=number
        )

    def take_comment(self, request, version, form, write, number=None):
        """Call `write` when the form is valid, and lead back to the overview, or show what is wrong."""
        if not form.is_valid():
            return self.show(request, version, form=form, comment=number, status=422)
        try:
            made = write()
        except publishing.Unfit as refused:
            form.add_error(refused.field, refused.reason)
            return self.show(request, version, form=form, comment=number, status=422)
        except publishing.Refused as refused:
            again = self.version_or_404(request, str(version.pk))
            return self.show(request, again, form=form, comment=number, refusal=refused.reason, status=409)
        messages.success(request, gettext("It is noted, for all who work on this version."))
        return HttpResponseRedirect(f"{admin_url(version, 'change')}#comment-{number or made.pk}")

    @csrf_exempt
    def comment_without_token(self, request, object_id):
        """Show what was typed again, after a form without a valid token. Changes nothing."""
        version = self.version_or_404(request, object_id)
        return self.show(
            request, version, form=_empty(version, request.POST), refusal=too_long_open(request), status=403
        )

    @csrf_exempt
    def answer_without_token(self, request, object_id, number):
        """Show what was typed again, after a form without a valid token. Changes nothing."""
        version, _comment = self.version_and_comment(request, object_id, number)
        form = AnswerForm(request.POST, auto_id=f"comment_{number}_%s")
        return self.show(request, version, form=form, comment=number, refusal=too_long_open(request), status=403)

    def version_and_comment(self, request, object_id, number):
        """Return both, if this member of staff may see them."""
        version = self.version_or_404(request, object_id)
        comment = version.comments.filter(pk=number, answers=None).first()
        if comment is None:
            raise Http404
        return version, comment


def too_long_open(request):
    """Return why a form without a valid token was not taken."""
    otherwise = gettext("This page was open too long, so nothing was saved. Look at it again, then press once more.")
    return why_not_taken(request, otherwise)

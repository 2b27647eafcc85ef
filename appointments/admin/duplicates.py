"""Two requests that may be one person's: the hint on the sheet, and the page that shows both and joins them.

What was joined says so on both sheets, and is taken apart again from the same page.
"""

from django import forms
from django.contrib import messages
from django.db.models import OuterRef, Subquery, TextField
from django.db.models.functions import Cast
from django.http import Http404, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import get_language_info, gettext
from django.utils.translation import gettext_lazy as _

from appointments import duplicates, workflow
from appointments.admin import amendments, holding, queue, sheet
from appointments.models import STATUS_TONES, AppointmentRequest, Merge, NotDuplicate
from appointments.opened import READ
from appointments.references import read_reference
from appointments.workflow.table import TRIAGE
from audit.models import Event
from clinic import stale
from clinic.encryption import Unreadable, each_readable

NAME = "appointments_appointmentrequest"
SHEET, PAGE, QUEUE = f"admin:{NAME}_change", f"admin:{NAME}_duplicates", f"admin:{NAME}_changelist"
LABELS = amendments.LABELS | {
    "helper": _("Somebody else asks for the patient"),
    "language": _("Language"),
    "preferences": _("When and how"),
}
NOT_READABLE = _("One of these requests cannot be read with this site’s keys.")


# On the sheet


def notice(asked, *, user):
    """Return what the sheet says of requests that came twice (1 query, and 1 where something is joined with it)."""
    if asked.merged_into_id:
        leads_to = {"pk": asked.merged_into_id, "reference": asked.joined_with}
        return {"leads_to": leads_to, "may_be_same": None, "joined": []}
    found = duplicates.look(asked, user=user)
    hints = [{"reference": hint.reference, "because": in_words(hint.because)} for hint in found.hints]
    return {
        "leads_to": None,
        "may_be_same": {"first": hints[0], "more": len(hints) - 1} if hints else None,
        "joined": joined(asked, user=user, keys=found.joined),
    }


def in_words(because):
    """Return the reasons of a hint as one text: "same telephone number, same name"."""
    return ", ".join(str(each.label) for each in because)


def joined(asked, *, user, keys):
    """Return what was joined with a request, the oldest first, each with the patient's own words in it."""
    if not keys:
        return []
    made = Merge.objects.filter(merged=OuterRef("pk"), undone_at=None).order_by("-pk")
    rows = AppointmentRequest.of_every_kind.visible_to(user).filter(pk__in=keys).order_by("created_at", "pk")
    # Sealed, so that a joining that no key opens takes nothing else with it.
    rows = rows.annotate(sealed_before=Subquery(made.values(text=Cast("before", TextField()))[:1]))
    return [
        {
            "pk": row.pk,
            "reference": row.reference,
            "when": timezone.localtime(row.created_at),
            "language": row.language,
            "words": row.matter if row.is_readable else sheet.CANNOT_BE_READ,
            "ticked": [sign["text"] for sign in row.signs or [] if sign["ticked"]] if row.is_readable else [],
            "own": _own(row.sealed_before, asked),
        }
        for row in each_readable(rows)
    ]


def _own(sealed, asked):
    """Return rows of what the request that stayed had said itself where the other one's was chosen."""
    try:
        was, names = workflow.replaced(Merge(before=Merge._meta.get_field("before").opened(sealed)))
    except Unreadable:
        return []
    if not names:
        return []
    for name in ("procedure", "location"):
        if getattr(was, f"{name}_id") == getattr(asked, f"{name}_id"):
            setattr(was, name, getattr(asked, name))
    words, answers = amendments.Words(sheet.in_words), workflow.answers_of(was)
    return [{"label": LABELS[name], "value": _value(name, was, answers, words)} for name in names]


# Side by side


class JoinForm(forms.Form):
    """Of two requests, whose value stays: one question for each thing that they say differently.

    A choice is the primary key of the request whose value it is. `same` holds (label, value) of what both say.
    """

    def __init__(self, data=None, *, one, other):
        super().__init__(data)
        self.pair, self.same = (one, other), []
        words = amendments.Words(sheet.in_words)
        answers = [workflow.answers_of(each) for each in self.pair]
        for name in workflow.CHOSEN:
            values = [_value(name, each, said, words) for each, said in zip(self.pair, answers, strict=True)]
            if values[0] == values[1]:
                self.same.append({"label": LABELS[name], "value": values[0]})
            else:
                chosen = one if values[0] or not values[1] else other
                self.fields[name] = forms.ChoiceField(
                    label=LABELS[name],
                    choices=[(each.pk, value) for each, value in zip(self.pair, values, strict=True)],
                    initial=chosen.pk,
                    widget=forms.RadioSelect,
                    error_messages={"required": _("Choose one of the two."), "invalid_choice": _("Choose one.")},
                )

    def choices_for(self, kept):
        """Return the choices as `workflow.merge` takes them, when `kept` is the one that stays."""
        return {
            name: workflow.MINE if chosen == str(kept.pk) else workflow.OTHER
            for name, chosen in self.cleaned_data.items()
        }


def _value(name, asked, answers, words):
    """Return what a request says under this name, in words; "" where it says nothing."""
    if name == "language":
        return capfirst(get_language_info(asked.language)["name_translated"])
    if name in ("preferences", "helper"):
        rows = sheet.in_words(asked.preferences or {}) if name == "preferences" else sheet.helper(asked.helper or {})
        return "\n".join(f"{row['label']}{'' if row['label'].endswith('?') else ':'} {row['value']}" for row in rows)
    return "".join(row["value"] for row in words.rows({name: answers[name]}))


def _side(asked):
    """Return one of the two as the page shows it beside the other: what is not chosen, but judged."""
    rows = [
        (gettext("Received"), queue.exactly(asked.created_at)),
        (gettext("How they asked"), queue.came_by(asked)),
        (gettext("Who has it"), sheet.holder_in_words(asked)),
    ]
    if asked.waits_for_clinic:
        rows.append((gettext("Due by"), queue.exactly(asked.due_at)))
    if asked.agreed_for:
        rows.append((gettext("Agreed time"), queue.exactly(asked.agreed_for)))
    if asked.times_left:
        rows.append((gettext("Times offered"), asked.times_left))
    ticked = [sign["text"] for sign in asked.signs or [] if sign["ticked"]]
    rows.append((gettext("Warning signs"), "\n".join(ticked) or gettext("The patient ticked none.")))
    return {
        "asked": asked,
        "hurry": queue.hurry_of(asked),
        "tone": STATUS_TONES[asked.status],
        "held": holding.held(asked),
        "rows": [{"label": label, "value": str(value)} for label, value in rows],
    }


def _ways(one, other, *, by):
    """Return both ways to join two requests: the one that stays, and why that cannot be, if so."""
    ways = []
    for kept, merged in ((one, other), (other, one)):
        try:
            workflow.check_merge(kept, merged, by=by)
            ways.append({"kept": kept, "merged": merged, "reason": ""})
        except workflow.Refused as refused:
            ways.append({"kept": kept, "merged": merged, "reason": refused.reason})
    return ways


class Duplicates:
    """The page of duplicates in the requests' admin, under the sheet of one of them, and its presses."""

    def get_urls(self):
        page = self.admin_site.admin_view(self.duplicates_view)
        press = self.admin_site.admin_view(self.duplicates_press_view)
        return [
            path("<path:object_id>/duplicates/", page, name=f"{NAME}_duplicates"),
            path("<path:object_id>/duplicates/<slug:name>/", press, name=f"{NAME}_duplicates_press"),
            *super().get_urls(),
        ]

    def duplicates_view(self, request, object_id):
        """Show a request beside the likeliest to be the same person's, or beside the one whose reference is given."""
        try:
            asked = self.asked(request, object_id)
            return self._duplicates_page(request, asked, typed=request.GET.get("with", ""))
        except Unreadable:
            return self._not_readable(request)

    def duplicates_press_view(self, request, object_id, name):
        """Join, part, or say that they are two; a refusal shows the page again with its reason."""
        presses = {"join": self._join, "two": self._two, "apart": self._apart, "beside": self._apart}
        try:
            asked = self.asked(request, object_id)
            if name not in presses:
                raise Http404
            if request.method != "POST":
                return self._to(request, PAGE, asked)
            return presses[name](request, asked)
        except Unreadable:
            return self._not_readable(request)

    def _join(self, request, asked):
        other = self._other(request, asked)
        form = JoinForm(request.POST, one=asked, other=other)
        kept, merged = (other, asked) if request.POST.get("keep") == str(other.pk) else (asked, other)
        seen = {
            asked.pk: stale.read_revision(request.POST.get("seen_revision", "")),
            other.pk: stale.read_revision(request.POST.get("seen_other", "")),
        }
        is_valid = form.is_valid()
        try:
            if not is_valid and seen == {each.pk: each.revision for each in (asked, other)}:
                return self._duplicates_page(request, asked, other=other, form=form, status=422)
            kept = workflow.merge(
                kept,
                merged,
                choices=form.choices_for(kept),
                by=request.user.as_actor(),
                seen_revision=seen[kept.pk],
                seen_other=seen[merged.pk],
            )
        except workflow.Unfit as refused:
            form.add_error(refused.field if refused.field in form.fields else None, refused.reason)
            return self._duplicates_page(request, asked, other=other, form=form, refusal=refused.reason, status=422)
        except workflow.Refused as refused:
            asked, other = self.asked(request, str(asked.pk)), self.asked(request, str(other.pk))
            chosen = JoinForm(request.POST, one=asked, other=other)
            return self._duplicates_page(request, asked, other=other, form=chosen, refusal=refused.reason, status=409)
        done = gettext("%(merged)s is joined with %(kept)s now, which is yours.")
        messages.success(request, done % {"merged": merged.reference, "kept": kept.reference})
        return self._to(request, SHEET, kept)

    def _two(self, request, asked):
        other = self._other(request, asked)
        try:
            workflow.not_duplicate(asked, other, by=request.user.as_actor())
        except workflow.Refused as refused:
            return self._duplicates_page(request, asked, other=other, refusal=refused.reason, status=409)
        done = gettext("%(one)s and %(other)s stay two. No hint says otherwise any more.")
        messages.success(request, done % {"one": asked.reference, "other": other.reference})
        return self._to(request, SHEET, asked)

    def _apart(self, request, asked):
        keeps = request.resolver_match.kwargs["name"] == "beside"
        try:
            asked = workflow.unmerge(asked, by=request.user.as_actor(), keeps=keeps)
        except workflow.Refused as refused:
            return self._duplicates_page(
                request, self.asked(request, str(asked.pk)), refusal=refused.reason, status=409
            )
        messages.success(request, gettext("%(reference)s stands for itself again.") % {"reference": asked.reference})
        return self._to(request, SHEET, asked)

    def _other(self, request, asked):
        """Return the other request that a press names."""
        other = self.asked(request, request.POST.get("other", ""))
        if other.pk == asked.pk:
            raise Http404
        return other

    def _to(self, request, name, asked):
        return HttpResponseRedirect(self.with_filters(request, reverse(name, args=[asked.pk])))

    def _not_readable(self, request):
        messages.error(request, NOT_READABLE)
        return HttpResponseRedirect(self.with_filters(request, reverse(QUEUE)))

    def _duplicates_page(self, request, asked, *, other=None, typed="", form=None, refusal="", status=200):
        """Return the page about two requests, and record that both were read; about one alone where there is no other.

        `other` is the one that a press named, `typed` what stands for its reference in the address.
        """
        by = request.user.as_actor()
        hints = duplicates.look(asked, user=request.user).hints
        not_found = False
        if other is None and not asked.merged_into_id:
            wanted = read_reference(typed) if typed else hints[0].reference if hints else ""
            other = self.get_queryset(request).exclude(pk=asked.pk).filter(reference=wanted or "").first()
            not_found = bool(typed) and other is None
        if request.method != "HEAD":
            for each in filter(None, (asked, other)):
                Event.record(READ, by=by, about=each)
        context = {
            **self.admin_site.each_context(request),
            "title": gettext("Duplicates of %(reference)s") % {"reference": asked.reference},
            "is_nav_sidebar_enabled": False,
            "opts": self.opts,
            "preserved_filters": self.get_preserved_filters(request),
            "asked": asked,
            "other": other,
            "hints": [
                {"reference": hint.reference, "because": in_words(hint.because), "is_shown": hint.pk == _key(other)}
                for hint in hints
            ],
            "not_found": not_found,
            "refusal": refusal,
            "may_press": request.user.has_perm(TRIAGE),
            **(self._both(asked, other, form=form, by=by) if other else self._alone(asked, by=by)),
        }
        request.current_app = self.admin_site.name
        return TemplateResponse(
            request, "admin/appointments/appointmentrequest/duplicates.html", context, status=status
        )

    def _both(self, asked, other, *, form, by):
        first, second = sorted((asked.pk, other.pk))
        said = NotDuplicate.objects.filter(first=first, second=second).select_related("said_by").first()
        ways = _ways(asked, other, by=by)
        return {
            "sides": [_side(asked), _side(other)],
            "because": in_words(duplicates.pair(asked, other)),
            "form": form or JoinForm(one=asked, other=other),
            "ways": ways,
            "can_join": any(not way["reason"] for way in ways),
            "said_two": said,
        }

    def _alone(self, asked, *, by):
        """Return what there is to say of a request that is joined with another one: how to take them apart."""
        if not asked.merged_into_id:
            return {}
        try:
            workflow.check_unmerge(asked, by=by)
            return {"leads_to": asked.merged_into, "can_part": True}
        except workflow.Refused as refused:
            reason = refused.reason
        try:
            workflow.check_unmerge(asked, by=by, keeps=True)
            return {"leads_to": asked.merged_into, "reason": reason, "can_stand_beside": True}
        except workflow.Refused as refused:
            return {"leads_to": asked.merged_into, "reason": refused.reason}


def _key(row):
    return row.pk if row is not None else None

"""Who read what: patients who read a warning that has changed since, and the message that tells them, ready to send."""

from hashlib import sha256

from django.contrib import messages as flash
from django.core.exceptions import PermissionDenied
from django.db.models import F, OuterRef, Subquery, Window
from django.db.models.functions import RowNumber
from django.http import HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.functional import cached_property
from django.utils.translation import get_language_info, gettext, ngettext
from django.utils.translation import gettext_lazy as _

from appointments import messages, who_read, workflow
from appointments.admin import queue
from appointments.models import STATUS_TONES, AppointmentRequest, NotToldBecause, TimeOffer
from appointments.workflow.table import TRIAGE
from appointments.workflow.telling import PAGE_CHANGED
from clinic.encryption import Unreadable
from clinic.stale import read_revision

WHO_READ = "admin:appointments_appointmentrequest_who_read"
SHEET = "admin:appointments_appointmentrequest_change"
# Of one change so many are shown, and told, at a time: the first of the queue.
MOST = 50

CHOOSE = _("Choose at least one request.")
GONE = _("Nobody is left to tell of this: a colleague was quicker, or the page was published again.")
CANNOT_BE_READ = _("This request cannot be read with this site’s keys.")
OTHER_WORDS = _("The message has changed since you looked at it. Read it again, then send it.")


class WhoRead:
    """The part of the request's admin that lists them, shows the message, and sends it."""

    def get_urls(self):
        view = self.admin_site.admin_view(self.who_read_view)
        return [path("who-read/", view, name="appointments_appointmentrequest_who_read"), *super().get_urls()]

    def who_read_view(self, request):
        """Show the list. A press shows the message first; the next one sends it. Another says that none is needed."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        if request.method != "POST":
            return self._list(request)
        if not request.user.has_perm(TRIAGE):
            raise PermissionDenied
        chosen = Chosen(request.user, request.POST)
        if chosen.group and chosen.is_empty:
            return self._list(request, refusal=CHOOSE, status=422)
        if not chosen.rows:
            flash.warning(request, GONE)
            return HttpResponseRedirect(reverse(WHO_READ))
        go = request.POST.get("go")
        if go == "no-message":
            return self._no_message(request, chosen)
        if go != "send":
            return self._message(request, chosen)
        if not {row["seen"] for row in chosen.previews} <= set(request.POST.getlist("seen")):
            return self._message(request, chosen, refusal=OTHER_WORDS, status=409)
        number, refusals = chosen.each(workflow.tell_of_change)
        words = ngettext(
            "%(number)d patient is told, or is to be called.",
            "%(number)d patients are told, or are to be called.",
            number,
        )
        return self._done(request, words, number, refusals)

    def _no_message(self, request, chosen):
        try:
            number, refusals = chosen.each(workflow.need_not_tell, because=request.POST.get("because", ""))
        except workflow.Unfit as refused:
            return self._list(request, refusal=refused.reason, status=422)
        words = ngettext("%(number)d request needs no message.", "%(number)d requests need no message.", number)
        return self._done(request, words, number, refusals)

    def _done(self, request, words, number, refusals):
        if number:
            flash.success(request, words % {"number": number})
        for reason in refusals:
            flash.error(request, reason)
        return HttpResponseRedirect(reverse(WHO_READ))

    def _list(self, request, *, refusal="", status=200):
        groups = who_read.groups(_visible_to(request.user))
        rows, picked = {}, set(request.POST.getlist("request"))
        for row in _first_rows(request.user, [group.known for group in groups]) if groups else ():
            rows.setdefault(row.known, []).append(_line(row) | {"is_picked": str(row.pk) in picked})
        self.record_screen(request, "who_read", [row["pk"] for lines in rows.values() for row in lines])
        context = {
            "title": gettext("Patients who read what has changed"),
            "groups": [
                {"group": group, "rows": rows.get(group.known, []), "most": MOST, "language": _name_of(group.language)}
                for group in groups
            ],
            "reasons": NotToldBecause.choices,
            "because": request.POST.get("because", ""),
            "may_press": request.user.has_perm(TRIAGE),
            "refusal": refusal,
        }
        return self._who_read_page(request, "who_read.html", context, status)

    def _message(self, request, chosen, *, refusal="", status=200):
        self.record_screen(request, "who_read_message", [row.pk for row in chosen.rows])
        context = {"title": gettext("The message, before it is sent"), "chosen": chosen, "refusal": refusal}
        return self._who_read_page(request, "who_read_message.html", context, status)

    def _who_read_page(self, request, template, context, status):
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "is_nav_sidebar_enabled": False,
            "list_url": reverse(WHO_READ),
            **context,
        }
        request.current_app = self.admin_site.name
        template = f"admin/appointments/appointmentrequest/{template}"
        return TemplateResponse(request, template, context, status=status)


class Chosen:
    """The requests that were chosen from one group, as far as they still belong to it."""

    def __init__(self, user, data):
        self.user, keys = user, data.getlist("request")
        known, live = read_revision(data.get("known", "")), read_revision(data.get("live", ""))
        groups = who_read.groups(_visible_to(user))
        self.group = next((each for each in groups if (each.known, each.live) == (known, live)), None)
        takes_all = data.get("go") == "all"
        self.is_empty = not (keys or takes_all)
        self.rows = list(self._rows(None if takes_all else keys)) if self.group else []

    def _rows(self, keys):
        rows = _first_rows(self.user, [self.group.known])
        if keys is None:
            return rows
        return rows.filter(pk__in=[int(key) for key in keys if key.isdecimal() and len(key) < 19])

    @cached_property
    def previews(self):
        """Each message that differs in more than the reference, and what is said in calls: with how many it reaches.

        `seen` is a digest of what the preview says: what is sent must be what was looked at.
        """
        found = {}
        for row in self.rows:
            kind = (row.language, row.procedure_id if row.wants_details else None, row.wants_details, is_called(row))
            if kind not in found:
                found[kind] = self._preview(row)
            found[kind]["number"] += 1
        return list(found.values())

    def _preview(self, row):
        shown = messages.as_written(row, PAGE_CHANGED)
        if is_called(row):
            changes = who_read.in_words(self.group.changes, row.language)
            shown = {"said": messages.words_to_say(row, PAGE_CHANGED, further=changes), "language": row.language}
        digest = sha256(repr(sorted(shown.items())).replace(row.reference, "").encode()).hexdigest()
        return shown | {"seen": digest, "reference": row.reference, "number": 0}

    def each(self, press, **how):
        """Press once for each, in a transaction of its own; return how many went through, and why the rest did not."""
        number, refusals = 0, []
        for row in self.rows:
            try:
                press(row, version=self.group.live, by=self.user.as_actor(), **how)
                number += 1
            except workflow.Unfit:
                raise
            except workflow.Refused as refused:
                refusals.append(f"{row.reference}: {refused.reason}")
            except Unreadable:
                refusals.append(f"{row.reference}: {CANNOT_BE_READ}")
        return number, refusals


def is_called(row):
    """Say whether the patient of a request is called instead of written to, without opening what is sealed."""
    return not row.email_index or row.bounced_at is not None


def _visible_to(user):
    return AppointmentRequest.objects.visible_to(user)


def _first_rows(user, known):
    """Return the first requests of each group, in the order of the queue (1 query)."""
    rows = who_read.with_an_old_page(_visible_to(user)).filter(known__in=known)
    order = ["-is_danger", "-is_urgent", "due_at", "id"]
    agreed = TimeOffer.objects.filter(request=OuterRef("pk")).agreed().values("starts_at")[:1]
    rows = rows.annotate(
        agreed_for=Subquery(agreed),
        place=Window(RowNumber(), partition_by=F("known"), order_by=order),
    )
    return rows.filter(place__lte=MOST).defer(*queue.ENCRYPTED).in_queue_order()


def _line(row):
    return {
        "pk": row.pk,
        "reference": row.reference,
        "url": reverse(SHEET, args=[row.pk]),
        "hurry": queue.hurry_of(row),
        "status": row.get_status_display(),
        "tone": STATUS_TONES[row.status],
        "since": row.created_at,
        "agreed_for": row.agreed_for,
        "is_called": is_called(row),
    }


def _name_of(language):
    return get_language_info(language)["name_translated"]

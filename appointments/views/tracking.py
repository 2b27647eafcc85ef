"""The private page of a request: where it stands, and what the clinic wrote about it."""

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse, translate_url
from django.utils import timezone
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from appointments import calendar_files, workflow
from appointments.changes import CHANGES, offered_to
from appointments.masked import masked_email, masked_phone
from appointments.messages import in_words
from appointments.models import STATUS_TONES, Status
from appointments.names import plain_name
from appointments.opened import openings_of
from appointments.views.private import behind_link, link_of, nothing_here
from appointments.who_read import told_of
from audit.actors import Actor
from audit.models import Event
from clinic.page_cache import private_asking_page, private_page
from clinic.views import FORM_NOT_CHECKED
from procedures.models import ProcedurePage

NO_TIME_AGREED = _("There is no appointment to put into your calendar.")


@behind_link("GET", "HEAD")
def track(request, link):
    """Show where a request stands. Looking changes nothing."""
    return status_page(request, link)


def status_page(request, link, *, refusal="", status=200):
    """Return the private page; `refusal` says why what was just pressed could not be done."""
    asked, token = link.request, request.resolver_match.kwargs["token"]
    done = CHANGES.get(request.GET.get("done", ""))
    times, (opened, openings) = _times(asked), openings_of(asked)
    questions = list(asked.clinic_questions.standing().values_list("replied_at", flat=True))
    context = {
        "asked": asked,
        "token": token,
        "tone": STATUS_TONES[asked.status],
        "stands": _in_patients_words(asked),
        "due": in_words(asked.due_at) if asked.waits_for_clinic else "",
        "is_overdue": asked.is_overdue(),
        "procedure": plain_name(asked.procedure_id),
        "sent": request.GET.get("sent", ""),
        "done": done.done if done and request.method != "POST" and done.still_holds(asked) else "",
        "refusal": refusal,
        "has_question": None in questions and _can_reply(asked),
        "has_words": bool(questions or asked.answer),
        "told": told_of(asked),
        "email": masked_email(asked.email),
        "phone": masked_phone(asked.phone),
        "opened": opened,
        "openings": openings,
        "canonical_url": "",
        # A tick above a request that waits, or was declined, would say that all is well.
        "is_quiet": asked.status != Status.NEW and ("agreed" not in times or times["is_past"]),
        **times,
        "changes": offered_to(asked, were_offered=times.get("were_offered", False)),
    }
    if context["has_question"]:
        due = workflow.due_after_reply(asked, timezone.now())
        context["due_if_now"] = in_words(due) if due else ""
    if request.resolver_match.view_name != "appointments:track":
        request.addresses = _addresses(token)
    return private_page(render(request, "appointments/track.html", context, status=status))


def _in_patients_words(asked):
    """Return the status as it looks from the patient's side."""
    if asked.status == Status.NEW:
        return gettext("sent to us")
    return gettext("waiting for you") if asked.status == Status.WAITING else asked.get_status_display()


def _can_reply(asked):
    return workflow.can_move(asked, "reply", by=Actor.patient())


def _times(asked):
    """Return what the page says of times: those that can be chosen, or the one that was agreed."""
    if asked.status == Status.AGREED:
        agreed = asked.offers.agreed().select_related("location", "clinician").first()
        return {
            "agreed": agreed,
            "agreed_at": in_words(agreed.starts_at),
            "is_past": agreed.ends_at < timezone.now(),
            "preparation": preparation_for(asked),
        }
    if asked.status in (Status.WAITING, Status.IN_PROGRESS):
        free = workflow.free_offers(asked)
        were_offered = bool(free) or asked.offers.open().exists()
        return {
            "offers": [{"time": in_words(time.starts_at), "offer": time} for time in free],
            "were_offered": were_offered,
        }
    return {}


def preparation_for(asked):
    """Return how to prepare for the treatment, from its published page, as the component `checklist` takes it."""
    pages = ProcedurePage.objects.published().in_language(get_language()).filter(procedure=asked.procedure_id)
    return pages.values_list("live_version__document__preparation", flat=True).first() or []


def _addresses(token):
    """Return where the private page stands in each language, for an answer that came under another address."""
    here = reverse("appointments:track", args=[token])
    return {language: translate_url(here, language) for language, _name in settings.LANGUAGES}


@behind_link("GET", "HEAD")
def calendar(request, link):
    """Give the agreed time to a calendar, as a file without names and without the private address."""
    text = calendar_files.calendar_of(link.request)
    if not text:
        return status_page(request, link, refusal=NO_TIME_AGREED, status=404)
    headers = {"Content-Disposition": 'attachment; filename="appointment.ics"'}
    return private_page(HttpResponse(text, content_type="text/calendar; charset=utf-8", headers=headers))


# What the clinic wrote


@behind_link("GET", "HEAD", "POST")
def words(request, link):
    """Show the answer and the questions of the clinic, once somebody presses: no scanner of links ever reads them."""
    asked = link.request
    questions = list(asked.clinic_questions.standing())
    if not (asked.answer or questions):
        return see_other(reverse("appointments:track", args=[request.resolver_match.kwargs["token"]]))
    if request.method != "POST":
        return _ask_before_words(request, asked, questions)
    Event.record("request.words_read", by=Actor.patient(link.pk), about=asked)
    is_open = any(each.is_open for each in questions) and _can_reply(asked)
    context = {
        "asked": asked,
        "token": request.resolver_match.kwargs["token"],
        "questions": [{"text": each.text, "asked": each.asked_at, "replied": each.replied_at} for each in questions],
        "form": CHANGES["reply"].form_for(asked) if is_open else None,
        "change": CHANGES["reply"],
    }
    return private_asking_page(render(request, "appointments/words.html", context))


def _words_without_token(request, token):
    """Ask once more, after a press that came without a good CSRF token."""
    link = link_of(token)
    if link is None:
        return nothing_here(request)
    problems = [{"text": FORM_NOT_CHECKED, "target": ""}]
    questions = list(link.request.clinic_questions.standing())
    return _ask_before_words(request, link.request, questions, problems=problems, status=403)


words.csrf_failure = _words_without_token


def _ask_before_words(request, asked, questions, *, problems=(), status=200):
    context = {
        "asked": asked,
        "token": request.resolver_match.kwargs["token"],
        "is_question": bool(questions) and not asked.answer,
        "problems": problems,
        "has_errors": bool(problems),
    }
    return private_asking_page(render(request, "appointments/before_words.html", context, status=status))


def see_other(address):
    """Lead on after a press to a page that is opened by a look."""
    return private_page(HttpResponse(status=303, headers={"Location": address}))

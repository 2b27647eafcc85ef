"""The patient's request, a page of questions at a time."""

from functools import partial
from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse, translate_url
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from appointments import practice, workflow
from appointments.answers import CHECK, EMERGENCY, Answers
from appointments.forms import FORMS
from appointments.messages import in_words
from appointments.models import FormClosure, Kind
from appointments.sealed import LAST_STEP, Broken, Draft, TooLong
from appointments.summary import rows_of
from appointments.suspicion import Sending, why_held
from appointments.workflow import Outcome
from audit.actors import Actor
from clinic import forgeries
from clinic.context_processors import languages_here
from clinic.limits import network_of
from clinic.models import Urgency, reception_hours
from clinic.page_cache import asking_page
from clinic.retention import rule_of
from clinic.views import FORM_NOT_CHECKED

URGENT, CLOSED = "urgent", "closed"
# What the buttons of the form say, up to a hyphen; nothing where a browser sends a form without one.
BUTTONS = ("", "next", "back", "language", "change", "send")
# A name that no browser and no password manager fills in by itself.
DECOY = "remark"

FIRST_ANSWER_THIS = _("One answer is missing. Give it here, and continue.")
SEAL_IS_BROKEN = _(
    "We could not read the answers from your earlier pages. What you typed on this page is still here. "
    "Continue, and we ask for the rest again."
)
SEAL_IS_OLD = _(
    "Nothing was sent yet, since this page was open for more than 24 hours. Nothing is lost. "
    "Look at your answers again, then send them."
)
SEAL_IS_LOST = _("Nothing was sent. We could not read your answers, so we ask for them again. We are sorry.")


# The request


@require_http_methods(["GET", "HEAD", "POST"])
def request_form(request):
    """Ask for an appointment or an answer: GET opens the first page, POST leads from page to page."""
    marker = request.GET.get("practice")
    if request.method != "POST" and marker is not None and not practice.is_marker(marker):
        # What was meant for practice must not reach the queue.
        return asking_page(render(request, "appointments/practice_over.html", {"canonical_url": ""}, status=410))
    closing = FormClosure.objects.current().first()
    if closing is not None:
        return asking_page(_closed(request, closing))
    return asking_page(_moved(request) if request.method == "POST" else _started(request))


def _csrf_failure(request):
    """Answer a page without a good CSRF token: the same page, with what was typed, and a fresh token."""
    return asking_page(_shown_again(request, status=403, sentence=FORM_NOT_CHECKED))


request_form.csrf_failure = _csrf_failure


def _started(request):
    return _opened(request).show("wish")


def _opened(request):
    """Return the pages of somebody who comes to the form, with what the address says of their choice."""
    page = Page(request, Draft.begun())
    offered = page.answers.offered
    procedure, location = offered.key_of(request.GET.get("procedure")), request.GET.get("location")
    location = location if location in offered.locations else ""
    chosen = {"procedure": procedure, "location": location}
    page.draft.typed["wish"] = {name: key for name, key in chosen.items() if key}
    version = request.GET.get("version", "")
    page.draft.page_version = offered.version_read(procedure, version) if version else None
    page.draft.is_practice = "practice" in request.GET
    if page.draft.page_version and version.isdecimal():
        version = f"{get_language()}-{version}"
    request.addresses = {
        language: _address(
            request.path,
            language,
            procedure=offered.slug_for(procedure, language),
            location=location,
            version=version if page.draft.page_version else "",
            practice=request.GET.get("practice", ""),
        )
        for language, _name in settings.LANGUAGES
    }
    return page


def _address(path, language, **chosen):
    """Return where a page stands in a language, with what was chosen by whoever led the patient to it."""
    query = urlencode({name: value for name, value in chosen.items() if value})
    return translate_url(path, language) + (f"?{query}" if query else "")


def _moved(request):
    """Read the page that came, and show the one to go to."""
    step, go = request.POST.get("step", ""), request.POST.get("go", "")
    if step not in (*FORMS, CHECK, EMERGENCY, URGENT, CLOSED) or go.partition("-")[0] not in BUTTONS:
        forgeries.note(forgeries.MOVE, where="request form")
    try:
        page = Page(request, Draft.opened(request.POST.get("seal", "")))
    except Broken:
        return _shown_again(request, status=422)
    if step in FORMS:
        return _read(page, step, go)
    if go == "back":
        return page.lead_to(page.before(step))
    if go == "language":
        return page.lead_to(step)
    if go.startswith("change-"):
        return page.lead_to(go.removeprefix("change-"))
    if (step, go) == (CHECK, "send"):
        return _send(page)
    return page.lead_on(after="signs" if step == URGENT else step)


def _closed(request, closing):
    """Say until when the form is closed. Answers so far travel on in the page, so that a later try goes on with them.

    Help in an emergency, and the way to a request that was sent before, stay open.
    """
    if request.method != "POST":
        return _opened(request).say_closed(closing, step="wish")
    step = request.POST.get("step", "")
    try:
        page = Page(request, Draft.opened(request.POST.get("seal", "")))
    except Broken:
        page = Page(request, Draft.begun())
    if step in FORMS:
        form, fits = _take_in(page, step)
        if not fits:
            return page.show(step, form=form, status=422)
    if page.answers.ticked(Urgency.EMERGENCY):
        return page.show(EMERGENCY)
    is_sent = (step, request.POST.get("go")) == (CHECK, "send") and not page.answers.first_missing()
    if is_sent and workflow.was_sent(page.answers.to_send(), token=page.draft.token):
        return _send(page)
    return page.say_closed(closing, step=request.POST.get("last_step", "") if step == CLOSED else step)


def _note_decoy(page, step):
    """Note whether the box is filled in that people do not see; what is in it is not kept."""
    if step == LAST_STEP:
        page.draft.decoy_is_filled = bool(page.request.POST.get(DECOY, "").strip())
        if page.draft.decoy_is_filled:
            forgeries.note(forgeries.DECOY, where=step)


def _take_in(page, step):
    """Take in a page of questions; return its form, and whether its answers fit into the seal with all others.

    Where they do not, the form says so, and the seal stays as it was.
    """
    _note_decoy(page, step)
    before = page.draft.typed.get(step, {})
    form = page.answers.read(step, page.request.POST)
    try:
        page.draft.sealed()
    except TooLong:
        page.draft.typed[step] = before
        if form.is_valid():
            form.refuse_length()
        return form, False
    return form, True


def _read(page, step, go):
    """Take in a page of questions, and show the one to go to."""
    form, fits = _take_in(page, step)
    if not fits:
        return page.show(step, form=form, status=422)
    if go == "back":
        return page.show(page.before(step))
    if go == "language":
        return page.show(step)
    if step == "signs" and page.answers.ticked(Urgency.EMERGENCY):
        return page.show(EMERGENCY)
    if not form.is_valid():
        return page.show(step, form=form, status=422)
    if step == "signs" and page.answers.ticked(Urgency.URGENT):
        return page.show(URGENT)
    return page.lead_on(after=step)


def _send(page):
    """Store the request, unless an answer is missing or was given long ago, and lead to its private page."""
    if page.answers.first_missing():
        return page.lead_to(CHECK)
    answers, token = page.answers.to_send(), page.draft.token
    if page.draft.is_stale and not workflow.was_sent(answers, token=token):
        return page.show(CHECK, notice=SEAL_IS_OLD)
    try:
        sent = workflow.submit(
            answers,
            token=token,
            by=Actor.patient(),
            language=get_language(),
            page_version=page.draft.page_version,
            **_door(page, answers),
        )
    except workflow.Erased:
        return render(page.request, "appointments/erased.html", {"canonical_url": ""}, status=410)
    told = {"sent": sent.outcome} if sent.outcome in (Outcome.AMENDED, Outcome.ANOTHER) else None
    address = reverse("appointments:track", args=[sent.token], query=told)
    return HttpResponse(status=303, headers={"Location": address})


def _door(page, answers):
    """Return what `workflow.submit` is told of how the form was sent: practice is never held, and counts nowhere."""
    if page.draft.is_practice:
        return {"door": workflow.Door(kind=Kind.PRACTICE)}
    sending = Sending(network_of(page.request), page.draft.began_at, page.draft.decoy_is_filled)
    return {"why_held": partial(why_held, answers, sending)}


def _shown_again(request, *, status, sentence=""):
    """Return the page that came, with what was typed on it, and why: its seal is broken, or `sentence`."""
    step = request.POST.get("step", "")
    try:
        page = Page(request, Draft.opened(request.POST.get("seal", "")))
    except Broken:
        page, sentence = Page(request, Draft.begun()), SEAL_IS_BROKEN if step in FORMS else SEAL_IS_LOST
    problems = [{"text": sentence, "target": ""}]
    if step in FORMS:
        page.answers.read(step, request.POST)
        if step == "signs" and page.answers.ticked(Urgency.EMERGENCY):
            return page.show(EMERGENCY, status=status)
        return page.show(step, problems=problems, status=status)
    return page.lead_to(step, problems=problems, status=status)


class Page:
    """Shows the pages of one patient's request."""

    def __init__(self, request, draft):
        self.request, self.draft, self.answers = request, draft, Answers(draft)

    def before(self, step):
        """Return the page before a step; before the first there is none but itself."""
        steps = self.answers.steps
        if step in (EMERGENCY, URGENT):
            return "signs"
        return steps[max(steps.index(step) - 1, 0)] if step in steps else steps[0]

    def lead_on(self, *, after):
        """Show the page that follows a step. Once all answers were looked at, a change leads back to them."""
        steps = self.answers.steps
        if after not in steps or self.draft.was_checked:
            return self.lead_to(CHECK)
        return self.lead_to(steps[min(steps.index(after) + 1, len(steps) - 1)])

    def lead_to(self, step, **shown):
        """Show a step, or the first before it whose answer is missing, or what to do in an emergency."""
        missing, steps = self.answers.first_missing(), self.answers.steps
        if step == URGENT and missing != EMERGENCY and self.answers.ticked(Urgency.URGENT):
            return self.show(URGENT, **shown)
        step = step if step in steps else CHECK
        last = {EMERGENCY: "signs", None: CHECK}.get(missing, missing)
        if steps.index(step) <= steps.index(last):
            return self.show(step, **shown)
        if missing == EMERGENCY:
            return self.show(EMERGENCY, **shown)
        form = self.answers.read(missing)
        if form is None:
            shown = {"notice": FIRST_ANSWER_THIS, **shown}
        return self.show(missing, form=form, **{"status": 422 if form else 200, **shown})

    def say_closed(self, closing, *, step):
        """Return the page that says that the form is closed; trying again leads to `step`."""
        step = step if step in (*FORMS, CHECK, URGENT) else "wish"
        until = in_words(closing.ends_at)
        told = {"words": closing.words, "language": closing.words.language(), "until": until}
        return self.show(CLOSED, last_step=step, is_begun=self.request.method == "POST", **told)

    def show(self, step, *, form=None, status=200, notice="", problems=(), **more):
        """Return one page. `notice` is a sentence for the patient; `problems` say what stopped them."""
        steps = self.answers.steps
        context = {
            "step": step,
            "number": steps.index(step) + 1 if step in steps else None,
            "total": len(steps),
            "is_first": step == steps[0],
            "due": self._due() if step in (steps[0], CHECK) else "",
            "reads_from": self._reads_from() if step in (steps[0], CHECK) else "",
            "notice": notice,
            "problems": problems,
            "has_errors": bool(problems),
            "is_practice": self.draft.is_practice,
            **more,
        }
        if step in FORMS:
            form = form or self.answers.opened(step)
            context |= {"form": form, "title": form.title, "decoy": DECOY if step == LAST_STEP else ""}
            if step == "signs":
                self.answers.show_signs(form)
        elif step == CHECK:
            self.draft.was_checked = True
            context |= {"rows": rows_of(self.answers), "only_examined_at": self._only_examined_at()}
            context["kept_for"] = rule_of("requests").span
            context["is_performed"] = self.answers.offered.is_performed_anywhere(self.answers.procedure)
        elif step in (EMERGENCY, URGENT):
            ticked = self.answers.ticked(Urgency.EMERGENCY if step == EMERGENCY else Urgency.URGENT)
            context["signs"] = self.answers.in_readers_language(ticked)
        try:
            context["seal"] = self._sealed(without=step)
        except TooLong:
            return self._show_that_text_is_too_long()
        # A link would lose what was typed, so these pages change their language by a button of the form. The first one,
        # as it is opened, keeps the links as well: whoever reads the other language looks for them at the top.
        context["languages"] = languages_here(self.request)
        if self.request.method == "POST":
            context["languages_here"] = []
        template = "questions" if step in FORMS else step
        return render(self.request, f"appointments/{template}.html", context, status=status)

    def _sealed(self, *, without):
        """Return the sealed draft; if it is too long, without what was typed on the page, which still shows it."""
        try:
            return self.draft.sealed()
        except TooLong:
            self.draft.typed.pop(without, None)
            return self.draft.sealed()

    def _show_that_text_is_too_long(self):
        """Return the page with the long text: signs that were added meanwhile have taken the room it had."""
        form = self.answers.read("matter")
        form.full_clean()
        form.refuse_length()
        self.draft.typed.pop("matter")
        return self.show("matter", form=form, status=422)

    def _due(self):
        is_urgent = bool(self.answers.ticked(Urgency.URGENT))
        return in_words(workflow.due_from(timezone.now(), urgent=is_urgent, hours=self._hours))

    @cached_property
    def _hours(self):
        """The working hours of reception, read once a page."""
        return reception_hours()

    def _reads_from(self):
        """Return from when the clinic reads what is sent now, in words, while it is closed; else ""."""
        opens_at = workflow.reads_from(timezone.now(), hours=self._hours)
        return in_words(opens_at) if opens_at else ""

    def _only_examined_at(self):
        """Return the name of the place, when it examines for this procedure but does not treat; else ""."""
        answers = self.answers
        if not answers.offered.is_only_examined(procedure=answers.procedure, location=answers.location):
            return ""
        return answers.offered.locations[answers.location].name

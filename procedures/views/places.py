"""Where, who, and how to reach the clinic."""

from django.db.models import Exists, OuterRef, Q
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language

from clinic.markdown import render_markdown
from clinic.models import Accreditation, Clinician, Closure, Location, OpeningHours, Weekday
from clinic.page_cache import public_page
from procedures import structured_data, wording
from procedures.around import card_of
from procedures.models import Procedure, ProcedurePage
from procedures.views.showing import show

CLOSURES_SHOWN = 5


@public_page
def location_list(request):
    """Every place where the clinic sees patients."""
    return render(request, "procedures/location_list.html", {"locations": Location.objects.filter(is_open=True)})


@public_page
def location(request, slug):
    """One place: address, hours, how to get there, what is done there and what is only examined there."""
    place = get_object_or_404(Location, key=slug, is_open=True)
    pages = _pages_at(place)
    hours = list(OpeningHours.objects.filter(location=place))
    performed = [card_of(page) for page in pages if page.performs]
    context = {
        "location": place,
        "days": _week(hours),
        "closures": _closures(Q(location=None) | Q(location=place)),
        "getting_there": render_markdown(str(place.getting_there)),
        "performed": performed,
        "evaluated": [card_of(page) for page in pages if not page.performs],
    }
    return show(
        request,
        "procedures/location.html",
        context,
        lambda clinic: structured_data.of_place(clinic, place, path=request.path, hours=hours, performed=performed),
    )


def _pages_at(place):
    performed, evaluated = Procedure.performed_at.through.objects, Procedure.evaluated_at.through.objects
    here = {"location": place, "procedure": OuterRef("procedure")}
    pages = ProcedurePage.objects.published().in_language(get_language())
    pages = pages.annotate(performs=Exists(performed.filter(**here)))
    return pages.filter(Q(performs=True) | Exists(evaluated.filter(**here)))


def _week(hours):
    """Return the seven days from Monday with their spans of opening; none at all where no hours are known."""
    spans = {}
    for row in hours:
        spans.setdefault(row.weekday, []).append(row)
    return [{"name": day.label, "periods": spans.get(day.value, [])} for day in Weekday] if spans else []


def _closures(where):
    """Return the next days on which it is closed, today included."""
    closures = Closure.objects.filter(where, date__gte=timezone.localdate())
    return [{"date": day.date, "reason": str(day.reason)} for day in closures[:CLOSURES_SHOWN]]


@public_page
def contact(request):
    """How to reach the clinic, and when reception answers."""
    hours = list(OpeningHours.objects.filter(location=None))
    context = {
        "days": _week(hours),
        "closures": _closures(Q(location=None)),
        "locations": Location.objects.filter(is_open=True),
    }
    return show(request, "procedures/contact.html", context, lambda clinic: structured_data.of_contact(clinic, hours))


@public_page
def team(request):
    """Who treats patients: registration, languages, places, and the procedures of each."""
    clinicians = list(Clinician.objects.filter(is_shown=True).select_related("picture").prefetch_related("locations"))
    pages = ProcedurePage.objects.published().in_language(get_language())
    names = pages.values_list("procedure__clinicians", "slug", "medical_name", "plain_name")
    performs = {}
    for clinician, slug, medical_name, plain_name in names:
        procedure = {"url": reverse("procedures:procedure", args=[slug]), "name": medical_name or plain_name}
        performs.setdefault(clinician, []).append(procedure)
    context = {
        "people": [_person(clinician, performs.get(clinician.pk, [])) for clinician in clinicians],
        "accreditations": Accreditation.objects.select_related("picture"),
    }
    return render(request, "procedures/team.html", context)


def _person(clinician, procedures):
    return {
        "clinician": clinician,
        "languages": wording.in_a_row(clinician.language_names),
        "locations": wording.in_a_row(place.name for place in clinician.locations.all() if place.is_open),
        "biography": render_markdown(str(clinician.biography)),
        "procedures": procedures,
    }

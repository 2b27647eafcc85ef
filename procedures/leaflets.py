"""Leaflets: what one says, and the sender's chore that makes each into a PDF and keeps it.

A leaflet says what the live version of a page says, and the clinic's telephone and places as they are now. The PDF is
made again when either would be printed differently, so a deployment remakes those that it changes and no others; the
code stays, as the words behind it do.
"""

import logging
from hashlib import sha256
from pathlib import Path

from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import Error, transaction
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext, override

from clinic import page_cache
from clinic.models import ClinicProfile, PageStamp
from clinic.stored_files import forget_unused, is_on_disk, store
from procedures import drawings
from procedures.anatomy import content_of, review_of
from procedures.around import around_procedure, places_of
from procedures.leaflet_pdf import CannotMake, pdf_of
from procedures.models import Leaflet, ProcedurePage, ProcedureVersion

logger = logging.getLogger(__name__)

STYLE = Path(settings.BASE_DIR) / "static" / "css" / "leaflet.css"
# The paper of a country, by the Unicode CLDR (supplemental/measurementData: paperSize); A4 everywhere else.
ON_LETTER = {"BZ", "CA", "CL", "CO", "CR", "GT", "MX", "NI", "PA", "PH", "PR", "SV", "US", "VE"}
# Looked at in one turn of the sender, most of them without anything to do; one of them, at most, becomes a PDF.
LOOKED_AT_ONCE = 20


def leaflet_of(page, clinic):
    """Return what the leaflet of a published page shows, in the language that is active (3 queries).

    `page` comes with its live version and the leaflet of that, if it has one yet.
    """
    document = page.live_version.document
    around, places = around_procedure(page, document), places_of(page.procedure)
    leaflet = getattr(page.live_version, "leaflet", None)
    return {
        **content_of(_without_sources(document)),
        "page": page,
        "around": around,
        "clinic": clinic,
        "names": document["names"],
        "summary": document["summary"],
        "review": review_of(document),
        "conditions": around.cards["condition"],
        "performed": [place for place in places if place.performs],
        "evaluated": [place for place in places if not place.performs],
        "clinicians": page.procedure.clinicians.filter(is_shown=True),
        "title": gettext("%(name)s: leaflet") % {"name": page.short_name},
        "code": leaflet.code if leaflet else "",
        "file": leaflet.file if leaflet else None,
        "address": f"{settings.SITE_URL}{page.get_absolute_url()}",
        "ask_at": f"{settings.SITE_URL}{reverse('procedures:leaflet_code')}",
    }


def _without_sources(document):
    """Return a document whose rows name no sources: paper leads to the page for them."""
    rows = {name: [row | {"sources": []} for row in document[name]] for name in ("figures", "milestones", "risks")}
    return document | rows


# The sender's chore


def make_due():
    """Try to make one PDF that is missing or no longer what would be printed; return how many were made.

    One try a turn, so that messages never wait long. What cannot be made waits, longer after each try, and holds up
    no other leaflet.
    """
    Leaflet.objects.promise(ProcedureVersion.objects.published().filter(leaflet=None))
    standing = sha256(repr((*page_cache.standing(), settings.SITE_URL, paper())).encode()).hexdigest()
    for leaflet in Leaflet.objects.due(timezone.now(), standing)[:LOOKED_AT_ONCE]:
        if leaflet.claim(timezone.now()) and (is_made := _make(leaflet, standing)) is not None:
            return int(is_made)
    return 0


def _make(leaflet, standing):
    """Make the PDF of a claimed leaflet and return whether there is a new one; None where it needs none."""
    try:
        page = ProcedurePage.objects.for_leaflet().get(live_version=leaflet.version_id)
        html, css = html_of(page), style(paper())
        printed = sha256(f"{html}\n{css}".encode()).hexdigest()
        if leaflet.printed == printed and is_on_disk(leaflet.file):
            leaflet.finish(seen_in=standing)
            return None
        return _keep(leaflet, pdf_of(html, css), name=_file_name(page), printed=printed, seen_in=standing)
    except Error:
        # The database is away, which says nothing about the leaflet: it waits its turn.
        raise
    except ProcedurePage.DoesNotExist:
        return None
    except Exception as error:
        reason = error if isinstance(error, CannotMake) else type(error).__name__
        logger.warning("Leaflet %s could not be made (%s); it will be tried again.", leaflet.pk, reason)
        return False


def html_of(page):
    """Return the leaflet of a page as one document that needs no other file, to be made into a PDF."""
    with override(page.language):
        content = leaflet_of(page, ClinicProfile.current()) | {"links_start_with": settings.SITE_URL}
        for step in content["steps"]:
            if step["image"]:
                step["image"]["url"] = drawings.data_url(step["drawing"]["key"])
        return render_to_string("procedures/leaflet_print.html", content)


def style(paper):
    """Return the style of a leaflet on this paper ("letter" or "A4")."""
    return f"{STYLE.read_text(encoding='utf-8')}\n@page {{ size: {paper} }}"


def paper():
    """Return the paper that the clinic's country prints on, as CSS names it."""
    return "letter" if settings.PHONE_REGION in ON_LETTER else "A4"


def _file_name(page):
    with override(page.language):
        word = gettext("leaflet")
    return f"{page.slug}-{slugify(word)}.pdf"


def _keep(leaflet, pdf, *, name, **seen):
    """Store the PDF in place of the one before; the first of a leaflet moves the page stamp, as pages then show it."""
    before = leaflet.file
    with transaction.atomic():
        file = store(SimpleUploadedFile(name, pdf, "application/pdf"))
        is_kept = leaflet.finish(file=file, **seen)
        if is_kept and before is None:
            PageStamp.move()
        elif before != file:
            forget_unused(before if is_kept else file)
    return is_kept

"""An old version, brought back: its words begin a new draft, which goes the whole way before patients read it."""

from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext

from audit.actors import STAFF
from audit.models import Event
from procedures import drawings
from procedures.publishing.checks import check_restore
from procedures.publishing.drafts import copy_as_draft
from procedures.publishing.moving import locked
from procedures.publishing.table import RESTORED
from procedures.sections import FILES, sections_of


@transaction.atomic
def restore(*, version, by):
    """Start a draft that says what an old version of its page said; return the draft.

    It brings no signature and no review date along, and nothing live changes. Refused while another version is being
    worked on, so that nobody's words are replaced. Whoever wrote the old version, and whoever brings it back, are
    authors of the draft: neither can sign off that patients read it again.
    """
    version = locked(version)
    check_restore(version, by=by)
    draft = copy_as_draft(version.page, version)
    draft.authors.set(version.authors.all())
    if by.kind == STAFF:
        draft.authors.add(by.user)
    Event.record(RESTORED, by=by, about=draft, number=draft.number, started_from=version.pk)
    return draft


def what_is_gone(version):
    """Return sentences about what a version names and the site no longer has: drawings, pages, files."""
    sentences = []
    for section in sections_of(version):
        rows = [version] if section.model is None else getattr(version, section.rows).all()
        if "drawing" in section.fields:
            sentences += [
                gettext("“%(section)s” names the drawing “%(key)s”, which the site no longer has.")
                % {"section": section.title, "key": row.drawing}
                for row in rows
                if row.drawing and row.drawing not in drawings.names()
            ]
        if section.takes_files:
            sentences += _lost_files(section, rows.select_related(*(name for name in FILES if name in section.fields)))
        if "related" in section.fields:
            sentences += _unread_pages(section, version)
    return sentences


def _lost_files(section, rows):
    files = [getattr(row, name, None) for row in rows for name in FILES]
    return [
        gettext("“%(section)s” has the file “%(name)s”, which is missing on the disk.")
        % {"section": section.title, "name": file.name}
        for file in files
        if file is not None and not (Path(settings.MEDIA_ROOT) / file.path).exists()
    ]


def _unread_pages(section, version):
    read = version.related.filter(pages__language=version.language, pages__live_version__isnull=False)
    pages = version.related.exclude(pk__in=read.values("pk")).prefetch_related("pages")
    return [
        gettext("“%(section)s” names “%(name)s”, which patients cannot read now.")
        % {"section": section.title, "name": _name(procedure, version.language)}
        for procedure in pages
    ]


def _name(procedure, language):
    names = {page.language: page.plain_name for page in procedure.pages.all() if page.plain_name}
    return names.get(language) or procedure.key

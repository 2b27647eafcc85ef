"""Freezes a version into one document: all that the public page, and the request's warning signs, read of it.

Schema 1, JSON throughout. Keys of a part that a version does not have are there and empty.

    schema, number      1, and the version's number
    kind, key, language "procedure" or "condition", the key of what the page is about, the language code
    names               {plain, medical, synonyms: [words]}
    summary             plain text
    text                {field of the version: HTML}, in the order of the page, only what is filled in
    drawing             {key, alternative_text} or None, of a condition
    figures             [{label, note, glance, sources, fact_key, low, high, unit}]
    preparation         [{when, points: [{text}]}]
    steps               [{label, text, drawing: {key, alternative_text} or None}]
    milestones          [{kind, from_day, to_day, until, text, sources, fact_key, low, high, unit}]
    warning_signs       [{key, text, action, urgency, applies, sources}]
    risks               [{key, name, text, scope, how_often, sources, fact_key, low, high, unit}]
    questions           [{question, html}]
    media               [{hash, name, content_type, width, height, sizes: [{hash, name, width}], alternative_text,
                        is_decorative, caption, transcript_html, captions: {hash, name, content_type} or None}]
    documents           [{hash, name, content_type, size, title}]
    related             [keys of procedures]
    sources             [{key, title, publisher, url, read_on}]
    review              {reviewer: {key, name, role: {language: words}, registration_body, registration_number} or None,
                        reviewed_on, next_review_due}
    authors             how many staff wrote it
    facts               {fact_key: {low, high, unit}}

HTML is rendered from Markdown and sanitised here, once. Numbers are whole where they can be; days count from 0, the
day of the procedure; width and height are in pixels, size in bytes; dates are ISO 8601; what is not known is None.
`sources` of a row are keys of the document's own sources; `sizes` are smaller copies of a picture, which documents
frozen before there were any do not name. The order of every list is the editors'.
"""

import json
from collections import Counter
from hashlib import sha256

from django.db.models import prefetch_related_objects

from clinic.markdown import render_markdown
from procedures import drawings
from procedures.models import ProcedureVersion

SCHEMA = 1

FACT = ("sources", "fact_key", "low", "high", "unit")
FILE = ("hash", "name", "content_type")
UNNOTICED = ("schema", "number", "review", "authors")


def freeze(version):
    """Return the document of a version of either kind, as its rows stand now (a fixed number of queries)."""
    is_procedure = isinstance(version, ProcedureVersion)
    rows = _rows_of_procedure(version) if is_procedure else _rows_of_condition(version)
    document = {
        "schema": SCHEMA,
        "number": version.number,
        "kind": "procedure" if is_procedure else "condition",
        "key": version.page.subject.key,
        "language": version.page.language,
        "names": {"plain": version.plain_name, "medical": version.medical_name, "synonyms": list(version.synonyms)},
        "summary": version.summary,
        "text": {
            field: str(html) for field in version.markdown_fields if (html := render_markdown(getattr(version, field)))
        },
        **rows,
        "sources": [
            _take(source, "key", "title", "publisher", "url") | {"read_on": _iso(source.read_on)}
            for source in version.sources.all()
        ],
        "review": review_in_words(version),
        "authors": version.authors.count(),
    }
    return document | {"facts": _facts(document)}


def words_hash(document):
    """Return the SHA-256 of what a reader would notice of a document: all but its number and who stands behind it.

    What is empty is left out, so that a part which a later release adds changes nothing by itself.
    """
    noticed = {part: said for part, said in document.items() if said and part not in UNNOTICED}
    return sha256(json.dumps(noticed, ensure_ascii=False, sort_keys=True).encode()).hexdigest()


def figures_of(version):
    """Return what must be the same in every language of a page, as a Counter of tuples: each figure's key, numbers,
    unit and sources, and of each recovery milestone its kind and days too. Words are not in it.
    """
    rows = [*version.figures.all()]
    if isinstance(version, ProcedureVersion):
        rows += [*version.milestones.all(), *(risk for risk in version.risks.all() if risk.fact_key)]
    return Counter((row._meta.model_name, *row.figure) for row in rows)


def _rows_of_procedure(version):
    prefetch_related_objects([version], "mediaitems__file", "mediaitems__captions", "printdocuments__file")
    return {
        "drawing": None,
        "figures": _figures(version),
        "preparation": _preparation(version),
        "steps": [
            _take(step, "label", "text") | {"drawing": _drawing(step, version.page.language)}
            for step in version.steps.all()
        ],
        "milestones": [
            _take(row, "kind", "from_day", "to_day", "until", "text", *FACT) for row in version.milestones.all()
        ],
        "warning_signs": _warning_signs(version),
        "risks": [_take(risk, "key", "name", "text", "scope", "how_often", *FACT) for risk in version.risks.all()],
        "questions": _questions(version),
        "media": [
            _take(item.file, *FILE, "width", "height", "sizes")
            | _take(item, "alternative_text", "is_decorative", "caption")
            | {
                "transcript_html": str(render_markdown(item.transcript)),
                "captions": item.captions and _take(item.captions, *FILE),
            }
            for item in version.mediaitems.all()
        ],
        "documents": [_take(row.file, *FILE, "size") | {"title": row.title} for row in version.printdocuments.all()],
        "related": [procedure.key for procedure in version.related.all()],
    }


def _rows_of_condition(version):
    empty = ("preparation", "steps", "milestones", "risks", "media", "documents", "related")
    return {
        "drawing": _drawing(version, version.page.language),
        "figures": _figures(version),
        "warning_signs": _warning_signs(version),
        "questions": _questions(version),
        **{name: [] for name in empty},
    }


def _figures(version):
    return [_take(figure, "label", "note", "glance", *FACT) for figure in version.figures.all()]


def _preparation(version):
    groups = {}
    for item in version.preparationitems.all():
        groups.setdefault(item.when, []).append({"text": item.text})
    return [{"when": when, "points": points} for when, points in groups.items()]


def _drawing(row, language):
    if row.drawing not in drawings.names():
        return None
    return {"key": row.drawing, "alternative_text": drawings.alternative_text(row.drawing, language)}


def _warning_signs(version):
    fields = ("key", "text", "action", "urgency", "applies", "sources")
    return [_take(sign, *fields) for sign in version.warningsigns.all()]


def _questions(version):
    return [{"question": row.question, "html": str(render_markdown(row.answer))} for row in version.questions.all()]


def review_in_words(version):
    """Return the part of a document that says who reviewed a version, when, and until when."""
    reviewer = version.reviewed_by
    who = reviewer and {
        **_take(reviewer, "key", "name", "registration_body", "registration_number"),
        "role": dict(reviewer.role),
    }
    return {
        "reviewer": who,
        "reviewed_on": _iso(version.reviewed_on),
        "next_review_due": _iso(version.next_review_due),
    }


def _facts(document):
    rows = (*document["figures"], *document["milestones"], *document["risks"])
    return {
        row["fact_key"]: {name: row[name] for name in ("low", "high", "unit")}
        for row in rows
        if row["fact_key"] and row["low"] is not None
    }


def _take(row, *fields):
    return {field: _plain(getattr(row, field), field) for field in fields}


def _plain(value, field):
    if field in ("low", "high") and value is not None:
        return int(value) if value == int(value) else float(value)
    return value


def _iso(day):
    return day.isoformat() if day else None

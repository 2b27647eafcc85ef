"""Links in the text: whether those into the site lead where readers can read, in the language of the page."""

from dataclasses import dataclass
from urllib.parse import unquote, urljoin, urlsplit

from django.conf import settings
from django.db.models import Exists, OuterRef
from django.urls import Resolver404, resolve
from django.utils.translation import gettext as _
from django.utils.translation import override

from clinic.markdown import SCHEMES
from clinic.models import Location, StoredFile
from procedures.anatomy import CONDITION_PARTS, PROCEDURE_PARTS
from procedures.around import address_in
from procedures.content_checks.content import excerpt
from procedures.models import ConditionPage, ProcedurePage, State

# A page with more links than this is judged by the first of them: a database takes only so many at once.
MOST_LINKS = 500

PAGES = {"procedure": ProcedurePage, "condition": ConditionPage}
# Addresses about a page: the name of the address, and which of its parts are slugs of pages of this kind.
ABOUT_PAGES = {
    "procedures:procedure": ("procedure", ("slug",)),
    "procedures:leaflet": ("procedure", ("slug",)),
    "procedures:leaflet_pdf": ("procedure", ("slug",)),
    "procedures:procedure_feedback": ("procedure", ("slug",)),
    "procedures:compare": ("procedure", ("first", "second")),
    "procedures:condition": ("condition", ("slug",)),
    "procedures:condition_feedback": ("condition", ("slug",)),
}
# What members of staff alone may open, and readers therefore never should be led to.
FOR_STAFF = ("admin", "procedures:preview_", "styleguide")

PARTS = {"procedure": PROCEDURE_PARTS, "condition": CONDITION_PARTS}
# What a part may show that no version holds: it is taken to be there.
AROUND = {"conditions", "performed", "evaluated", "clinicians", "procedures", "drawing"}
ON_EVERY_PAGE = {"", "top", "main", "contents-title"}
# What parts call rows by other names than sections do.
SHOWN = {
    "milestones": ("restricted", "allowed"),
    "risks": ("common_risks", "rare_risks", "uncounted_risks"),
}


@dataclass(frozen=True)
class Link:
    """A link of a passage into the site: its path, what it is about, and the language that its address is of."""

    passage: object
    words: str
    address: str
    path: str
    fragment: str
    language: str
    match: object = None
    misses_slash: bool = False

    @property
    def slugs(self):
        """The slugs of pages that the address names, as {(kind, slug)}."""
        kind, parts = ABOUT_PAGES.get(self.match.view_name, ("", ())) if self.match else ("", ())
        return {(kind, self.match.kwargs[part].lower()) for part in parts}

    def error(self, sentence, **words):
        """Return an error about this link."""
        return self.passage.finding(sentence % self._words(words))

    def advice(self, sentence, **words):
        """Return advice about this link."""
        return self.passage.finding(sentence % self._words(words), is_error=False)

    def _words(self, words):
        return {"words": excerpt(self.words) or self.address[:80], "address": self.address[:200], **words}


def links_that_lead_wrong(content):
    """Find links into the site that lead nowhere, off the site or to another language (8 queries at most)."""
    links = []
    for passage, words, address in _addresses(content):
        judged = _read(content, passage, words, address)
        if isinstance(judged, Link):
            links.append(judged)
        elif judged is not None:
            yield judged
    if links:
        known = _Known(content, links)
        for link in links:
            yield from _judge(link, content, known)


def _addresses(content):
    found = {}
    for passage in content.passages:
        for block in passage.blocks:
            for address, words in block.links:
                found.setdefault((passage, address), words)
    return [(passage, words, address) for (passage, address), words in list(found.items())[:MOST_LINKS]]


def _read(content, passage, words, address):
    """Return the Link of an address into the site, a finding where it is none at all, None where it leads elsewhere."""
    raw = Link(passage, words, address, "", "", content.language)
    try:
        split = urlsplit(address)
    except ValueError:
        return raw.error(_("The link “%(words)s” leads nowhere: “%(address)s” is no address."))
    site = urlsplit(settings.SITE_URL)
    if split.scheme and split.scheme not in SCHEMES:
        return raw.error(_("The link “%(words)s” leads nowhere: “%(address)s” is no address."))
    is_ours = not split.scheme and not split.netloc
    if not is_ours and (split.scheme not in ("http", "https", "") or split.netloc.lower() != site.netloc.lower()):
        return None
    if not address:
        return raw.error(_("The link “%(words)s” leads nowhere: “%(address)s” is no address."))
    page = content.version.page
    here = address_in(page.language, f"procedures:{page.kind}", page.slug)
    path = unquote(urlsplit(urljoin(here, address)).path) or "/"
    language = _language_of(path)
    match = _match(path, language)
    misses_slash = match is None and not path.endswith("/") and (match := _match(f"{path}/", language)) is not None
    return Link(passage, words, address, path, unquote(split.fragment), language, match, misses_slash)


def _language_of(path):
    first = path.split("/")[1] if path.startswith("/") else ""
    is_prefix = first in dict(settings.LANGUAGES) and first != settings.LANGUAGE_CODE
    return first if is_prefix else settings.LANGUAGE_CODE


def _match(path, language):
    with override(language):
        try:
            return resolve(path)
        except (Resolver404, ValueError):
            return None


class _Known:
    """What stands at the addresses that links name."""

    def __init__(self, content, links):
        self.own = content.version.page
        self.live, self.coming, self.gone, self.moved, self.in_ours = {}, set(), set(), {}, {}
        slugs = set().union(*(link.slugs for link in links))
        for kind, model in PAGES.items():
            wanted = sorted(slug for of_kind, slug in slugs if of_kind == kind)
            if wanted:
                self._read_pages(kind, model, wanted)
        kwargs = [(link.match.view_name, link.match.kwargs) for link in links if link.match]
        places = {values["slug"].lower() for name, values in kwargs if name == "procedures:location"}
        found = Location.objects.filter(is_open=True, key__in=places) if places else ()
        self.places = {place.key.lower() for place in found}
        hashes = {values["digest"] for name, values in kwargs if name == "media"}
        self.files = set(StoredFile.objects.filter(hash__in=hashes).values_list("hash", flat=True)) if hashes else set()
        self._read_parts([link for link in links if link.fragment])

    def _read_pages(self, kind, model, slugs):
        subject = f"{kind}_id"
        versions = model._meta.get_field("versions").related_model.objects.filter(page=OuterRef("pk"))
        was_read = Exists(versions.filter(state=State.SUPERSEDED))
        rows = model.objects.filter(slug__in=slugs).order_by().annotate(was_read=was_read)
        for row in rows.values("pk", "language", "slug", "live_version_id", "was_read", subject):
            address = (kind, row["language"], row["slug"].lower())
            if row["live_version_id"] or (row["pk"] == self.own.pk and kind == self.own.kind):
                self.live[address] = (row[subject], row["pk"], row["slug"])
            else:
                (self.gone if row["was_read"] else self.coming).add(address)
        former = model._meta.get_field("former_addresses").related_model.objects.filter(slug__in=slugs)
        page = (f"page__{subject}", "page__slug", "page__live_version_id")
        for row in former.order_by().values("language", "slug", "page_id", *page):
            if row["page__live_version_id"]:
                about = (row[f"page__{subject}"], row["page_id"], row["page__slug"])
                self.moved[kind, row["language"], row["slug"].lower()] = about
        subjects = {about[0] for (of, *_rest), about in (*self.live.items(), *self.moved.items()) if of == kind}
        ours = model.objects.published().filter(language=self.own.language, **{f"{subject}__in": subjects})
        self.in_ours |= {(kind, about): slug for about, slug in ours.order_by().values_list(subject, "slug")}

    def _read_parts(self, links):
        """Read which parts the pages have that a link leads into."""
        self.parts = {}
        for kind, model in PAGES.items():
            addresses = {(kind, link.language, slug) for link in links for of, slug in link.slugs if of == kind}
            wanted = {self.live[address][1] for address in addresses if address in self.live}
            pages = model.objects.filter(pk__in=wanted, live_version__isnull=False) if wanted else model.objects.none()
            for pk, document in pages.order_by().values_list("pk", "live_version__document"):
                self.parts[kind, pk] = _ids(kind, _held_by(document), document["sources"])


def _judge(link, content, known):
    """Yield what is wrong with a link, or could be better: the first that is, since each leads to another address."""
    if link.match is None:
        if not link.path.startswith(settings.STATIC_URL):
            yield link.error(_("The link “%(words)s” leads nowhere: the site has no “%(address)s”."))
        return
    name, values = link.match.view_name, link.match.kwargs
    is_gone = (name == "procedures:location" and values["slug"].lower() not in known.places) or (
        name == "media" and values["digest"] not in known.files
    )
    if is_gone:
        yield link.error(_("The link “%(words)s” leads nowhere: the site has no “%(address)s”."))
    elif name.startswith(FOR_STAFF) or link.match.namespace == "admin":
        yield link.error(_("The link “%(words)s” leads where only staff may go. Readers would be refused."))
    elif link.slugs:
        yield from _judge_page(link, content, known)
    elif link.language != content.language and name:
        yield from _other_language(link, content, name, values)
    elif link.misses_slash or link.address.startswith(("http:", "https:", "//")):
        yield from _shorter(link, link.path if not link.misses_slash else f"{link.path}/")


def _judge_page(link, content, known):
    name, values = link.match.view_name, dict(link.match.kwargs)
    kind, parts = ABOUT_PAGES[name]
    subjects, has_moved = {}, False
    for part in parts:
        address = (kind, link.language, values[part].lower())
        about = known.live.get(address) or known.moved.get(address)
        if address in known.live:
            pass
        elif address in known.gone:
            yield link.error(_("The link “%(words)s” leads to a page that was taken off the site."))
            return
        elif address in known.coming:
            yield link.advice(
                _("The link “%(words)s” leads to a page that is not on the site yet. Publish that page first.")
            )
            return
        elif about is None:
            yield link.error(_("The link “%(words)s” leads nowhere: the site has no “%(address)s”."))
            return
        else:
            has_moved = True
        subjects[part], values[part] = about, about[2]
    in_ours = {part: known.in_ours.get((kind, about[0])) for part, about in subjects.items()}
    if link.language != content.language and all(in_ours.values()):
        yield from _other_language(link, content, name, in_ours)
    elif has_moved:
        yield from _shorter(link, address_in(link.language, name, *values.values()))
    elif link.fragment and name in ("procedures:procedure", "procedures:condition"):
        pk = subjects["slug"][1]
        is_own = kind == content.version.page.kind and pk == content.version.page.pk
        ids = _own_ids(content) if is_own else known.parts.get((kind, pk), {link.fragment})
        if link.fragment not in ids:
            yield link.error(
                _("The link “%(words)s” leads to a part that its page does not have: “#%(fragment)s”."),
                fragment=link.fragment[:80],
            )
    elif link.misses_slash or link.address.startswith(("http:", "https:", "//")):
        yield from _shorter(link, address_in(link.language, name, *values.values()))


def _other_language(link, content, name, values):
    path = address_in(content.language, name, *values.values())
    # A few addresses are the same in every language.
    if path != link.path:
        yield link.error(_("The link “%(words)s” leads to another language. Write “%(path)s”."), path=path)


def _shorter(link, path):
    fragment = f"#{link.fragment}" if link.fragment else ""
    yield link.advice(_("The link “%(words)s” takes a detour. Write “%(path)s”."), path=f"{path}{fragment}")


def _held_by(document):
    held = {name for name, value in document.items() if isinstance(value, list) and value}
    return held | set(document["text"])


def _ids(kind, held, sources):
    """Return the ids that a link may lead to on a page that holds these fields and sections."""
    shown = {name for each in held for name in SHOWN.get(each, (each,))} | AROUND
    ids = {part.id for part in PARTS[kind] if shown.intersection(part.shows)}
    ids |= {f"source-{source['key']}" for source in sources}
    return ids | ON_EVERY_PAGE | ({"steps"} if "steps" in held else set())


def _own_ids(content):
    version = content.version
    held = {field for field in version.markdown_fields if getattr(version, field).strip()}
    held |= {section for section, rows in content.rows.items() if rows} | {"related"}
    return _ids(version.page.kind, held, [{"key": source.key} for source in content.rows["sources"]])


CHECKS = (links_that_lead_wrong,)

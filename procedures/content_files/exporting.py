"""Writes pages to a folder, the same bytes for the same content, and touches nothing there that is not its own."""

import re
import shutil
import tempfile
from dataclasses import dataclass, field
from hashlib import file_digest
from io import BytesIO
from pathlib import Path

from django.conf import settings
from django.db.models import prefetch_related_objects

from procedures.content_files.reading import BELONGINGS, read_table
from procedures.content_files.shape import (
    CONTENT,
    FILES,
    FOLDERS,
    FORMAT,
    KINDS,
    BrokenFile,
    file_name,
    version_table,
)
from procedures.content_files.toml import written
from procedures.models import Condition, ConditionVersion, Procedure, ProcedureVersion
from procedures.sections import FILES as FILE_FIELDS
from procedures.sections import sections_of

GUIDE = "docs/how-to/share-content.md says what each key means."
# How many versions are held in memory at a time.
BATCH = 100
ARRIVING = ".exporting-"
OURS = re.compile(rf"(?:{'|'.join(FOLDERS.values())})/[\w-]+\.[\w-]+\.toml|{FILES}/[0-9a-f]{{12}}-[a-z0-9.-]+")


class Unexportable(Exception):
    """A folder that is not ours to write, or a file that is missing; the message is a sentence for whoever asked."""


@dataclass
class Written:
    """What an export did, as names of files: those written, those that were the same, and those of pages now gone."""

    changed: list = field(default_factory=list)
    same: list = field(default_factory=list)
    gone: list = field(default_factory=list)


def export_folder(root, *, with_drafts=False, prune=False, dry_run=False, progress=lambda done, total: None):
    """Write every page that patients read to a folder, with drafts where they are asked for; return what was Written.

    Each file is whole or not there at all. `gone` are files of ours that no page needs any more: they are removed with
    `prune`. Raises Unexportable before anything is written, and OSError for a disk that does not take it.
    """
    root = Path(root)
    _check_folder(root)
    versions = _versions(with_drafts=with_drafts)
    content = _content(versions)
    # The media are looked at first: without one of them the folder could not be brought in again.
    stored = _stored_files(versions)
    done = Written()
    if not dry_run:
        _make_ready(root)
    _write(root, CONTENT, BytesIO(content.encode()), done, dry_run)
    for name, path in stored.items():
        with path.open("rb") as source:
            _write(root, name, source, done, dry_run)
    for number, (name, text) in enumerate(_pages(versions), start=1):
        _write(root, name, BytesIO(text.encode()), done, dry_run)
        progress(number, len(versions))
    done.gone = sorted(_ours(root) - {*done.changed, *done.same})
    if prune and not dry_run:
        for name in done.gone:
            (root / name).unlink()
    return done


def _check_folder(root):
    if root.exists() and not root.is_dir():
        raise Unexportable(f"{root} is a file. Name a folder.")
    if not root.is_dir():
        return
    for name in (CONTENT, FILES, *FOLDERS.values()):
        if (root / name).is_symlink():
            raise Unexportable(f"{root / name} is a link, and may lead elsewhere. Name another folder.")
    is_empty = not any(not path.name.startswith(".") for path in root.iterdir())
    if is_empty:
        return
    try:
        number = read_table(root / CONTENT).get("format")
    except BrokenFile as broken:
        raise Unexportable(f"{root} is neither empty nor an export, so nothing was written. {broken}") from broken
    if number != FORMAT:
        raise Unexportable(f"{root} is of format {number}; this site writes format {FORMAT}. Name another folder.")


def _make_ready(root):
    for name in (FILES, *FOLDERS.values()):
        (root / name).mkdir(parents=True, exist_ok=True)
    # What an export that was stopped by force has left.
    for folder in (root, *(root / name for name in (FILES, *FOLDERS.values()))):
        for path in folder.glob(f"{ARRIVING}*"):
            path.unlink()


def _ours(root):
    found = (path for name in (FILES, *FOLDERS.values()) for path in (root / name).glob("*"))
    names = (path.relative_to(root).as_posix() for path in found if path.is_file() or path.is_symlink())
    return {name for name in names if OURS.fullmatch(name)}


def _write(root, name, source, done, dry_run):
    path = root / name
    if path.is_file() and not path.is_symlink() and _digest_of(path) == file_digest(source, "sha256").digest():
        done.same.append(name)
        return
    done.changed.append(name)
    if dry_run:
        return
    source.seek(0)
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=ARRIVING, delete=False) as arriving:
        try:
            shutil.copyfileobj(source, arriving)
            arriving.flush()
            Path(arriving.name).chmod(0o644)
            Path(arriving.name).replace(path)
        except BaseException:
            Path(arriving.name).unlink(missing_ok=True)
            raise


def _digest_of(path):
    with path.open("rb") as opened:
        return file_digest(opened, "sha256").digest()


# What goes out


def _versions(*, with_drafts):
    """Return the (version model, primary key) of each page that goes out, in the order of the site.

    They are chosen at once: both languages of figures that were published together go out together.
    """
    chosen = []
    for _subject_model, page_model, version_model in KINDS.values():
        pages = dict(page_model.objects.published().values_list("pk", "live_version_id"))
        if with_drafts:
            pages |= dict(version_model.objects.open().values_list("page_id", "pk"))
        order = page_model.objects.values_list("pk", flat=True)
        chosen += [(version_model, pages[pk]) for pk in order if pk in pages]
    return chosen


def _loaded(versions):
    """Yield the versions with all that their files say, some at a time (a fixed number of queries each time)."""
    for kind, (_subject_model, _page_model, version_model) in KINDS.items():
        keys = [pk for model, pk in versions if model is version_model]
        for start in range(0, len(keys), BATCH):
            batch = version_model.objects.select_related(f"page__{kind}", "reviewed_by").in_bulk(keys[start:][:BATCH])
            rows = ["page__former_addresses"]
            for section in sections_of(version_model):
                if section.model is None:
                    rows += [name for name in section.fields if name == "related"]
                elif section.takes_files:
                    rows += [f"{section.rows}__{name}" for name in FILE_FIELDS if name in section.fields]
                else:
                    rows.append(section.rows)
            prefetch_related_objects(list(batch.values()), *rows)
            yield from (batch[key] for key in keys[start:][:BATCH] if key in batch)


def _pages(versions):
    for version in _loaded(versions):
        page = version.page
        name = f"{FOLDERS[page.kind]}/{page.subject.key}.{page.language}.toml"
        yield name, written(version_table(version), comment=GUIDE)


def _stored_files(versions):
    """Return where each file lies that a version shows, by its name in the folder."""
    found, missing = {}, []
    for version in _loaded(versions):
        for section in sections_of(version):
            if section.model is None or not section.takes_files:
                continue
            for row in getattr(version, section.rows).all():
                for stored in (getattr(row, name) for name in FILE_FIELDS if name in section.fields):
                    if stored is not None:
                        path = found[file_name(stored)] = Path(settings.MEDIA_ROOT) / stored.path
                        if not path.is_file():
                            missing.append(f"{version}: {stored.name} is missing from {settings.MEDIA_ROOT}.")
    if missing:
        raise Unexportable("\n".join(dict.fromkeys(missing)))
    return dict(sorted(found.items()))


def _content(versions):
    """Return `content.toml`: what goes out, what its pages refer to, and what belongs to it in every language."""
    procedures = set(_column(versions, ProcedureVersion, "page__procedure"))
    procedures |= set(_column(versions, ProcedureVersion, "related"))
    conditions = set(_column(versions, ConditionVersion, "page__condition"))
    rows = []
    for procedure in Procedure.objects.prefetch_related(*BELONGINGS):
        if procedure.pk in procedures:
            belongs = {name: list(getattr(procedure, name).all()) for name in BELONGINGS}
            conditions |= {condition.pk for condition in belongs["conditions"]}
            rows.append({"key": procedure.key} | {name: sorted(each.key for each in belongs[name]) for name in belongs})
    table = {
        "format": FORMAT,
        "conditions": [{"key": condition.key} for condition in Condition.objects.all() if condition.pk in conditions],
        "procedures": rows,
    }
    return written(table, comment=GUIDE)


def _column(versions, model, name):
    keys = [pk for each, pk in versions if each is model]
    for start in range(0, len(keys), BATCH):
        yield from model.objects.filter(pk__in=keys[start:][:BATCH]).values_list(name, flat=True)

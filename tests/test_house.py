"""The repository keeps its own shape: the order of the rooms, the opening sentences, and what stands where."""

import ast
import importlib
import os
import re
from pathlib import Path

import pytest
from django.core.management import call_command

ROOT = Path(__file__).resolve().parent.parent

# Bottom to top: a room imports only itself and those before it (docs/decisions/0001-rooms.md).
ROOMS = ["audit", "clinic", "outbox", "accounts", "procedures", "appointments"]

# Inside a room: what each layer may reach, by itself or through other modules of the room.
LAYERS = {
    "models": {"models"},
    "workflow": {"workflow", "publishing", "models"},
    "publishing": {"workflow", "publishing", "models"},
    "forms": {"forms", "workflow", "publishing", "models"},
    "views": {"views", "forms", "workflow", "publishing", "models"},
    "admin": {"admin", "forms", "workflow", "publishing", "models"},
    "urls": {"urls", "views", "forms", "workflow", "publishing", "models"},
}
LAYERED_ROOMS = ["procedures", "appointments"]

# These name rooms as text on purpose: the first switches them on, the second gives them their addresses, and the third
# is the one table of who may do what.
OUTSIDE_THE_ORDER = [Path("clinic/settings.py"), Path("clinic/urls.py"), Path("accounts/roles.py")]

STANDS_HERE = {
    *ROOMS,
    *("templates", "static", "locale", "tests", "docs", "benchmarks"),
    *(
        "README.md",
        "CONTRIBUTING.md",
        "CHANGELOG.md",
        "SECURITY.md",
        "Makefile",
        "Procfile",
        "pyproject.toml",
        "manage.py",
    ),
    *("requirements.in", "requirements.txt", "requirements-dev.in", "requirements-dev.txt", "gunicorn.conf.py"),
    *(".ci", ".editorconfig", ".gitattributes", ".gitignore"),
}
NOT_KEPT = {
    *(".git", ".venv", ".env", "var", "__pycache__", ".coverage", "htmlcov", "test-results"),
    *(".pytest_cache", ".ruff_cache", ".hypothesis", ".idea", ".vscode", ".DS_Store"),
}


def kept_files(suffix=""):
    """Yield the path, from the root, of each file that belongs to the project."""
    for folder, folders, files in os.walk(ROOT):
        folders[:] = sorted(set(folders) - NOT_KEPT)
        for name in sorted(set(files) - NOT_KEPT):
            if name.endswith(suffix) and not name.endswith((".pyc", ".mo")):
                yield Path(folder, name).relative_to(ROOT)


def python_files(*rooms):
    """Return the Python files of these rooms, migrations excepted."""
    return [path for path in kept_files(".py") if path.parts[0] in rooms and "migrations" not in path.parts]


def imported(source, package):
    """Return every module that `source`, a file of `package`, imports anywhere in it, functions included."""
    modules = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            modules.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            module = ".".join([*above, *filter(None, [node.module])])
            modules.add(module)
            modules.update(f"{module}.{alias.name}" for alias in node.names)
    return modules


def named_in_text(source):
    """Return the texts in `source` that name a model or module of a room, such as "procedures.Procedure"."""
    texts = (node.value for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Constant))
    return {text for text in texts if isinstance(text, str) and re.fullmatch(rf"({'|'.join(ROOMS)})(\.\w+)+", text)}


def rooms_above(room, names):
    """Return those of `names` that lie in a room above `room`."""
    above = ROOMS[ROOMS.index(room) + 1 :]
    return sorted(name for name in names if name.split(".")[0] in above)


def package_of(path):
    """Return the dotted name of the package that a file is in."""
    return ".".join(path.parent.parts)


def test_a_room_imports_only_the_rooms_below_it():
    wrong = {
        str(path): found
        for path in python_files(*ROOMS)
        if (found := rooms_above(path.parts[0], imported((ROOT / path).read_text(), package_of(path))))
    }
    assert not wrong


def test_a_room_does_not_name_a_room_above_it_in_text_either():
    wrong = {
        str(path): found
        for path in python_files(*ROOMS)
        if path not in OUTSIDE_THE_ORDER
        and (found := rooms_above(path.parts[0], named_in_text((ROOT / path).read_text())))
    }
    assert not wrong


def test_no_room_imports_the_settings_or_the_tests():
    forbidden = ("clinic.settings", "tests")
    wrong = [
        f"{path}: {module}"
        for path in python_files(*ROOMS)
        for module in imported((ROOT / path).read_text(), package_of(path))
        if module.startswith(forbidden)
    ]
    assert not wrong


@pytest.mark.parametrize(
    "source",
    [
        "import procedures.models",
        "from procedures import search",
        "def later():\n    from procedures.models import Procedure",
        "if True:\n    import os, procedures",
    ],
)
def test_the_order_is_seen_in_every_form_of_import(source):
    assert rooms_above("outbox", imported(source, "outbox"))
    assert not rooms_above("appointments", imported(source, "appointments"))


def test_a_relative_import_is_understood():
    assert imported("from ..models import Message", "outbox.management.commands") >= {"outbox.management.models"}
    assert imported("from . import chain", "audit") >= {"audit.chain"}


def layer_of(module):
    """Return the layer, or the plain name, of a module: `procedures.models.rows` is of `procedures.models`."""
    return module.split(".")[1]


def reached(room):
    """Return what each module of `room` reaches in it, directly or through modules that are no layer of their own."""
    direct = {}
    for path in python_files(room):
        if len(path.parts) > 2 or path.stem != "__init__":
            name = path.parts[1].removesuffix(".py")
            modules = imported((ROOT / path).read_text(), package_of(path))
            inside = {layer_of(module) for module in modules if module.startswith(f"{room}.")}
            direct.setdefault(name, set()).update(inside - {name})

    def follow(name, seen):
        for other in direct.get(name, set()) - seen:
            seen.add(other)
            if other not in LAYERS:
                follow(other, seen)
        return seen

    return {name: follow(name, set()) & set(LAYERS) for name in direct if name in LAYERS}


@pytest.mark.parametrize("room", LAYERED_ROOMS)
def test_inside_a_room_the_layers_keep_their_order(room):
    layers = reached(room)
    assert "models" in layers
    wrong = {name: sorted(found - LAYERS[name]) for name, found in layers.items() if found - LAYERS[name]}
    assert not wrong


def test_every_package_and_module_opens_with_a_sentence():
    without = []
    for path in kept_files(".py"):
        if "migrations" not in path.parts:
            opening = (ast.get_docstring(ast.parse((ROOT / path).read_text())) or "").split("\n\n")[0]
            if not opening.endswith((".", "?")):
                without.append(str(path))
    assert not without


def test_every_folder_of_modules_is_a_package():
    folders = {path.parent for path in kept_files(".py")} - {Path()}
    assert not [str(folder) for folder in folders if not (ROOT / folder / "__init__.py").exists()]


def test_only_what_the_house_knows_stands_at_its_top():
    assert {path.name for path in ROOT.iterdir()} - NOT_KEPT <= STANDS_HERE


def test_no_file_names_a_path_of_one_machine_or_a_host_of_packages():
    folders = "|".join(["home", "root", "Users", "work", "opt"])
    hosts = "|".join(["pypi" + r"\.org", "python" + "hosted", "index-url" + " ?=? ?http"])
    pattern = re.compile(rf"(?<![\w.:/}}])/(?:{folders})/\w|{hosts}")
    found = []
    for path in kept_files():
        text = (ROOT / path).read_bytes().decode("utf-8", errors="ignore")
        found += [f"{path}: {match.group()}" for match in pattern.finditer(text)]
    assert not found


def asked_for(name):
    """Return the packages that a .in file asks for, each with the reason beside it."""
    lines = (line for line in (ROOT / name).read_text().splitlines() if re.match(r"[a-z]", line))
    parts = (line.partition("#") for line in lines)
    return {re.split(r"[\[<>=~! ]", package)[0]: reason.strip() for package, _, reason in parts}


def pinned(name):
    """Return the version that a lock file pins each package to."""
    return dict(re.findall(r"^([a-z0-9-]+)==(\S+)", (ROOT / name).read_text(), flags=re.MULTILINE))


def test_each_dependency_has_its_reason_beside_it():
    reasons = asked_for("requirements.in") | asked_for("requirements-dev.in")
    assert len(reasons) > 20
    assert all(reasons.values())


def test_the_locks_hold_what_is_asked_for():
    site, tools = pinned("requirements.txt"), pinned("requirements-dev.txt")
    assert asked_for("requirements.in").keys() <= site.keys()
    assert asked_for("requirements-dev.in").keys() <= tools.keys()
    assert site.items() <= tools.items()


def test_each_make_target_is_described_where_people_look():
    targets = re.findall(r"^([a-z-]+):.*## ", (ROOT / "Makefile").read_text(), flags=re.MULTILINE)
    assert "run" in targets
    text = (ROOT / "README.md").read_text() + (ROOT / "CONTRIBUTING.md").read_text()
    assert not [target for target in targets if not re.search(rf"make {target}\b(?!-)", text)]


def test_the_files_that_pages_and_stylesheets_name_are_there(settings, tmp_path):
    settings.STATIC_ROOT = tmp_path
    settings.STORAGES = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.ManifestStaticFilesStorage"},
    }
    call_command("collectstatic", interactive=False, verbosity=0)
    named = set()
    for path in (ROOT / "templates").rglob("*.html"):
        named.update(re.findall(r"""{%\s*static\s+["']([^"']+)""", path.read_text()))
    assert named
    assert not [name for name in named if not (tmp_path / name).is_file()]


@pytest.mark.parametrize("name", ["tests.markup.check", "tests.markup.pages", "tests.reading"])
def test_what_is_only_run_by_hand_still_finds_all_that_it_imports(name):
    importlib.import_module(name)

"""The architecture as tests: who imports whom, which doors there are, how large a file may grow.

Every rule is a function from source text to violations (`file:line: rule`), so a bad example can show that it fails.
"""

import ast
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
ROOMS = ("records", "features", "models", "training", "serving", "simulation")
FOLDERS = (*ROOMS, "notebooks", "tests", "benchmarks", "scripts")
OURS = (*FOLDERS, "zerodrop")

MAY_IMPORT: dict[str, tuple[str, ...]] = {
    "records": (),
    "features": ("records",),
    "models": ("features", "records"),
    "training": ("models", "features", "records"),
    "serving": ("models", "features", "records"),
    "simulation": (  # the declarations alone, so that no simulated college can lean on how they are computed
        *(f"records.{name}" for name in ("text", "codes", "constraints", "tables", "college", "clock")),
        *(f"features.{name}" for name in ("declaration", "catalogue")),
        *(f"features.{name}" for name in ("attendance", "grades", "household", "screening", "standing")),
    ),
    "zerodrop": ROOMS,
    "notebooks": ROOMS,
    "benchmarks": (*ROOMS, "tests.features.twin"),
    "scripts": (*ROOMS, "zerodrop"),
    "tests": (*ROOMS, "zerodrop", "scripts", "benchmarks"),  # what measures is tested too
}

# Which places may import a package; tests may look behind every door.
DOORS: dict[tuple[str, ...], tuple[str, ...]] = {
    ("sqlalchemy", "alembic", "sqlite3", "psycopg"): ("records/",),
    ("mlflow",): ("training/tracking.py",),
    ("lightgbm",): ("models/risk_model.py", "training/", "benchmarks/explain.py"),
    ("shap",): ("training/", "notebooks/", "benchmarks/explain.py"),
    ("fastapi", "starlette", "uvicorn"): ("serving/",),
}
ONLY_WHEN_CALLED = {"models/risk_model.py": ("lightgbm",)}  # a serving machine has no lightgbm
PICKLING = ("pickle", "joblib", "cloudpickle", "dill")
LIGHT = ("serving/api/", "serving/pages/", "serving/app.py")
HEAVY = ("pandas", "pyarrow", "numba", "lightgbm", "mlflow")
BEHIND_ACCESS = (
    "StudentRow", "ListEntryRow", "StudentName", "Identifier", "LinkReview", "PersonTrait", "MergedPerson", "QuarantinedRow", "OriginalCell",
)  # fmt: skip
QUERYING = ("text", "execute", "executescript", "exec_driver_sql")
VAULT_READS = ("names",)
KEPT_READS = ("rows", "originals")

LONGEST_FILE = 400
LONGEST_FUNCTION = 40
# Declarations are data: they grow with what is declared, and a reader looks one entry up.
DECLARATIONS = {
    "records/tables.py": "one entry a table and column",
    "records/codes.py": "one entry a code",
    **{f"features/{name}.py": "one entry a feature" for name in ("attendance", "grades", "household", "screening", "standing")},
}  # fmt: skip

Rule = Callable[[str, str], Iterator[str]]


@dataclass(frozen=True, kw_only=True)
class Import:
    """One imported name in full, such as `records.codes.GRADES`; `eager` when it happens on import of the file."""

    name: str
    line: int
    eager: bool

    def within(self, prefixes: tuple[str, ...]) -> bool:
        return any(self.name == prefix or self.name.startswith(f"{prefix}.") for prefix in prefixes)


class _Imports(ast.NodeVisitor):
    def __init__(self, path: str) -> None:
        self.found: list[Import] = []
        self._package = Path(path).parent.parts
        self._later = 0  # inside a function, or for type checkers only

    def _add(self, name: str, node: ast.stmt | ast.expr) -> None:
        self.found.append(Import(name=name, line=node.lineno, eager=not self._later))

    def visit_Import(self, node: ast.Import) -> None:
        for alias in node.names:
            self._add(alias.name, node)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        above = self._package[: len(self._package) - node.level + 1] if node.level else ()
        base = ".".join((*above, *((node.module,) if node.module else ())))
        for alias in node.names:
            self._add(f"{base}.{alias.name}" if base else alias.name, node)

    def visit_Call(self, node: ast.Call) -> None:
        first = node.args[0] if node.args else None
        by_name = _called(node) in ("import_module", "__import__")
        if by_name and isinstance(first, ast.Constant) and isinstance(first.value, str):
            self._add(first.value, node)
        self.generic_visit(node)

    def generic_visit(self, node: ast.AST) -> None:
        typing = isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING")
        later = typing or isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        self._later += later
        super().generic_visit(node)
        self._later -= later


parsed = lru_cache(maxsize=1)(ast.parse)  # all rules look at one file, then at the next


@cache
def imports_of(path: str, source: str) -> list[Import]:
    visitor = _Imports(path)
    visitor.visit(parsed(source))
    return visitor.found


def _called(node: ast.Call) -> str:
    return getattr(node.func, "attr", getattr(node.func, "id", ""))


def room_of(path: str) -> str:
    return path.split("/")[0].removesuffix(".py")


def strangers(path: str, source: str) -> Iterator[str]:
    """Imports of a room that this room must not know."""
    room = room_of(path)
    for one in imports_of(path, source):
        if one.within(OURS) and not one.within((*MAY_IMPORT[room], room)):
            yield f"{path}:{one.line}: {room} must not import {one.name}; it may import {', '.join(MAY_IMPORT[room]) or 'libraries only'}"
        if path == "zerodrop.py" and one.eager and one.within(ROOMS):
            yield f"{path}:{one.line}: {one.name} is imported at the top; import it inside the command, so that --help is instant"


def closed_doors(path: str, source: str) -> Iterator[str]:
    """Imports of a package outside the places that own it."""
    for one in imports_of(path, source):
        for packages, places in DOORS.items():
            if one.within(packages) and not path.startswith((*places, "tests/")):
                yield f"{path}:{one.line}: {one.name} may be imported only in {', '.join(places)}"
        if one.eager and one.within(ONLY_WHEN_CALLED.get(path, ())):
            yield f"{path}:{one.line}: {one.name} must be imported inside the function that needs it"
        if one.within(PICKLING) and path.startswith(("serving/", "models/")):
            yield f"{path}:{one.line}: {one.name} runs what it loads; serving and models read JSON, text and npz"
        if one.within(HEAVY) and path.startswith(LIGHT):
            yield f"{path}:{one.line}: {one.name} in a part of the service that reads stored scores"


def built_sql(path: str, source: str) -> Iterator[str]:
    """SQL put together from pieces of text; values are bound, names come from declarations."""
    for node in ast.walk(parsed(source)):
        if not isinstance(node, ast.Call) or _called(node) not in QUERYING:
            continue
        if any(_is_built(part) and not _is_pragma(path, part) for part in node.args):
            yield f"{path}:{node.lineno}: SQL is built from text in {_called(node)}(); bind the values"


def _is_built(node: ast.expr) -> bool:
    match node:
        case ast.JoinedStr():
            return True
        case ast.BinOp(left=left, op=ast.Mod() | ast.Add(), right=right):
            return any(isinstance(side, ast.JoinedStr) or _is_text(side) or _is_built(side) for side in (left, right))
        case ast.Call(func=ast.Attribute(value=value, attr="format")):
            return _is_text(value)
        case _:
            return False


def _is_text(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def _is_pragma(path: str, node: ast.expr) -> bool:
    first = node.values[0] if isinstance(node, ast.JoinedStr) and node.values else None
    return path == "records/database.py" and isinstance(first, ast.Constant) and str(first.value).startswith("PRAGMA ")


def around_access(path: str, source: str) -> Iterator[str]:
    """Uses of student rows or names in serving/ that do not pass records.access; a type annotation is no use."""
    if not path.startswith("serving/"):
        return
    tree = parsed(source)
    annotations = {id(part) for node in ast.walk(tree) for note in _annotations(node) for part in ast.walk(note)}
    for node in ast.walk(tree):
        word = getattr(node, "attr", getattr(node, "id", ""))
        holder = ast.unparse(node.value) if isinstance(node, ast.Attribute) else ""
        renamed = isinstance(node, ast.alias) and bool(node.asname) and node.name in BEHIND_ACCESS
        if renamed or (word in BEHIND_ACCESS and id(node) not in annotations):
            yield f"{path}:{getattr(node, 'lineno', 0)}: {word or 'a row'} is asked for through records.access alone"
        if word in VAULT_READS and holder.split(".")[-1] == "vault":
            yield f"{path}:{getattr(node, 'lineno', 0)}: {holder}.{word} opens the vault; ask records.access"
        if word in KEPT_READS and holder.split(".")[-1] == "quarantine":
            yield f"{path}:{getattr(node, 'lineno', 0)}: {holder}.{word} opens the vault; ask records.access"


def _annotations(node: ast.AST) -> Iterator[ast.expr]:
    for name in ("annotation", "returns"):
        if isinstance(note := getattr(node, name, None), ast.expr):
            yield note


def too_long(path: str, source: str) -> Iterator[str]:
    """Files and functions over the limit; a docstring and decorators do not count in a function."""
    lines = len(source.splitlines())
    if lines > LONGEST_FILE and path not in DECLARATIONS:
        yield f"{path}:{LONGEST_FILE + 1}: {lines} lines, more than {LONGEST_FILE}; one noun, one file"
    for node in ast.walk(parsed(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and (length := _length(node)) > LONGEST_FUNCTION:
            yield f"{path}:{node.lineno}: {node.name}() has {length} lines, more than {LONGEST_FUNCTION}"


def _length(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    length = (node.end_lineno or node.lineno) - node.lineno + 1
    if ast.get_docstring(node) is None:
        return length
    docstring = node.body[0]
    return length - ((docstring.end_lineno or docstring.lineno) - docstring.lineno + 1)


def unopened(path: str, source: str) -> Iterator[str]:
    """Modules that do not open with one or two sentences; what follows a blank line is not counted."""
    opening = (ast.get_docstring(parsed(source)) or "").split("\n\n")[0]
    sentences = len(re.findall(r"[.!?](?=\s|$)", opening))
    if not 1 <= sentences <= 2:
        yield f"{path}:1: the module opens with {sentences} sentences; say in one or two what it is"


def own_clock(path: str, source: str) -> Iterator[str]:
    """Reads of today's date outside the front door, and instants without a zone: the day is passed in."""
    for node in ast.walk(parsed(source)):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
            continue
        said, holder = ast.unparse(node.func), ast.unparse(node.func.value)
        if not holder.endswith(("date", "datetime", "Timestamp")):
            continue
        if node.func.attr == "today" and path != "zerodrop.py":
            yield f"{path}:{node.lineno}: {said}() is called in zerodrop.py alone; pass the day"
        if node.func.attr in ("now", "utcnow") and not node.args and not node.keywords:
            yield f"{path}:{node.lineno}: {said}() has no time zone"


def heavy_reach(sources: Mapping[str, str]) -> Iterator[str]:
    """Heavy packages that the light parts of the service load by importing our own modules."""
    eager = {path: [one for one in imports_of(path, text) if one.eager] for path, text in sources.items()}
    waiting = [path for path in sources if path.startswith(LIGHT)]
    reached = dict.fromkeys(waiting, "")
    while waiting:
        path = waiting.pop()
        for one in eager[path]:
            if one.within(HEAVY) and not path.startswith(LIGHT):
                yield f"{path}:{one.line}: {one.name} is loaded by the light part of the service{reached[path]}"
            for known in _files_of(one.name, sources):
                if known not in reached:
                    reached[known] = f"{reached[path] or ','} through {path}"
                    waiting.append(known)


def _files_of(name: str, sources: Mapping[str, str]) -> Iterator[str]:
    """The files that importing a name runs: its module and the packages above it."""
    parts = name.split(".")
    for length in range(1, len(parts) + 1):
        stem = "/".join(parts[:length])
        yield from (path for path in (f"{stem}.py", f"{stem}/__init__.py") if path in sources)


def _sources() -> dict[str, str]:
    files = [path for folder in FOLDERS for path in sorted((ROOT / folder).rglob("*.py"))]
    files += [path for path in (ROOT / "zerodrop.py",) if path.exists()]
    return {path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8") for path in files}


SOURCES = _sources()
RULES: tuple[Rule, ...] = (strangers, closed_doors, built_sql, around_access, too_long, unopened, own_clock)


@cache
def violations() -> list[tuple[Rule, str]]:
    return [(rule, found) for path, source in SOURCES.items() for rule in RULES for found in rule(path, source)]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_tree_keeps_the_rule(rule: Rule) -> None:
    found = [violation for broken, violation in violations() if broken is rule]
    assert not found, "\n" + "\n".join(found)


def test_the_light_parts_of_the_service_load_nothing_heavy() -> None:
    found = list(heavy_reach(SOURCES))
    assert not found, "\n" + "\n".join(found)


def test_all_code_is_in_a_room_that_these_rules_know() -> None:
    hidden = {path.parent.name for path in ROOT.glob("*/__init__.py")} - set(FOLDERS)
    assert not hidden, f"folders without a rule: {sorted(hidden)}"
    assert {path.name for path in ROOT.glob("*.py")} <= {"zerodrop.py"}, "the front door is the only file at the top"
    assert set(ROOMS) <= {room_of(path) for path in SOURCES}, "a room of the architecture has no code"


_LONG_FUNCTION = "def long():\n" + "    x = 1\n" * LONGEST_FUNCTION
BAD: tuple[tuple[Rule, str, str], ...] = (
    (strangers, "records/x.py", "from features.catalogue import CATALOGUE"),
    (strangers, "records/intake/x.py", "from ...features import catalogue"),
    (strangers, "features/x.py", "import models.bands"),
    (strangers, "models/x.py", "def f():\n    from training import train"),
    (strangers, "training/x.py", "from serving.weekly import publish"),
    (strangers, "serving/x.py", "import training"),
    (strangers, "simulation/x.py", "from records import ledger"),
    (strangers, "simulation/x.py", "from features.snapshot import features"),
    (strangers, "scripts/x.py", "from tests.conftest import home"),
    (strangers, "training/x.py", "import importlib\nimportlib.import_module('benchmarks.oulad')"),
    (strangers, "zerodrop.py", "from records.home import open_home"),
    (closed_doors, "serving/x.py", "from sqlalchemy import select"),
    (closed_doors, "training/train.py", "import mlflow.lightgbm"),
    (closed_doors, "models/bands.py", "def f():\n    import lightgbm"),
    (closed_doors, "models/risk_model.py", "import lightgbm"),
    (closed_doors, "models/explain.py", "import shap"),
    (closed_doors, "zerodrop.py", "def f():\n    import uvicorn"),
    (closed_doors, "models/bundle.py", "import joblib"),
    (closed_doors, "serving/pages/x.py", "def f():\n    import pandas as pd"),
    (built_sql, "records/x.py", "session.execute(f'DELETE FROM {name}')"),
    (built_sql, "records/x.py", "text('SELECT * FROM %s' % name)"),
    (built_sql, "records/x.py", "connection.exec_driver_sql('SELECT ' + name)"),
    (built_sql, "records/x.py", "text('SELECT {}'.format(name))"),
    (built_sql, "records/lists.py", "connection.execute(f'PRAGMA {name}')"),
    (around_access, "serving/x.py", "from records.ledger import StudentRow\nselect(StudentRow)"),
    (around_access, "serving/x.py", "from records import lists\nselect(lists.ListEntryRow)"),
    (around_access, "serving/x.py", "home.vault.names(wanted)"),
    (too_long, "records/x.py", "x = 1\n" * (LONGEST_FILE + 1)),
    (too_long, "records/tables.py", _LONG_FUNCTION),
    (unopened, "records/x.py", "x = 1"),
    (unopened, "records/x.py", '"""One. Two. Three."""'),
    (own_clock, "serving/x.py", "day = date.today()"),
    (own_clock, "zerodrop.py", "at = datetime.datetime.now()"),
)
GOOD: tuple[tuple[Rule, str, str], ...] = (
    (strangers, "simulation/x.py", "from records import codes\nfrom features.catalogue import CATALOGUE"),
    (strangers, "zerodrop.py", "def f():\n    from training import train"),
    (closed_doors, "models/risk_model.py", "def fit():\n    import lightgbm"),
    (closed_doors, "tests/test_x.py", "from fastapi.testclient import TestClient"),
    (built_sql, "records/database.py", "connection.execute(f'PRAGMA {name}')"),
    (built_sql, "records/x.py", "session.execute(text('SELECT 1'), {'a': 1 + 2})"),
    (around_access, "serving/x.py", "from records.lists import ListEntryRow\ndef f(row: ListEntryRow): ..."),
    (around_access, "serving/weekly.py", "from records.lists import NewEntry\nhome.vault.key.tie_break(1, 'x')"),
    (too_long, "records/x.py", _LONG_FUNCTION.replace(":\n", ':\n    """Said."""\n').replace("    x = 1\n", "", 1)),
    (unopened, "records/x.py", '"""One. Two.\n\nThree. Four. Five."""'),
    (own_clock, "records/x.py", "at = datetime.now(UTC)"),
)


@pytest.mark.parametrize(("rule", "path", "source"), BAD)
def test_the_rule_fails_on_a_bad_example(rule: Rule, path: str, source: str) -> None:
    found = list(rule(path, source))
    assert found, f"{rule.__name__} found nothing in: {source}"
    assert all(re.match(rf"{re.escape(path)}:\d+: ", violation) for violation in found)


@pytest.mark.parametrize(("rule", "path", "source"), GOOD)
def test_the_rule_lets_a_good_example_pass(rule: Rule, path: str, source: str) -> None:
    assert list(rule(path, source)) == []


def test_a_heavy_package_is_found_behind_two_modules() -> None:
    sources = {
        "serving/app.py": "from records.access import named",
        "records/access.py": "from records import log\ndef f():\n    import pandas",
        "records/log.py": "import pyarrow as pa",
    }
    [violation] = heavy_reach(sources)
    assert violation.startswith("records/log.py:1: pyarrow")

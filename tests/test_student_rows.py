"""Rows about students are asked for in few files: everybody else passes one of their functions, and so their checks.

Whatever is added here is read with care: it is a way to students that records/access.py does not see.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
ROOMS = ("records", "features", "models", "training", "serving", "simulation", "notebooks", "scripts")
MAY_ASK = {
    "StudentRow": (
        "access", "erasure", "ledger", "list_pages", "lists", "looks", "person_export", "subjects", "submitted_erasures",
        "submitted_lists",
    ),
    "ListEntryRow": (
        "access", "erasure", "list_pages", "lists", "looks", "monitoring", "person_export", "retention", "summaries",
    ),
    "StudentName": ("held_people", "kept_of_person", "people", "person_export", "person_links"),
    "StudentNumber": ("erasure", "held_people", "people", "person_links", "subjects"),
    "Identifier": ("erasure", "held_people", "kept_of_person", "person_export", "person_links"),
    "LinkReview": ("erasure", "held_people", "people", "person_links"),
    "PersonTrait": ("held_people", "kept_of_person", "person_export", "person_links"),
    "MergedPerson": ("erasure", "held_people", "people", "person_links", "subjects"),
    "QuarantinedRow": ("erasure", "kept_of_person", "quarantine"),
    "OriginalCell": ("erasure", "kept_of_person", "quarantine"),
    "CorrectionRow": ("corrections", "erasure"),
    "ContactRow": ("contacts",),
    "AdvisorRatingRow": ("ratings",),
    "VisitRow": ("visit_plans", "visit_records", "visits"),
    "VisitPlanStopRow": ("visit_plans",),
}  # fmt: skip
QUERIES = ("select", "query", "get", "update", "delete", "insert", "exists", "aliased", "merge")


def asked(source: str) -> Iterator[tuple[int, str, str]]:
    """Queries that name a row about students: line, query and row."""
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call):
            continue
        called = getattr(node.func, "attr", getattr(node.func, "id", ""))
        words = {getattr(part, "attr", getattr(part, "id", "")) for one in node.args for part in ast.walk(one)}
        for word in sorted(words & MAY_ASK.keys()) if called in QUERIES else ():
            yield node.lineno, called, word


def asks_for_students(path: str, source: str) -> Iterator[str]:
    """Such queries outside the files that may."""
    for line, called, word in asked(source):
        if path not in {f"records/{name}.py" for name in MAY_ASK[word]}:
            yield f"{path}:{line}: {called}({word} …) passes the door: ask records/access.py"


def renamed(path: str, source: str) -> Iterator[str]:
    """Rows about students under another name, which the rule above would not know."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.alias) and node.name in MAY_ASK and node.asname not in (None, node.name):
            yield f"{path}: {node.name} is imported as {node.asname}"


def sources() -> dict[str, str]:
    files = [file for room in ROOMS for file in sorted((ROOT / room).rglob("*.py"))]
    return {file.relative_to(ROOT).as_posix(): file.read_text(encoding="utf-8") for file in files}


def test_rows_about_students_are_asked_for_behind_the_door() -> None:
    found = [
        line
        for path, source in sources().items()
        for rule in (asks_for_students, renamed)
        for line in rule(path, source)
    ]
    assert not found, "\n" + "\n".join(found)


def test_the_files_that_may_ask_are_few_and_none_serves() -> None:
    assert len({name for names in MAY_ASK.values() for name in names}) <= 25
    assert not any("/" in name for names in MAY_ASK.values() for name in names)


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("serving/x.py", "session.scalars(select(StudentRow))"),
        ("training/x.py", "session.get(lists.ListEntryRow, key)"),
        ("records/x.py", "select(StudentName.first_name)"),
        (
            "records/batches.py",
            "select(func.count()).select_from(x).where(exists().where(y)); select(StudentRow.number)",
        ),
        ("records/x.py", "update(ListEntryRow).values(band='none')"),
    ],
)
def test_a_bad_example_is_found(path: str, source: str) -> None:
    assert list(asks_for_students(path, source))


def test_a_good_example_passes() -> None:
    assert not list(asks_for_students("records/access.py", "session.scalars(select(StudentRow))"))
    assert not list(asks_for_students("serving/x.py", "def f(row: ListEntryRow) -> str:\n    return str(row.band)"))
    assert list(renamed("serving/x.py", "from records.lists import ListEntryRow as Row"))


def test_nobody_is_allowed_what_they_do_not_do() -> None:
    asking = {(word, Path(path).stem) for path, source in sources().items() for *_, word in asked(source)}
    assert asking == {(word, name) for word, names in MAY_ASK.items() for name in names}

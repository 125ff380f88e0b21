"""The documentation says what the code says: dictionary, commands and decisions."""

import ast
import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path

import pytest
import xlsxwriter
from typer.core import TyperGroup
from typer.main import get_command

from records.intake.fixes import FIXES
from records.intake.importing import ImportRequest, source_for
from records.intake.problems import PROBLEMS
from records.intake.source import Covers, Source
from records.intake.sources import SOURCES, plain
from scripts import write_docs
from scripts.source_pages import COVERS, ORIGINS, problems_of
from scripts.source_pictures import BUNDLES, SHOWN_COLUMNS, clipped, letter_of, picture_of, picture_svg, width_of
from training.checks import CHECKS

ROOT = Path(__file__).resolve().parent.parent
DECISIONS = ROOT / "docs" / "adr"
GUIDES = ROOT / "docs" / "guides"


def commands() -> list[str]:
    """Every `zerodrop` sub-command as it is typed, taken from the front door itself."""
    import zerodrop

    command = get_command(zerodrop.command_line())
    assert isinstance(command, TyperGroup), "zerodrop.py has no sub-commands"
    return sorted(_leaves(command))


def _leaves(group: TyperGroup, before: str = "zerodrop") -> Iterator[str]:
    for name, command in group.commands.items():
        if isinstance(command, TyperGroup):
            yield from _leaves(command, f"{before} {name}")
        elif not command.hidden:
            yield f"{before} {name}"


def undocumented(names: list[str], text: str) -> list[str]:
    return [name for name in names if not re.search(rf"{re.escape(name)}(?![\w-])", text)]


def _pages() -> str:
    pages = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
    return "\n".join(page.read_text(encoding="utf-8") for page in pages)


def test_the_generated_pages_are_current() -> None:
    assert write_docs.main(["--check"]) == 0, "run: python scripts/write_docs.py"


@pytest.mark.parametrize(
    "name", ["data-dictionary.md", "problems.md", "checks.md", "sources/dmc.md", "sources/pictures/dmc.svg"]
)
def test_an_old_page_is_refused_with_the_next_step(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    assert write_docs.main([], tmp_path) == 0
    assert write_docs.main(["--check"], tmp_path) == 0
    page = tmp_path / name
    page.write_text(page.read_text(encoding="utf-8") + "\nedited by hand\n", encoding="utf-8")
    assert write_docs.main(["--check"], tmp_path) == 1
    said = capsys.readouterr().err
    assert f"docs/{name} is not current" in said
    assert "python scripts/write_docs.py" in said


def test_a_page_of_a_source_that_is_gone_is_found_and_removed(tmp_path: Path) -> None:
    assert write_docs.main([], tmp_path) == 0
    (tmp_path / "sources" / "gone.md").write_text("# gone\n", encoding="utf-8")
    assert write_docs.main(["--check"], tmp_path) == 1
    assert write_docs.main([], tmp_path) == 0
    assert not (tmp_path / "sources" / "gone.md").exists()


def test_the_dictionary_names_every_column_and_feature() -> None:
    page = write_docs.data_dictionary()
    for table in write_docs.TABLES:
        assert f"\n### {table.name}\n" in page
        for column in table.columns:
            assert f"\n#### {table.name}.{column.name}\n" in page
    for feature in write_docs.CATALOGUE:
        assert f"\n#### {feature.name}\n" in page


# Sources and their pictures

SHEETS: dict[str, Source] = {
    **{one.name: one for one in SOURCES if one.name not in BUNDLES and one is not plain.SOURCE},
    **{f"plain {tells.table.name}": plain.source_of(tells.table) for tells in plain.SOURCE.tells},
}


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.name)
def test_every_source_has_a_page_with_all_its_columns(source: Source) -> None:
    page = write_docs.pages()[f"sources/{source.name}.md"]
    assert page.startswith(f"# {source.label.th}")
    assert ORIGINS[source.name].th in page
    for tells in source.tells:
        assert f"../data-dictionary.md#{tells.table.name}" in page
        assert COVERS[tells.covers].th in page
    for one in source.fields:
        assert one.header in page
        if one.to and one.about:
            assert one.about.th in page.replace("\\|", "|")
    index = write_docs.pages()["sources/README.md"]
    assert f"({source.name}.md)" in index


def test_the_origins_name_sources_that_there_are() -> None:
    assert set(ORIGINS) == {source.name for source in SOURCES}
    assert set(COVERS) == set(Covers)


@pytest.mark.parametrize("name", SHEETS)
def test_a_file_that_looks_like_its_picture_is_recognised(name: str, tmp_path: Path) -> None:
    source = SHEETS[name]
    path = tmp_path / Path(getattr(source, "file_name", "") or "table.xlsx").with_suffix(".xlsx")
    with xlsxwriter.Workbook(str(path)) as book:
        page = book.add_worksheet()
        for line, row in enumerate(picture_of(source).grid()):
            for place, cell in enumerate(row):
                page.write_string(line, place, cell)
    found = source_for(ImportRequest(path=path))
    if name.startswith("plain "):  # a table that a more particular source has too may be taken by that
        assert {tells.table.name for tells in found.tells} >= {name.removeprefix("plain ")}
    else:
        assert found.name == name


@pytest.mark.parametrize("name", [name for name in write_docs.pages() if name.endswith(".svg")])
def test_a_picture_is_an_svg_that_fits_a_phone(name: str) -> None:
    drawing = ET.fromstring(write_docs.pages()[name])
    assert drawing.tag.endswith("svg")
    _, _, width, height = map(float, drawing.attrib["viewBox"].split())
    assert width <= 480, "wider, and its letters are too small on a phone"
    assert "max-width:100%" in drawing.attrib["style"]
    for box in drawing.iter("{http://www.w3.org/2000/svg}rect"):
        assert float(box.get("x", 0)) + float(box.get("width", 0)) <= width + 0.5
        assert float(box.get("y", 0)) + float(box.get("height", 0)) <= height + 0.5
    for words in drawing.iter("{http://www.w3.org/2000/svg}text"):
        assert float(words.attrib["font-size"]) >= 11
        assert "letter-spacing" not in words.attrib


def test_a_wide_sheet_shows_its_first_columns_and_how_many_more_there_are() -> None:
    picture = picture_of(SHEETS["dmc"])
    assert len(picture.columns) == 36
    assert len(picture.shown) == SHOWN_COLUMNS
    assert "… +26" in picture_svg(picture)
    assert [column.left_out for column in picture.shown[:3]] == [True, True, False]
    assert [column.required for column in picture.shown[:3]] == [False, False, True]


def test_no_picture_shows_a_second_number_of_a_person() -> None:
    for source in SHEETS.values():
        numbers = {cell for column in picture_of(source).columns for cell in column.cells if len(cell) >= 13}
        assert {one for one in numbers if one.replace("-", "").isdigit()} <= {"1100201520688", "1-1002-01520-68-8"}


def test_a_long_header_is_cut_between_letters() -> None:
    assert clipped("ชั้น", 200) == "ชั้น"
    for width in range(20, 120):
        cut = clipped("ที่อยู่ของผู้ปกครอง", width)
        assert width_of(cut) <= width or len(cut) <= 2
        assert cut == "ที่อยู่ของผู้ปกครอง" or cut.removesuffix("…") in ("ที่อยู่ของผู้ปกครอง"[:n] for n in range(20))
        assert not cut.endswith(("ท…", "ย…", "ผ…"))  # a vowel or tone mark of theirs would be lost


@pytest.mark.parametrize(("place", "letter"), [(0, "A"), (25, "Z"), (26, "AA"), (35, "AJ"), (701, "ZZ")])
def test_columns_have_the_letters_of_a_spreadsheet(place: int, letter: str) -> None:
    assert letter_of(place) == letter


# Problems and refusals


def test_every_problem_and_fix_is_explained() -> None:
    page = write_docs.pages()["problems.md"]
    for problem in PROBLEMS:
        assert f"\n### {problem.code}\n\n{problem.text.th}\n\n{problem.text.en}\n" in page
    for fix in FIXES:
        assert f"| {fix.code} | {fix.text.th} · {fix.text.en} |" in page


def test_every_check_of_a_model_is_explained() -> None:
    page = write_docs.pages()["checks.md"]
    for check in CHECKS:
        part = page.split(f"\n### {check.code}\n")[1].split("\n### ")[0]
        for text in (check.title, check.passes_when, check.why, check.what_to_do, check.severity.label):
            assert text.th in part
            assert text.en in part


def test_every_problem_is_on_the_page_of_a_source() -> None:
    told = {problem.code for source in SOURCES for problem in problems_of(source)}
    nowhere = {problem.code for problem in PROBLEMS} - told
    assert not nowhere, f"say in scripts/source_pages.py which files can have: {', '.join(sorted(nowhere))}"


def refusal_codes(source: str) -> set[str]:
    """The codes of the refusals that a file can raise: named in an `ImportRefused(...)`, or within its class."""
    tree = ast.parse(source)
    words = [
        keyword.value
        for call in ast.walk(tree)
        if isinstance(call, ast.Call) and getattr(call.func, "id", "") == "ImportRefused"
        for keyword in call.keywords
        if keyword.arg == "code"
    ]
    for one in ast.walk(tree):
        if isinstance(one, ast.ClassDef) and one.name == "ImportRefused":
            makers = [part for part in one.body if isinstance(part, ast.FunctionDef) and part.name != "__init__"]
            words += [word for maker in makers for word in ast.walk(maker)]
    found = {word.value for word in words if isinstance(word, ast.Constant) and isinstance(word.value, str)}
    return {word for word in found if re.fullmatch(r"[A-Z][A-Z0-9_]{4,}", word)}


def test_the_clerks_guide_explains_every_refusal_and_no_other() -> None:
    codes = {code for path in (ROOT / "records").rglob("*.py") for code in refusal_codes(path.read_text("utf-8"))}
    rows = re.findall(r"^\| `([A-Z0-9_]+)` \|", (GUIDES / "clerk.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert {"EMPTY", "ZIP_BOMB", "NO_MONTH"} <= codes
    missing, unknown = sorted(codes - set(rows)), sorted(set(rows) - codes)
    assert not missing, f"docs/guides/clerk.md does not say what to do about: {', '.join(missing)}"
    assert not unknown, f"docs/guides/clerk.md explains what no file is refused for: {', '.join(unknown)}"


def test_a_new_refusal_is_found() -> None:
    assert refusal_codes('raise ImportRefused("x", th="ก", code="TOO_ODD")') == {"TOO_ODD"}
    assert refusal_codes("class ImportRefused:\n    def made(cls):\n        return cls._made('x', 'TOO_NEW', 'y')") == {
        "TOO_NEW"
    }


@pytest.mark.parametrize("command", ["make demo", "make test"])
def test_the_readme_names_both_commands(command: str) -> None:
    assert command in (ROOT / "README.md").read_text(encoding="utf-8")


def test_every_sub_command_is_documented() -> None:
    missing = undocumented(commands(), _pages())
    assert not missing, f"neither README.md nor docs/ say what these do: {', '.join(missing)}"


def test_an_undocumented_sub_command_is_found() -> None:
    assert undocumented(["zerodrop score", "zerodrop sco"], "run `zerodrop score` weekly") == ["zerodrop sco"]


def test_every_decision_is_in_the_index_under_its_own_number_and_title() -> None:
    index = (DECISIONS / "README.md").read_text(encoding="utf-8")
    pages = sorted(DECISIONS.glob("[0-9]*.md"))
    assert [page.name[:4] for page in pages] == [f"{number:04d}" for number in range(1, len(pages) + 1)]
    for page in pages:
        title = page.read_text(encoding="utf-8").splitlines()[0]
        assert title.startswith(f"# {page.name[:4]} "), f"{page.name} is titled {title!r}"
        assert f"[{title.removeprefix('# ')}]({page.name})" in index, f"the index does not list {page.name}"


@pytest.mark.parametrize("heading", ["Status", "Context", "Decision", "Consequences"])
def test_every_decision_has_its_four_parts(heading: str) -> None:
    for page in DECISIONS.glob("[0-9]*.md"):
        text = page.read_text(encoding="utf-8")
        assert f"\n## {heading}\n" in text, f"{page.name} has no '{heading}'"
        assert len(text.splitlines()) <= 60, f"{page.name} is longer than a page"


def test_every_guide_is_in_the_index_and_has_both_languages() -> None:
    index = (GUIDES / "README.md").read_text(encoding="utf-8")
    for page in GUIDES.glob("*.md"):
        text = page.read_text(encoding="utf-8")
        assert page.name == "README.md" or f"({page.name})" in index
        assert re.search(r"[\u0e01-\u0e5b]{4}", text)
        assert re.search(r"[A-Za-z]{4}", text)


def test_links_between_the_pages_lead_somewhere() -> None:
    pages = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
    broken = [
        f"{page.relative_to(ROOT)}: {target}"
        for page in pages
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8"))
        if not (page.parent / target).exists()
    ]
    assert not broken, "\n" + "\n".join(broken)

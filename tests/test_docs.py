"""The documentation says what the code says: dictionary, commands and decisions."""

import importlib.util
import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
from typer.core import TyperGroup
from typer.main import get_command

ROOT = Path(__file__).resolve().parent.parent
DECISIONS = ROOT / "docs" / "adr"
GUIDES = ROOT / "docs" / "guides"


def _script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("write_docs", ROOT / "scripts" / "write_docs.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


write_docs = _script()


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


def test_the_data_dictionary_is_current() -> None:
    assert write_docs.main(["--check"]) == 0, "run: python scripts/write_docs.py"


def test_an_old_dictionary_is_refused_with_the_next_step(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page = tmp_path / "data-dictionary.md"
    assert write_docs.main([], page) == 0
    assert write_docs.main(["--check"], page) == 0
    page.write_text(page.read_text(encoding="utf-8") + "\nedited by hand\n", encoding="utf-8")
    assert write_docs.main(["--check"], page) == 1
    assert "python scripts/write_docs.py" in capsys.readouterr().err


def test_the_dictionary_names_every_column_and_feature() -> None:
    page = write_docs.data_dictionary()
    for table in write_docs.TABLES:
        assert f"\n### {table.name}\n" in page
        for column in table.columns:
            assert f"\n#### {table.name}.{column.name}\n" in page
    for feature in write_docs.CATALOGUE:
        assert f"\n#### {feature.name}\n" in page


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

"""`zerodrop sources` and `zerodrop template`: what can be taken in, in both languages and for machines."""

import json
from pathlib import Path
from typing import Any

import pytest
import typer
from rich.cells import cell_len
from typer.testing import CliRunner

from records.errors import ImportRefused, UserError
from records.intake.source_commands import sources, template


def listed(*words: str, columns: int = 300) -> Any:
    app = typer.Typer()
    app.command("sources")(sources)
    app.command("template")(template)
    return CliRunner().invoke(app, list(words), env={"COLUMNS": str(columns)})


def test_the_sources_are_listed_in_both_languages() -> None:
    said = listed("sources")
    assert said.exit_code == 0
    for words in (
        "dmc",
        "ทะเบียน DMC",
        "DMC roster workbook",
        "2568-1-student.xlsx",
        "enrolments (whole_roster)",
        "oulad",
    ):
        assert words in said.output
    told = {one["name"]: one for one in json.loads(listed("sources", "--json").output)}
    assert told["attendance"]["tells"] == [{"table": "attendance", "covers": "days_of_groups"}]


def test_one_source_shows_its_columns() -> None:
    said = listed("sources", "dmc")
    for words in ("ชั้น *", "enrolments.level", "ศาสนา", "left out on purpose"):
        assert words in said.output
    told = json.loads(listed("sources", "dmc", "--json").output)
    assert {"header": "ศาสนา", "left_out": True} in [
        {key: one[key] for key in ("header", "left_out")} for one in told["columns"]
    ]


@pytest.mark.parametrize("columns", [40, 80])
def test_a_narrow_screen_cuts_no_name_and_draws_no_box(columns: int) -> None:
    wide, narrow = (listed("sources", "household", columns=width).output for width in (1_000, columns))
    assert narrow.split() == wide.split()
    assert "household.members" in narrow
    assert not set("│┃─━…") & set(narrow)


def test_lines_fit_a_screen_of_80_columns() -> None:
    for words in (["sources"], ["sources", "household"]):
        lines = listed(*words, columns=80).output.splitlines()
        assert max(map(cell_len, lines)) <= 80


def test_a_source_and_a_column_are_a_heading_with_details_under_it() -> None:
    heading, *details = listed("sources").output.split("\n\n")[0].splitlines()
    assert heading.startswith("dmc: ทะเบียน DMC")
    assert details
    assert all(line.startswith("    ") for line in details)
    blocks = [block.splitlines() for block in listed("sources", "household").output.split("\n\n")]
    assert ["วันที่สำรวจ *", "    ที่เก็บ · fills: *.happened_on", "    ตัวอย่าง · example: 12/06/2568"] in [
        block[:3] for block in blocks
    ]


def test_an_unknown_source_is_refused_with_the_known_ones() -> None:
    said = listed("sources", "dmcc")
    assert isinstance(said.exception, ImportRefused)
    assert "There is no source 'dmcc'. Sources: dmc, " in str(said.exception)


def test_a_template_is_written_and_its_name_told(tmp_path: Path) -> None:
    said = listed("template", "roster", "--out", str(tmp_path / "new.xlsx"))
    assert said.exit_code == 0
    assert "roster-1-2568.xlsx" in said.output
    assert (tmp_path / "new.xlsx").exists()


def test_a_template_replaces_no_file(tmp_path: Path) -> None:
    (tmp_path / "kept.xlsx").write_text("work of a term", encoding="utf-8")
    said = listed("template", "roster", "--out", str(tmp_path / "kept.xlsx"))
    assert isinstance(said.exception, UserError)
    assert (tmp_path / "kept.xlsx").read_text(encoding="utf-8") == "work of a term"

"""The commands about sources: `zerodrop sources`, `zerodrop template`, and the questions of `zerodrop import --map`."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from records.console import Json, for_writing, say, the_institution

if TYPE_CHECKING:
    from rich.console import Console

    from records.home import DataHome
    from records.intake.dry_check import Verdict
    from records.intake.importing import ImportRequest
    from records.intake.source import Field, Source

_LEFT_OUT = "ไม่นำเข้าโดยตั้งใจ · left out on purpose"


def sources(
    name: Annotated[str, typer.Argument(help="One source: its columns.")] = "",
    as_json: Json = False,
) -> None:
    """Which files can be taken in, from which system, and what their columns are."""
    from records.intake.sources import SOURCES

    if name:
        source = _source(name)
        told: Any = {**_described(source), "columns": [_column(one) for one in source.fields]}
    else:
        told = [_described(one) for one in SOURCES]
    if as_json:
        say(told, as_json, "")
    elif name:
        _show_columns(_source(name))
    else:
        _show_sources(SOURCES)


def template(
    source: Annotated[str, typer.Argument(help="A source, or a table for a plain file (zerodrop sources lists them).")],
    out: Annotated[Path, typer.Option(help="The XLSX file to write.")],
) -> None:
    """An empty workbook that this source takes in again once it is filled."""
    from records.intake.templates import template_source, write_template

    chosen = template_source(source)
    write_template(for_writing(out, replaces=False), chosen)
    typer.echo(f"{out}: {chosen.label.th} · {chosen.label.en}")
    if chosen.file_name:
        typer.echo(f"ตั้งชื่อไฟล์เมื่อกรอกแล้ว เช่น {chosen.file_name} · when filled, name it like {chosen.file_name}")


def _source(name: str) -> "Source":
    from records.errors import ImportRefused
    from records.intake.sources import SOURCE_OF

    if name not in SOURCE_OF:
        raise ImportRefused(
            f"There is no source '{name}'. Sources: {', '.join(SOURCE_OF)}.",
            th=f"ไม่มีแหล่งข้อมูลชื่อ '{name}' ดูรายชื่อด้วย zerodrop sources",
            code="UNKNOWN_SOURCE",
        )
    return SOURCE_OF[name]


# What a source is, for machines and for people


def _described(source: "Source") -> dict[str, Any]:
    from records.intake.mapping import FileSource

    declared = source if isinstance(source, FileSource) else None  # a bundle's class says it in `about`
    return {
        "name": source.name,
        "label": {"th": source.label.th, "en": source.label.en},
        "about": {"th": source.about.th, "en": source.about.en},
        "file_name": declared.file_name if declared else "",
        "tells": [{"table": one.table.name, "covers": one.covers.name.lower()} for one in source.tells],
        "entry_time": {"th": declared.proves.th, "en": declared.proves.en} if declared else None,
    }


def _column(one: "Field") -> dict[str, Any]:
    return {
        "header": one.header,
        "required": one.required,
        "aliases": list(one.aliases),
        "example": one.example,
        "fills": list(one.to),
        "left_out": not one.to,
        "about": {"th": one.about.th, "en": one.about.en} if one.about else None,
    }


def _show_sources(found: "Sequence[Source]") -> None:
    for told in map(_described, found):
        tells = [one["table"] + (f" ({one['covers']})" if one["covers"] != "nothing" else "") for one in told["tells"]]
        entry = told["entry_time"]
        _block(
            f"{told['name']}: {told['label']['th']} · {told['label']['en']}",
            told["about"]["th"],
            told["about"]["en"],
            f"ไฟล์ · file: {told['file_name']}" if told["file_name"] else "",
            f"ตาราง (ครบเพียงใด) · tables (covers): {', '.join(tells)}" if tells else "",
            f"เวลาที่บันทึก · entry time: {entry['th']} · {entry['en']}" if entry else "",
        )


def _show_columns(source: "Source") -> None:
    _block(f"{source.name}: {source.label.th} · {source.label.en}", "* ต้องมี · required")
    for one in source.fields:
        _block(
            one.header + (" *" if one.required else ""),
            f"ที่เก็บ · fills: {', '.join(one.to)}" if one.to else _LEFT_OUT,
            f"ตัวอย่าง · example: {one.example}" if one.example else "",
            f"ชื่ออื่น · aliases: {', '.join(one.aliases)}" if one.aliases else "",
            f"{one.about.th} · {one.about.en}" if one.about else "",
        )


def _block(heading: str, *details: str) -> None:
    """A heading and what there is to say under it, as plain lines."""
    width = _out().width
    typer.echo("\n      ".join(_broken(heading, width - 6)))
    for detail in filter(None, details):
        typer.echo("    " + "\n      ".join(_broken(detail, width - 6)))
    typer.echo()


def _broken(words: str, width: int) -> list[str]:
    """Words in lines of a width, broken at spaces only, so that no name is ever cut; Thai marks take no room."""
    from rich.cells import cell_len

    lines: list[str] = []
    for word in words.split(" "):
        if lines and cell_len(f"{lines[-1]} {word}") <= width:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return lines


def _out(*, stderr: bool = False) -> "Console":
    from rich.console import Console

    return Console(stderr=stderr, markup=False, emoji=False, highlight=False)


def _show(console: "Console", title: str, headings: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    from rich.table import Table
    from rich.text import Text

    table = Table(title=title, title_justify="left", show_lines=True)
    for heading in headings:
        table.add_column(heading, overflow="fold")
    for row in rows:
        table.add_row(*map(Text, row))  # a cell of a file is never markup
    console.print(table)


# import --map


def ask_mapping(home: "DataHome", request: "ImportRequest", profile_out: Path | None = None) -> "ImportRequest":
    """Ask where each column goes, show how the first rows would be read, and save the profile.

    The request comes back with the profile to import by. Raises Abort when the clerk stops: then nothing was stored.
    """
    from functools import partial

    from records.intake.asking import Talk, ask_profile
    from records.intake.dry_check import dry_check
    from records.intake.profiles import save_profile, source_of
    from records.intake.source import Request

    path = for_writing(profile_out or request.path.with_suffix(".profile.json"), replaces=False)
    screen = _out(stderr=True)  # standard output stays for the report
    show = partial(_show, screen)
    talk = Talk(ask=partial(typer.prompt, err=True), tell=partial(typer.echo, err=True), show=show)
    profile = ask_profile(talk, request.path, path.name.split(".")[0])
    code, received = the_institution(home, request.institution), request.received_at or datetime.now(UTC)
    asked = Request(path=request.path, institution=code, received_at=received)
    show(*_as_rows(dry_check(home, source_of(profile), asked, history=request.history)))
    if not typer.confirm("บันทึกโพรไฟล์และนำเข้า · save the profile and import", err=True):
        raise typer.Abort
    save_profile(profile, path)
    typer.echo(f"{path}: ครั้งต่อไปใช้ --profile {path} · next time use --profile {path}", err=True)
    return replace(request, profile=path)


def _as_rows(verdicts: "Sequence[Verdict]") -> tuple[str, Sequence[str], list[tuple[str, str, str]]]:
    rows = []
    for one in verdicts:
        mark = "รับ · taken" if one.is_taken else "กักไว้ · quarantine"
        said = [f"{problem.code}: {problem.text.th} · {problem.text.en}" for problem in one.problems]
        read = ", ".join(f"{place} = {value}" for place, value in one.read.items())
        rows.append((str(one.line), mark, "\n".join(filter(None, (read, *said)))))
    title = "แถวแรก ๆ จะอ่านได้ดังนี้ (ยังไม่บันทึก) · how the first rows would be read (nothing is stored)"
    return title, ("แถว · line", "ผล · verdict", "อ่านได้ว่า · read as"), rows

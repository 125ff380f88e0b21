"""The CSV files of a OneRoster bundle, in a folder or an archive: each read by its name, whole, as text.

A member is streamed and refused when it unpacks to more than a table of one institution can be.
"""

import csv
import io
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import pandas as pd

from records.errors import ImportRefused
from records.intake.source import Field

MANIFEST = "manifest.csv"
MOST_BYTES = 500 * 1024 * 1024
_CHUNK = 1024 * 1024
_LINE = "#line"  # no header of the standard begins like this


@dataclass(frozen=True, kw_only=True)
class Bundle:
    """A folder or an archive with a manifest."""

    path: Path

    def manifest(self) -> Mapping[str, str]:
        """The properties of the manifest; empty when there is none that can be read."""
        try:
            rows = list(csv.reader(io.StringIO(self._text(MANIFEST, _CHUNK))))
        except (FileNotFoundError, KeyError, ImportRefused, csv.Error):
            return {}
        return {row[0].strip(): row[1].strip() for row in rows if len(row) > 1}

    def read(self, name: str, *needed: str) -> pd.DataFrame:
        """The rows of one file, with their lines. Raises ImportRefused when it is not there or lacks a column."""
        try:
            rows = csv.reader(io.StringIO(self._text(name, MOST_BYTES)), strict=True)
            headers = [header.strip() for header in next(rows, [])]
            told = [(rows.line_num, row) for row in rows if any(row)]
        except (FileNotFoundError, KeyError):
            raise ImportRefused.not_there(file=f"{self.path.name}/{name}") from None
        except csv.Error:
            raise ImportRefused.corrupt(file=f"{self.path.name}/{name}", why="its quotes do not pair up") from None
        if missing := [header for header in needed if header not in headers]:
            raise ImportRefused.missing_columns(file=f"{self.path.name}/{name}", missing=missing, found=headers)
        for line, row in told:
            if len(row) != len(headers):
                why = f"line {line} has {len(row)} cells under {len(headers)} headers"
                raise ImportRefused.corrupt(file=f"{self.path.name}/{name}", why=why)
        table = pd.DataFrame([row for _, row in told], columns=headers, dtype=str)
        return table.assign(**{_LINE: [line for line, _ in told]})

    def has(self, name: str) -> bool:
        try:
            with self._opened(name):
                return True
        except (FileNotFoundError, KeyError):
            return False

    def _text(self, name: str, most: int) -> str:
        """The text of a member. Raises FileNotFoundError or KeyError when it is not there, ImportRefused when too large."""
        whole = bytearray()
        try:
            with self._opened(name) as file:
                while chunk := file.read(_CHUNK):
                    whole += chunk
                    if len(whole) > most:
                        raise ImportRefused.zip_bomb(file=f"{self.path.name}/{name}")
            return whole.decode("utf-8-sig")
        except UnicodeDecodeError:
            raise ImportRefused.bad_encoding(file=f"{self.path.name}/{name}") from None
        except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError):
            raise ImportRefused.corrupt(file=self.path.name, why="the archive is damaged") from None

    @contextmanager
    def _opened(self, name: str) -> Iterator[IO[bytes]]:
        if self.path.is_dir():
            file = self.path / name
            if file.is_symlink():  # what lies outside the folder is not part of the bundle
                raise FileNotFoundError(name)
            with file.open("rb") as opened:
                yield opened
            return
        with zipfile.ZipFile(self.path) as archive:
            try:
                member = archive.open(name)
            except RuntimeError:
                raise ImportRefused.password(file=self.path.name) from None
            with member:
                yield member


def lines_of(rows: pd.DataFrame) -> pd.Series:
    """The line of its file that each row stands in."""
    return rows[_LINE]


def is_bundle(path: Path) -> bool:
    """Whether a folder or an archive has a OneRoster manifest."""
    if not path.is_dir() and not (path.is_file() and zipfile.is_zipfile(path)):
        return False
    return "oneroster.version" in Bundle(path=path).manifest()


def file_field(file: str, column: str, *to: str, **more: object) -> Field:
    """A column of one of the files, told with the file's name."""
    return Field(header=f"{file}: {column}", to=to, **more)  # type: ignore[arg-type]

"""A folder of export files: in which order they must come in."""

from pathlib import Path

# Rosters first: every other file speaks of students that they bring.
_FIRST = ("roster", "-1-student", "-2-student", "-3-student", "attendance")


def in_order(folder: Path) -> list[Path]:
    """The files of a folder, rosters before the files that speak of their students."""

    def place(file: Path) -> tuple[int, str]:
        return next((index for index, part in enumerate(_FIRST) if part in file.name), len(_FIRST)), file.name

    return sorted((file for file in folder.iterdir() if file.is_file()), key=place)

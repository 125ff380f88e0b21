"""What must never be in the tree: registry hosts, paths of one person's machine, large files, a lock without hashes.

`python scripts/check_tree.py` looks at every file that git tracks or would track and exits 1 naming file and line.
"""

import re
import subprocess
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LARGEST_BYTES = 2_000_000
LOCK = "requirements.lock"

# Hosts and paths are put together from pieces, so that this file passes its own check.
_HOSTS = (
    *(
        ".".join(pieces)
        for pieces in (("pypi", "org"), ("python" + "hosted", "org"), ("npmjs", "org"), ("npmjs", "com"))
    ),
    *(".".join((name, "debian", "org")) for name in ("deb", "ftp", "security", "packages", "snapshot", "archive")),
)
_HOST = re.compile("|".join(rf"(?<![\w-]){re.escape(host)}" for host in _HOSTS), re.IGNORECASE)

# Only at the start of a path: a folder of the same name deeper in a path or in a web address is nobody's machine.
_START = r"(?<![\w.~}-])/"
_MACHINE_PATH = re.compile(
    "|".join(
        (
            _START + "home" + r"/[\w.-]+/",
            _START + "Users" + r"/[\w.-]+/",
            r"\b[A-Za-z]:\\" + "Users" + r"\\\w",
            _START + "root" + r"/",
            _START + "work" + r"/",
            _START + "farm" + r"/",
            _START + "tmp" + "/" + "bash" + "_jobs",
        )
    )
)
_REQUIREMENT = re.compile(r"^[A-Za-z0-9][\w.\[\],-]*\s*(==|@)")


@dataclass(frozen=True, kw_only=True)
class Fault:
    """One thing that must not be there; `line` is 0 for the file as a whole."""

    file: str
    line: int
    why: str

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        return f"{place}: {self.why}"


def text_faults(file: str, text: str) -> Iterator[Fault]:
    """Registry hosts and machine paths in one text."""
    for number, line in enumerate(text.splitlines(), start=1):
        if found := _HOST.search(line):
            yield Fault(file=file, line=number, why=f"names the package registry host '{found.group()}'; leave it out")
        if found := _MACHINE_PATH.search(line):
            why = f"names a path of one machine, '{found.group()}'; write it relative to the checkout"
            yield Fault(file=file, line=number, why=why)


def size_faults(file: str, size: int) -> Iterator[Fault]:
    if size > LARGEST_BYTES:
        why = f"has {size:,} bytes, more than {LARGEST_BYTES:,}; data and models live in the data home"
        yield Fault(file=file, line=0, why=why)


def lock_faults(file: str, text: str) -> Iterator[Fault]:
    """Requirements of a lock that carry no hash: pip would then take any file of that version."""
    lines = text.splitlines()
    names = 0
    for number, line in enumerate(lines, start=1):
        if not _REQUIREMENT.match(line):
            continue
        names += 1
        if not any("--hash=sha256:" in part for part in _continued(lines[number - 1 :])):
            yield Fault(file=file, line=number, why=f"'{line.split()[0]}' has no --hash; refresh the lock with hashes")
    if not names:
        yield Fault(file=file, line=0, why="locks nothing; refresh it (CONTRIBUTING.md says how)")


def _continued(lines: Iterable[str]) -> Iterator[str]:
    for line in lines:
        yield line
        if not line.rstrip().endswith("\\"):
            return


def tree_files(root: Path) -> list[str]:
    """The files that git tracks, and those it would track, relative to `root`."""
    command = ["git", "ls-files", "-co", "--exclude-standard", "-z"]
    listed = subprocess.run(command, cwd=root, check=True, capture_output=True, text=True).stdout
    return sorted(name for name in listed.split("\0") if name and (root / name).is_file())


def faults_in(root: Path, files: Iterable[str]) -> list[Fault]:
    """Every fault of the given files; a file that is no UTF-8 text is only weighed."""
    found: list[Fault] = []
    for file in files:
        content = (root / file).read_bytes()
        found += size_faults(file, len(content))
        try:
            text = content.decode("utf-8")
        except UnicodeDecodeError:
            continue
        found += text_faults(file, text)
        if Path(file).name == LOCK:
            found += lock_faults(file, text)
    return found


def main() -> int:
    files = tree_files(ROOT)
    found = faults_in(ROOT, files)
    for fault in found:
        print(fault, file=sys.stderr)
    print(f"{len(files)} files looked at, {len(found)} faults.")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())

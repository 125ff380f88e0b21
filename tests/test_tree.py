"""The tree names no package registry and no path of one machine, holds no large file; dependencies say why, the lock has hashes."""

import importlib.util
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parent.parent


def _script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("check_tree", ROOT / "scripts" / "check_tree.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


check_tree = _script()

# Put together from pieces here too: this file is part of the tree.
BAD_LINES = {
    "the index": "--index-url https://" + "pypi" + ".org/simple",
    "its files": "https://files." + "python" + "hosted" + ".org/packages/x.whl",
    "npm": "registry." + "npmjs" + ".org",
    "Debian": "deb http://" + "deb." + "debian.org/debian bookworm main",
    "Debian security": "http://" + "security." + "debian.org/",
    "a home": "open('/" + "home/somchai/college.xlsx')",
    "a Mac": "/" + "Users/malee/zerodrop",
    "a Windows profile": "C:\\" + "Users\\malee",
    "root's home": "file:///" + "root/.cache",
    "a checkout": "cd /" + "work/main",
    "a farm": "/" + "farm/disk",
    "a job folder": "/" + "tmp/" + "bash" + "_jobs.0/1",
}


def test_the_tree_is_clean() -> None:
    found = check_tree.faults_in(ROOT, check_tree.tree_files(ROOT))
    assert not found, "\n" + "\n".join(map(str, found))


@pytest.mark.parametrize("line", BAD_LINES.values(), ids=BAD_LINES.keys())
def test_a_bad_line_is_named_with_its_place(tmp_path: Path, line: str) -> None:
    (tmp_path / "notes.md").write_text(f"fine\n{line}\n", encoding="utf-8")
    [fault] = check_tree.faults_in(tmp_path, ["notes.md"])
    assert str(fault).startswith("notes.md:2: names ")


@pytest.mark.parametrize(
    "line",
    [
        "https://example.org/work/page",
        "see docs/work/plan.md",
        "the network/root/ idea",
        "~/wo" + "rk/zerodrop",
        "var/home/x/y",
    ],
)
def test_the_same_word_deeper_in_a_path_is_no_fault(line: str) -> None:
    assert list(check_tree.text_faults("notes.md", line)) == []


def test_a_large_file_is_refused_even_when_it_is_no_text(tmp_path: Path) -> None:
    (tmp_path / "scores.parquet").write_bytes(b"\xff" * (check_tree.LARGEST_BYTES + 1))
    [fault] = check_tree.faults_in(tmp_path, ["scores.parquet"])
    assert "2,000,001 bytes" in str(fault)


def test_a_requirement_without_a_hash_is_named(tmp_path: Path) -> None:
    lock = "numpy==2.4.6 \\\n    --hash=sha256:aa\n    # via pandas\npandas==3.1.1\n    # via mlflow\n"
    (tmp_path / "requirements.lock").write_text(lock, encoding="utf-8")
    [fault] = check_tree.faults_in(tmp_path, ["requirements.lock"])
    assert str(fault).startswith("requirements.lock:4: 'pandas==3.1.1' has no --hash")


def test_an_empty_lock_is_no_lock() -> None:
    assert list(check_tree.lock_faults("requirements.lock", "# nothing\n"))


def test_untracked_files_are_looked_at_and_ignored_ones_are_not(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    (tmp_path / ".gitignore").write_text("var/\n", encoding="utf-8")
    (tmp_path / "var").mkdir()
    (tmp_path / "var" / "zerodrop.db").write_text("", encoding="utf-8")
    (tmp_path / "ครู.md").write_text("", encoding="utf-8")
    assert check_tree.tree_files(tmp_path) == [".gitignore", "ครู.md"]


# Dependencies


def unexplained(path: str, source: str) -> Iterator[str]:
    """Dependencies of pyproject.toml without their reason, on their line or as a comment on the line above."""
    tables = tomllib.loads(source)
    project = tables.get("project", {})
    groups = [
        tables.get("build-system", {}).get("requires", []),
        project.get("dependencies", []),
        *project.get("optional-dependencies", {}).values(),
        *tables.get("dependency-groups", {}).values(),
    ]
    lines = source.splitlines()
    for requirement in (name for group in groups for name in group if isinstance(name, str)):
        index = next(number for number, line in enumerate(lines) if f'"{requirement}"' in line)
        above = lines[index - 1].strip() if index else ""
        after = lines[index].rpartition('"')[2]
        if "#" not in after and not above.startswith("#"):
            yield f"{path}:{index + 1}: '{requirement}' does not say why it is there"


def test_every_dependency_says_why_it_is_there() -> None:
    found = list(unexplained("pyproject.toml", (ROOT / "pyproject.toml").read_text(encoding="utf-8")))
    assert not found, "\n" + "\n".join(found)


def test_a_dependency_without_its_reason_is_found() -> None:
    without = '[project]\ndependencies = [\n  "numpy>=2", # arrays\n  "left-pad>=1",\n]'
    assert [one.split(":")[1] for one in unexplained("pyproject.toml", without)] == ["4"]
    above = '[project]\ndependencies = [\n  # arrays\n  "numpy>=2",\n]'
    assert list(unexplained("pyproject.toml", above)) == []

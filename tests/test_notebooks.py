"""Every notebook runs from a clean checkout: in a process, a folder and a home of its own, warnings as errors."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
NOTEBOOKS = [path for path in sorted((ROOT / "notebooks").glob("*.py")) if path.name != "small_college.py"]
MOST_SECONDS = 280  # a notebook takes under a minute; on a busy machine more


def run(notebook: Path, folder: Path) -> "subprocess.CompletedProcess[str]":
    """The notebook as a script, with everything that it writes under `folder`."""
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "NUMBA_CACHE_DIR") if name in os.environ}
    own = {"PYTHONPATH": str(ROOT), "ZERODROP_HOME": str(folder / "home"), "TMPDIR": str(folder), "HOME": str(folder)}
    return subprocess.run(
        [sys.executable, "-W", "error", str(notebook)],
        cwd=folder, env={**kept, **own, "PYTHONUTF8": "1"}, capture_output=True, text=True, timeout=MOST_SECONDS, check=False,
    )  # fmt: skip


def test_there_are_notebooks() -> None:
    """All but the college that they share, which is no notebook."""
    assert {notebook.stem for notebook in NOTEBOOKS} == {"new_feature", "oulad", "reading_a_card", "retraining"}


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda notebook: notebook.stem)
def test_a_notebook_runs_to_its_end_and_leaves_nothing(notebook: Path, tmp_path: Path) -> None:
    ran = run(notebook, tmp_path)
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.strip(), "a notebook that prints nothing explains nothing"
    assert not list(tmp_path.iterdir()), "it leaves files outside the folder that it cleans up"


@pytest.mark.parametrize(
    "broken", ["raise ValueError", "import warnings\nwarnings.warn('old')", "from nowhere import it"]
)
def test_a_notebook_that_fails_is_found(tmp_path: Path, broken: str) -> None:
    (tmp_path / "broken.py").write_text(f"# %%\n{broken}\n", encoding="utf-8")
    assert run(tmp_path / "broken.py", tmp_path).returncode != 0


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda notebook: notebook.stem)
def test_a_notebook_has_cells_and_opens_the_log_through_the_door(notebook: Path) -> None:
    source = notebook.read_text(encoding="utf-8")
    assert source.count("# %%") > 3
    assert 'purpose="notebook"' in source
    assert "EventLog(" not in source

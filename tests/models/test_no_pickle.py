"""No pickle is loaded between a bundle on disk and a reason: watched by an audit hook and by traps, in a fresh process.

That the module `pickle` is imported cannot be forbidden: NumPy imports it by itself, as the first test here shows, to
tell a pickled object array from a plain one (and refuses it, as `allow_pickle=False` asks). What can be forbidden is
that anything is unpickled: `pickle.find_class` is the audit event of every global that a pickle names, and the traps
stand where a pickle without any would pass.
"""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from models.bundle import keep, write_bundle
from models.risk_model import RiskModel
from tests.models.cards import complete_card

ROOT = Path(__file__).resolve().parents[2]

WATCHED = """
import json, sys
import _pickle, pickle

found = []
sys.addaudithook(lambda event, arguments: found.append(event) if event == "pickle.find_class" else None)


def trapped(*arguments, **named):
    found.append("unpickled")
    raise AssertionError("something was unpickled")


class Trapped(pickle.Unpickler):
    __init__ = trapped


for module in (pickle, _pickle):
    module.load = module.loads = trapped
    module.Unpickler = Trapped
pickle._load = pickle._loads = trapped
pickle._Unpickler = Trapped

{what}
FORBIDDEN = {{"lightgbm", "shap", "mlflow", "sklearn", "joblib", "cloudpickle", "dill", "numba"}}
print(json.dumps({{"found": found, "loaded": sorted(FORBIDDEN & set(sys.modules))}}))
"""

READ_AND_EXPLAIN = """
from pathlib import Path
import numpy as np
from models.bundle import read_bundle
from models.explain import contributions, margins

bundle = read_bundle(Path(sys.argv[1]), sys.argv[2])
values = np.random.default_rng(1).normal(size=(200, len(bundle.model.features)))
values[::3] = np.nan
for rows in (values, values[:1]):
    assert np.isfinite(margins(bundle.model.tables, rows, compiled=False)).all()
    assert np.isfinite(contributions(bundle.model.tables, rows, compiled=False)).all()
    assert (bundle.model.explained(rows, compiled=False).reason >= -1).all()
"""


def watched(what: str, *arguments: str) -> dict[str, list[str]]:
    code = WATCHED.format(what=what)
    ran = subprocess.run([sys.executable, "-c", code, *arguments], cwd=ROOT, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    return dict(json.loads(ran.stdout))


def test_numpy_imports_pickle_by_itself() -> None:
    code = "import sys; before = 'pickle' in sys.modules; import numpy; print(before, 'pickle' in sys.modules)"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.split() == ["False", "True"]


def test_reading_scoring_and_explaining_unpickles_nothing(tmp_path: Path, model: RiskModel) -> None:
    write_bundle(tmp_path / "trained", model, complete_card(model.spread), "", bonus=0.2)
    digest = keep(tmp_path / "trained", tmp_path / "models")
    assert watched(READ_AND_EXPLAIN, str(tmp_path / "models"), digest) == {"found": [], "loaded": []}


@pytest.mark.parametrize(
    ("what", "seen"),
    [
        ("import numpy\ntry: numpy.load(sys.argv[1], allow_pickle=True)\nexcept AssertionError: pass", "unpickled"),
        ("try: pickle.loads(b'N.')\nexcept AssertionError: pass", "unpickled"),
        (
            "from collections import OrderedDict\nTrapped.__mro__[1](open(sys.argv[2], 'rb')).load()",
            "pickle.find_class",
        ),
    ],
)
def test_what_watches_sees_a_pickle(tmp_path: Path, what: str, seen: str) -> None:
    """The very traps and hook, with something to catch."""
    import pickle
    from collections import OrderedDict

    import numpy as np

    np.save(tmp_path / "objects.npy", np.array([None, {}], object), allow_pickle=True)
    (tmp_path / "ordered.pickle").write_bytes(pickle.dumps(OrderedDict()))
    assert seen in watched(what, str(tmp_path / "objects.npy"), str(tmp_path / "ordered.pickle"))["found"]

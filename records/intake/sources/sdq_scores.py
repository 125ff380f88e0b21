"""SDQ answers to scores and scores to groups, by the keys and cut-offs of `sdq_dmh.toml` or a college's own table.

Prosocial behaviour is a strength that a student has or has not; the table names no group for it, so it gets none.
"""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from records.errors import ImportRefused

Floats = npt.NDArray[np.float64]
Groups = npt.NDArray[np.int64]

ITEMS = 25
DIFFICULTIES = ("emotional", "conduct", "hyperactivity", "peer")
SCALES = (*DIFFICULTIES, "prosocial")
INFORMANTS = ("self", "teacher", "parent")
MOST = {"total": 40, **dict.fromkeys(SCALES, 10)}
SHIPPED = Path(__file__).with_name("sdq_dmh.toml")
UNGROUPED = -1
_WORST_ANSWER = 2


@dataclass(frozen=True, kw_only=True)
class CutOffs:
    """The lowest scores of the groups at risk and problem, by scale, and the least that has the strength."""

    label: str
    at_risk: Mapping[str, int]
    problem: Mapping[str, int]
    prosocial_has: int

    def group(self, scale: str, scores: Floats) -> Groups:
        """0 normal, 1 at risk, 2 problem; -1 where there is no score."""
        groups = (scores >= self.at_risk[scale]).astype(np.int64) + (scores >= self.problem[scale])
        return np.where(np.isnan(scores), UNGROUPED, groups)


@dataclass(frozen=True, kw_only=True)
class Scoring:
    """Which items make a scale, which are reversed, and the cut-offs of each informant."""

    keys: Mapping[str, Sequence[int]]
    reversed_items: Sequence[int]
    cut_offs: Mapping[str, CutOffs]

    def scores(self, answers: Floats) -> dict[str, Floats]:
        """The five scales of answers 0 to 2, one column an item; NaN where an answer is missing."""
        turned = answers.copy()
        places = [item - 1 for item in self.reversed_items]
        turned[:, places] = _WORST_ANSWER - turned[:, places]
        return {scale: turned[:, [item - 1 for item in self.keys[scale]]].sum(axis=1) for scale in SCALES}


def total(scores: Mapping[str, Floats]) -> Floats:
    """The four difficulties together, without the prosocial scale; NaN where one of them is missing."""
    return np.asarray(np.sum([scores[scale] for scale in DIFFICULTIES], axis=0))


@cache
def scoring(path: Path = SHIPPED) -> Scoring:
    """Keys and cut-offs of a table. Raises ImportRefused when it cannot be used."""
    try:
        told = tomllib.loads(path.read_text(encoding="utf-8"))
        read = Scoring(
            keys={scale: tuple(told["keys"][scale]) for scale in SCALES},
            reversed_items=tuple(told["keys"]["reversed"]),
            cut_offs={informant: _cut_offs(told[informant]) for informant in INFORMANTS},
        )
    except (OSError, ValueError, KeyError, TypeError):
        raise _unusable(path) from None
    items = sorted(item for scale in SCALES for item in read.keys[scale])
    if items != list(range(1, ITEMS + 1)) or not set(read.reversed_items) <= set(items):
        raise _unusable(path)
    return read


def _cut_offs(told: Mapping[str, Any]) -> CutOffs:
    scales = ("total", *DIFFICULTIES)
    return CutOffs(
        label=str(told["label"]),
        at_risk={scale: int(told[scale]["at_risk"]) for scale in scales},
        problem={scale: int(told[scale]["problem"]) for scale in scales},
        prosocial_has=int(told["prosocial"]["has"]),
    )


def _unusable(path: Path) -> ImportRefused:
    return ImportRefused(
        f"{path.name} is no usable table of SDQ keys and cut-offs: it needs [keys] with each of the items 1 to {ITEMS} once, "
        "and [self], [teacher] and [parent] with a label and every scale. Compare it with the one that is shipped.",
        th=f"ตาราง {path.name} ใช้เป็นเกณฑ์ SDQ ไม่ได้ ต้องมี [keys] ครบ {ITEMS} ข้อ และ [self] [teacher] [parent] ครบทุกด้าน",
        code="SDQ_TABLE",
    )

"""A signature says who answers for a bundle; what its files say is checked all the same, each with a sentence."""

import re
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import numpy.typing as npt
import pytest

from features.catalogue import CATALOGUE
from models.bundle import keep, read_bundle, write_bundle
from models.horizon import LIST_HORIZON
from models.risk_model import RiskModel, model_of
from models.tables import save_tables
from records.errors import ModelRefused
from tests.models.cards import BANDS, complete_card
from tests.models.hostile import CASES, GOOD
from tests.models.signing import TRAIN, TRAIN_TH, changed, refusal, resigned, said

FIRST = CATALOGUE[0].name


@pytest.fixture
def trained(tmp_path: Path, model: RiskModel) -> Path:
    folder = tmp_path / "trained"
    write_bundle(folder, model, complete_card(model.spread), "# บัตรแบบจำลอง\n", bonus=0.3)
    return folder


@pytest.fixture
def models(tmp_path: Path) -> Path:
    return tmp_path / "models"


SHARES = "a number between 0 and 1000"
WRONG = {
    "a slope of 0": ("calibration.json", {"slope": 0}, "calibration.json: slope must be above 0."),
    "a slope below 0": ("calibration.json", {"slope": -1.5}, f"calibration.json: slope must be {SHARES}."),
    "a slope as text": ("calibration.json", {"slope": "1"}, f"calibration.json: slope must be {SHARES}."),
    "a slope as yes": ("calibration.json", {"slope": True}, f"calibration.json: slope must be {SHARES}."),
    "an offset too far": ("calibration.json", {"offset": 1e6}, "calibration.json: offset must be a number between -1000 and 1000."),
    "a bonus below 0": ("calibration.json", {"bonus": -0.1}, f"calibration.json: bonus must be {SHARES}."),
    "a horizon nobody knows": ("manifest.json", {"horizon": "days_3000"}, "manifest.json has a horizon that this zerodrop does not know; it knows days_28, days_56, next_count."),
    "a horizon that is a number": ("manifest.json", {"horizon": 56}, "manifest.json: horizon must be a text."),
    "no features": ("manifest.json", {"features": []}, "manifest.json lists other features than the catalogue, or in another order."),
    "features as numbers": ("manifest.json", {"features": [1, 2]}, "manifest.json: features must be a list of texts."),
    "a version as text": ("manifest.json", {"schema_version": "2"}, "manifest.json: schema_version must be a whole number of 0 or more."),
    "hashes as a list": ("manifest.json", {"sha256": []}, "manifest.json: sha256 must be an object."),
    "no hashes": ("manifest.json", {"sha256": {}}, "manifest.json, sha256: model.txt must be a value."),
    "a fingerprint as null": ("manifest.json", {"catalogue_fingerprint": None}, "manifest.json: catalogue_fingerprint must be a text."),
    "no stability": ("card.json", {"stability": None}, "card.json: stability must be an object."),
    "no weight": ("card.json", {"stability": {"spread": dict.fromkeys((f.name for f in CATALOGUE), 0)}}, "card.json, stability: weight must be a value."),
    "spread of one feature": ("card.json", {"stability": {"spread": {FIRST: 1}, "weight": {}}}, "card.json, stability, spread does not have one number for each feature of the catalogue."),
    "spread below 0": ("card.json", {"stability": {"spread": dict.fromkeys((f.name for f in CATALOGUE), -1)}}, f"card.json, stability, spread: {FIRST} must be {SHARES}."),
    "two bands": ("card.json", {"bands": BANDS[:2]}, "card.json: bands must be high, watch, none."),
    "bands in disorder": ("card.json", {"bands": BANDS[::-1]}, "card.json: bands must be high, watch, none."),
    "bands that nobody judged": ("card.json", {"test_term": None}, "card.json: bands must be empty without a test term."),
    "bands as text": ("card.json", {"bands": ["high"]}, "card.json: bands must be a list of objects."),
    "a term as number": ("card.json", {"test_term": 1}, "card.json: test_term must be a text."),
    "more left than rows": ("card.json", {"bands": [{**BANDS[0], "left": 121}]}, "card.json, bands 0: more left than there were rows."),
    "half a row": ("card.json", {"bands": [{**BANDS[0], "rows": 0.5}]}, "card.json, bands 0: rows must be a whole number of 0 or more."),
    "a share above 1": ("card.json", {"bands": [{**BANDS[0], "high": 1.01}]}, "card.json, bands 0: high must be a number between 0.09 and 1."),
}  # fmt: skip


@pytest.mark.parametrize("wrong", WRONG)
def test_json_with_a_wrong_value_is_refused_whoever_signed_it(trained: Path, models: Path, wrong: str) -> None:
    name, values, sentence = WRONG[wrong]
    resigned(trained, name, changed(lambda held: held.update(values)))
    assert said(models, trained) == sentence + TRAIN


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b'{"slope": NaN, "offset": 0, "bonus": 0}', "calibration.json is no readable JSON."),
        (b'{"slope": 1e999, "offset": 0, "bonus": 0}', "calibration.json is no readable JSON."),
        (b'{"slope": 1, "slope": 2, "offset": 0, "bonus": 0}', "calibration.json is no readable JSON."),
        (b"[" * 100_000, "calibration.json is no readable JSON."),
        (b"\xff\xfe", "calibration.json is no readable JSON."),
        (b"[1]", "calibration.json is no JSON object."),
        (b"{}", "calibration.json: slope must be a value."),
    ],
)
def test_what_is_no_strict_json_is_refused(trained: Path, models: Path, content: bytes, sentence: str) -> None:
    resigned(trained, "calibration.json", lambda _: content)
    assert said(models, trained) == sentence + TRAIN


THAI = {
    "a slope of 0": "ค่า slope ของแบบจำลองนี้ต้องมากกว่า 0",
    "an offset too far": "ค่า offset ในแฟ้มของแบบจำลองนี้หายไปหรือไม่ถูกต้อง",
    "a horizon nobody knows": "แบบจำลองนี้ใช้ช่วงเวลาที่ zerodrop รุ่นนี้ไม่รู้จัก ที่รู้จักคือ days_28, days_56, next_count",
    "no features": "ตัวบ่งชี้ของแบบจำลองนี้ไม่ตรงกับชุดตัวบ่งชี้ที่ใช้อยู่ หรือเรียงลำดับต่างกัน",
    "bands in disorder": "ระดับการดูแลในบัตรของแบบจำลองนี้ไม่ครบ เกิน หรือสลับลำดับ",
    "more left than rows": "บัตรของแบบจำลองนี้มีผู้ออกมากกว่าจำนวนแถว",
}


@pytest.mark.parametrize("wrong", THAI)
def test_a_wrong_value_is_told_in_thai_too(trained: Path, models: Path, wrong: str) -> None:
    name, values, _ = WRONG[wrong]
    resigned(trained, name, changed(lambda held: held.update(values)))
    assert refusal(models, trained)[1] == THAI[wrong] + TRAIN_TH


def test_json_with_anything_changed_is_refused_or_read(trained: Path, models: Path) -> None:
    """Seeds are cases: a value anywhere in a JSON file becomes another, or is lost."""
    whole = {name: (trained / name).read_bytes() for name in ("manifest.json", "calibration.json", "card.json")}
    read = refused = 0
    for seed in range(CASES // 10):
        for name, content in whole.items():
            (trained / name).write_bytes(content)
        chance = Random(seed)
        name = chance.choice(sorted(whole))
        digest = resigned(trained, name, changed(lambda held, chance=chance: disturb(chance, held)))  # type: ignore[misc]
        (models / digest).parent.mkdir(exist_ok=True)
        trained.rename(models / digest)
        try:
            read_bundle(models, digest)
            read += 1
        except ModelRefused:
            refused += 1
        (models / digest).rename(trained)
    assert refused > read > 0


def disturb(chance: Random, held: Any) -> None:
    """One value somewhere inside replaced or taken away."""
    while True:
        key = chance.choice(list(held) if isinstance(held, dict) else range(len(held)))
        if not isinstance(held[key], dict | list) or not held[key] or chance.random() < 0.2:
            break
        held = held[key]
    if chance.random() < 0.3:
        del held[key]
    else:
        held[key] = chance.choice((None, True, 0, -1, 0.5, 1e308, 10**400, "", "days_56", [], {}, [[]], {"a": None}))


def test_trees_are_checked_whoever_signed_them(trained: Path, models: Path) -> None:
    resigned(trained, "model.txt", lambda content: content.replace(b"left_child=1", b"left_child=99999", 1))
    found = said(models, trained)
    said_of_tree = r"model\.txt\. The model text is damaged: tree \d+ has a number in left_child that is not between "
    assert re.match(said_of_tree, found)
    assert found.endswith(" Promote the trained bundle again, or train a new one.")


def test_tables_are_checked_whoever_signed_them(trained: Path, models: Path) -> None:
    resigned(trained, "tables.npz", lambda content: content[:-100])
    assert said(models, trained).startswith("tables.npz. The tables of the model are damaged: ")


def test_a_text_that_is_none_is_refused(trained: Path, models: Path) -> None:
    resigned(trained, "model.txt", lambda content: b"\xff" + content)
    assert said(models, trained) == "model.txt is no text." + TRAIN


def test_trees_over_features_in_another_order_are_refused(trained: Path, models: Path) -> None:
    first, second = (CATALOGUE[place].name.encode() for place in (0, 1))
    resigned(trained, "model.txt", lambda content: content.replace(first + b" " + second, second + b" " + first, 1))
    assert said(models, trained) == "model.txt has other features than the catalogue, or in another order." + TRAIN


def test_tables_over_another_number_of_features_are_refused(trained: Path, models: Path, model: RiskModel) -> None:
    save_tables(small(model).tables, trained / "tables.npz")
    resigned(trained, "tables.npz", lambda content: content)
    assert said(models, trained) == "tables.npz is for another number of features." + TRAIN


def small(model: RiskModel) -> RiskModel:
    """Another model, over three features."""
    return model_of(GOOD, CATALOGUE[:3], model.horizon, model.calibration)


# What a promotion proves


def test_tables_that_are_not_of_these_trees_are_not_kept(
    trained: Path, models: Path, model: RiskModel, members: list[str]
) -> None:
    save_tables(model_of(members[0], CATALOGUE, LIST_HORIZON, model.calibration).tables, trained / "tables.npz")
    digest = resigned(trained, "tables.npz", lambda content: content)
    with pytest.raises(ModelRefused) as refused:
        keep(trained, models)
    assert str(refused.value).startswith(f"Model {digest[:12]}: tables.npz is not what compiling model.txt gives (")
    english, thai = str(refused.value).split(" · ")
    assert english.endswith(" differs)." + TRAIN)
    assert thai.startswith("ตารางของแบบจำลองนี้ไม่ตรงกับที่คำนวณจาก model.txt (ต่างที่ ")
    assert list(models.iterdir()) == []


@pytest.mark.parametrize("name", ["table", "thresholds", "slot_feature", "base"])
def test_one_other_number_in_the_tables_is_not_kept(trained: Path, models: Path, model: RiskModel, name: str) -> None:
    held = model.tables
    other = {
        "table": lambda: replace(held, layout=held.layout._replace(table=moved(held.layout.table, 1e-6))),
        "thresholds": lambda: replace(held, binning=held.binning._replace(thresholds=moved(held.binning.thresholds, 1e-14))),
        "slot_feature": lambda: replace(held, layout=held.layout._replace(slot_feature=moved(held.layout.slot_feature, -1))),
        "base": lambda: replace(held, base=held.base + 1e-6),
    }  # fmt: skip
    write_bundle(trained, replace(model, tables=other[name]()), complete_card(), "", bonus=0)
    with pytest.raises(ModelRefused, match=rf"\({name} differs\)"):
        keep(trained, models)
    assert list(models.iterdir()) == []


def moved(array: npt.NDArray[Any], by: float) -> npt.NDArray[Any]:
    """With another second number: in a table that is no margin's, or the feature that a group explains first."""
    changed_array = array.copy()
    changed_array[1] += array.dtype.type(by)
    return changed_array


def test_another_processor_may_round_the_last_bit_otherwise(trained: Path, models: Path, model: RiskModel) -> None:
    table = model.tables.layout.table * (1 + 1e-15)
    near = replace(model, tables=replace(model.tables, layout=model.tables.layout._replace(table=table)))
    write_bundle(trained, near, complete_card(), "", bonus=0)
    assert read_bundle(models, keep(trained, models)).bonus == 0

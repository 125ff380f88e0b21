"""Models by command: one that must not be used is refused with a sentence; card, comparison, promotion, rollback."""

import hashlib
import json
import socket
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from features.catalogue import FINGERPRINT
from models.bundle import digest_of, keep, write_bundle
from models.risk_model import Calibration, RiskModel
from records import lists
from records.college import Institution
from records.home import open_home
from records.ledger import add_institution
from records.settings import Settings
from tests.functional.command_fixtures import (
    INSTITUTION,
    MODEL,
    SERVE,
    USAGE,
    Place,
    call,
    copy_home,
    make_place,
    query,
    refused,
)
from tests.models.cards import complete_card
from tests.models.one_split import one_split
from tests.training.drawn_card import draw_card
from tests.training.drawn_evidence import EVIDENCE, about
from training.checks import run_checks
from training.evidence import Evidence, Leak
from training.train import Trained

MONDAY = "2025-09-08"


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    return make_place(tmp_path_factory.mktemp("place"))


@pytest.fixture
def copied(place: Place, tmp_path: Path) -> Path:
    """A data home that a test may damage."""
    return copy_home(place.home, tmp_path)


def in_charge(home: Path, folder: Path, fingerprint: str) -> Path:
    """Put a bundle in charge that was signed and kept whole; returns its folder."""
    write_bundle(folder, small_model(fingerprint), complete_card(), "card", bonus=0.0)
    return promoted(home, folder)


def small_model(fingerprint: str) -> RiskModel:
    """One tree of one split, over the real catalogue, said to be made for the catalogue of this fingerprint."""
    return replace(one_split("missed_share_28d", above=0.25), catalogue_fingerprint=fingerprint)


def promoted(home: Path, folder: Path) -> Path:
    opened = open_home(Settings(home=home))
    digest = keep(folder, opened.models)
    lists.promote(opened.database, institution="*", model_digest=digest, signed_by="ก", reason="ข")
    opened.close()
    return home / "models" / digest


def test_a_model_of_another_catalogue(copied: Path, tmp_path: Path) -> None:
    kept = in_charge(copied, tmp_path / "bundle", "0" * 64)
    said = call("score", "--as-of", MONDAY, "--home", copied)
    sentence = (
        f"Model {kept.name[:12]} was made for another feature catalogue (000000000000, this one is {FINGERPRINT[:12]}). "
        "Train a new model with `zerodrop train`, or go back to that version of the code."
    )
    refused(said, code=MODEL, sentence=sentence)
    assert query(copied, "select * from publication") == []


def test_a_manifest_of_another_catalogue_that_hashes_well(copied: Path, tmp_path: Path) -> None:
    folder = tmp_path / "bundle"
    whole = write_bundle(folder, small_model(FINGERPRINT), complete_card(), "card", bonus=0.0)
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    manifest["catalogue_fingerprint"] = hashlib.sha256(b"another").hexdigest()
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    assert digest_of(folder) != whole
    promoted(copied, folder)
    said = call("score", "--as-of", MONDAY, "--home", copied)
    assert said.code == MODEL
    assert "was made for another feature catalogue" in said.err


@pytest.mark.parametrize("name", ["model.txt", "tables.npz", "linear.json", "calibration.json", "card.json", "card.md"])
def test_a_changed_byte_in_a_promoted_bundle(copied: Path, tmp_path: Path, name: str) -> None:
    kept = in_charge(copied, tmp_path / "bundle", FINGERPRINT)
    content = (kept / name).read_bytes()
    (kept / name).write_bytes(bytes([content[0] ^ 1]) + content[1:])
    said = call("score", "--as-of", MONDAY, "--home", copied)
    sentence = f"Model {kept.name[:12]}: {name} is missing or was changed after signing. Promote it again."
    refused(said, code=MODEL, sentence=sentence)


def test_a_changed_manifest(copied: Path, tmp_path: Path) -> None:
    kept = in_charge(copied, tmp_path / "bundle", FINGERPRINT)
    with (kept / "manifest.json").open("a") as manifest:
        manifest.write("\n")
    said = call("score", "--as-of", MONDAY, "--home", copied)
    sentence = f"Model {kept.name[:12]}: its manifest was changed after signing. Promote it again."
    refused(said, code=MODEL, sentence=sentence)


def test_a_promoted_bundle_that_is_gone(copied: Path, tmp_path: Path) -> None:
    kept = in_charge(copied, tmp_path / "bundle", FINGERPRINT)
    kept.rename(tmp_path / "away")
    said = call("score", "--as-of", MONDAY, "--home", copied)
    sentence = f"There is no model {kept.name[:12]} in {kept.parent}. Promote it again with `zerodrop promote`."
    refused(said, code=MODEL, sentence=sentence)


# The way from a trained model to a list


SIGNED = ("--signed-by", "ครูมาลี ตัวอย่าง", "--reason", "เทียบแล้ว")
HERE = replace(EVIDENCE, institutions=(replace(EVIDENCE.institutions[0], institution=INSTITUTION),))
"""As EVIDENCE, of the institution of this home."""


def kept(home: Path, folder: Path, *, offset: float = 0.0, evidence: Evidence = HERE) -> str:
    """A model that this home keeps but that nobody put in charge; another `offset` makes another digest."""
    model = one_split("missed_share_28d", above=0.25, calibration=Calibration(offset=offset))
    write_bundle(folder / f"trained {offset}", model, draw_card(evidence), "card", bonus=0.0)
    return keep(folder / f"trained {offset}", home / "models")


def test_a_card_is_shown_with_who_signed(copied: Path, tmp_path: Path) -> None:
    digest = kept(copied, tmp_path)
    before = call("card", digest[:8], "--home", copied)
    assert before.code == 0
    assert "ยังไม่มีผู้ลงนาม" in before.out
    assert call("promote", digest[:8], *SIGNED, "--home", copied).code == 0
    after = call("card", digest[:8], "--home", copied)
    assert "ครูมาลี ตัวอย่าง" in after.out
    assert after.out.rstrip().endswith(digest)


def test_a_card_is_written_as_a_page(copied: Path, tmp_path: Path) -> None:
    digest = kept(copied, tmp_path)
    said = call("card", digest, "--html", tmp_path / "card.html", "--home", copied)
    assert said.code == 0
    assert str(tmp_path / "card.html") in said.out
    assert (tmp_path / "card.html").read_text(encoding="utf-8").startswith("<!doctype html>")
    told = call("card", digest, "--json", "--home", copied).document
    assert told["digest"] == digest
    assert told["card"]["evidence"]["horizon"] == "days_56"


def test_a_card_is_not_written_where_nothing_can_be(copied: Path, tmp_path: Path) -> None:
    digest = kept(copied, tmp_path)
    said = call("card", digest, "--html", tmp_path / "none" / "card.html", "--home", copied)
    assert said.code == USAGE
    assert "There is no folder" in said.err


def test_a_comparison_shows_numbers_and_class_groups_and_no_name(place: Place, copied: Path, tmp_path: Path) -> None:
    digest = kept(copied, tmp_path)
    said = call("compare", digest[:8], "--as-of", "2025-07-07", "--home", copied)
    assert said.code == 0, said.err
    assert "the absence rule" in said.out
    assert "would" in said.out
    assert "cannot be promoted here" not in said.out
    assert not [word for word in place.files.personal() if word in said.everything]
    told = call("compare", digest, "--as-of", "2025-07-07", "--home", copied, "--json").document
    assert told["then"] == digest
    assert told["now"] == "absence_rule"
    assert told["listed_then"] == told["staying"] + len(told["enters"])
    assert query(copied, "select count(*) from audit where detail like '%compare models%'") == [(2,)]


@pytest.mark.parametrize(
    ("evidence", "sentence"),
    [
        (EVIDENCE, "its card does not name this place, so it cannot be promoted here"),
        (
            replace(HERE, institutions=(replace(HERE.institutions[0], chosen="absences_28d"),)),
            "here its card chose absences of the last four weeks, so it cannot be promoted here",
        ),
    ],
)
def test_a_comparison_says_where_the_model_cannot_be_promoted(
    copied: Path, tmp_path: Path, evidence: Evidence, sentence: str
) -> None:
    digest = kept(copied, tmp_path, evidence=evidence)
    assert sentence in call("compare", digest, "--as-of", "2025-07-07", "--home", copied).out
    assert call("promote", digest, *SIGNED, "--home", copied).code == MODEL


def test_a_promotion_for_all_says_that_it_reaches_places_that_are_added_later(copied: Path, tmp_path: Path) -> None:
    digest = kept(copied, tmp_path)
    said = "An institution that is added later follows, though the card does not speak for it."
    assert said in call("promote", digest, *SIGNED, "--home", copied).out
    assert said not in call("promote", digest, "--institution", INSTITUTION, *SIGNED, "--home", copied).out
    assert said not in call("promote", "absence_rule", *SIGNED, "--home", copied).out


def test_a_promotion_for_all_names_the_places_that_it_leaves_out(copied: Path, tmp_path: Path) -> None:
    opened = open_home(Settings(home=copied))
    add_institution(opened.database, Institution(code="new", name_th="ใหม่", name_en="New"))
    opened.close()
    said = call("promote", kept(copied, tmp_path), *SIGNED, "--home", copied)
    assert "ยกเว้น new: รายชื่อตามการขาดเรียน รับหน้าที่ เพราะบัตรไม่ได้เลือกแบบจำลองนี้ที่นั่น" in said.out
    assert "Except at new: The absence rule is in charge, since the card did not choose the model there." in said.out
    assert query(copied, "select institution, signed_by from promotion order by id") == [
        ("new", SIGNED[1]), ("*", SIGNED[1])
    ]  # fmt: skip


def changed_manifest(home: Path, digest: str) -> None:
    with (home / "models" / digest / "manifest.json").open("a") as manifest:
        manifest.write("\n")


def looks(home: Path) -> int:
    """How often this home's log was opened to compare models."""
    [(count,)] = query(home, "select count(*) from audit where detail like '%compare models%'")
    return int(count)


def test_a_comparison_with_a_changed_model_is_refused_before_anybody_is_looked_at(copied: Path, tmp_path: Path) -> None:
    digest = kept(copied, tmp_path)
    changed_manifest(copied, digest)
    said = call("compare", digest[:8], "--as-of", "2025-07-07", "--home", copied)
    sentence = f"Model {digest[:12]}: its manifest was changed after signing. Promote it again."
    refused(said, code=MODEL, sentence=sentence)
    assert "แฟ้ม manifest.json ถูกแก้ไขหลังลงนาม ให้รับหน้าที่อีกครั้งด้วย zerodrop promote" in said.err
    assert looks(copied) == 0


def test_a_comparison_that_the_model_in_charge_refuses_looks_at_nobody_either(copied: Path, tmp_path: Path) -> None:
    held, new = kept(copied, tmp_path), kept(copied, tmp_path, offset=0.5)
    assert call("promote", held, *SIGNED, "--home", copied).code == 0
    changed_manifest(copied, held)
    said = call("compare", new[:8], "--as-of", "2025-07-07", "--home", copied)
    sentence = f"Model {held[:12]}: its manifest was changed after signing. Promote it again."
    refused(said, code=MODEL, sentence=sentence)
    assert looks(copied) == 0


@pytest.mark.parametrize(
    ("command", "named", "words"),
    [("card", "digest", ()), ("compare", "then", ("--as-of", "2025-07-07")), ("promote", "digest", SIGNED)],
)
def test_a_digest_is_taken_however_it_was_pasted(
    copied: Path, tmp_path: Path, command: str, named: str, words: tuple[str, ...]
) -> None:
    digest = kept(copied, tmp_path)
    said = call(command, f"  {digest[:16].upper()} \n", *words, "--json", "--home", copied)
    assert said.code == 0, said.err
    assert said.document[named] == digest


def test_what_was_promoted_as_pasted_is_taken_back_like_any_other(copied: Path, tmp_path: Path) -> None:
    digest = kept(copied, tmp_path)
    for pasted in (f"\t{digest.upper()}", " Absence_Rule "):
        assert call("promote", pasted, *SIGNED, "--home", copied).code == 0
    assert query(copied, "select model_digest from promotion order by id") == [(digest,), ("absence_rule",)]
    told = call("rollback", *SIGNED, "--json", "--home", copied).document
    assert (told["digest"], told["instead_of"]) == (digest, "absence_rule")


@pytest.fixture
def blocked(monkeypatch: pytest.MonkeyPatch) -> Trained:
    """What was learned is drawn: its checks are real, and two of those that block failed."""
    leak = Leak(probe="identity", feature="gpa_last", strength=0.93)
    gain = replace(EVIDENCE.gains[0], per_week=about(0.1, 0.5))
    trained = Trained(
        digest="ab" * 32, card={}, card_text="# บัตรแบบจำลอง", model=one_split("missed_share_28d", above=0.25), tested=(),
        judged=None, checks=run_checks(replace(EVIDENCE, leaks=(leak,), gain=gain)), sample=np.zeros((0, 0), np.float32),
        run_id="1",
    )  # fmt: skip
    monkeypatch.setattr("training.train.train", lambda *_, **__: trained)
    return trained


def test_a_training_says_which_checks_keep_the_model_from_being_put_in_charge(place: Place, blocked: Trained) -> None:
    told = call("train", "--json", "--home", place.home).document
    assert (told["digest"], told["blocked_by"]) == (blocked.digest, ["TR203", "TR301"])
    said = call("train", "--home", place.home)
    assert said.code == 0
    assert said.out.splitlines() == [
        "# บัตรแบบจำลอง",
        f"Model {blocked.digest}",
        "แบบจำลองนี้ยังรับหน้าที่ไม่ได้ เพราะไม่ผ่าน TR203, TR301 รายชื่อที่ใช้อยู่ยังคงเดิม · "
        "This model cannot be put in charge: TR203, TR301 failed. The list in use stays as it is.",
    ]
    assert "zerodrop promote" not in said.out


def test_a_failed_blocking_check_refuses_with_its_code(copied: Path, tmp_path: Path) -> None:
    leak = Leak(probe="identity", feature="gpa_last", strength=0.93)
    digest = kept(copied, tmp_path, evidence=replace(HERE, leaks=(leak,)))
    said = call("promote", digest, *SIGNED, "--home", copied)
    assert said.code == MODEL
    assert "\nTR203 " in said.err
    assert said.out == ""
    assert query(copied, "select * from promotion") == []


def test_a_promotion_that_mlflow_could_not_be_told_of_is_no_refusal(
    copied: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    digest = kept(copied, tmp_path)
    (copied / "mlflow").mkdir(exist_ok=True)
    monkeypatch.setattr("training.tracking.point_aliases", _unreachable)
    said = call("promote", digest, *SIGNED, "--home", copied)
    assert said.code == 0
    assert "ลงนามแล้วและมีผลแล้ว แต่ยังแจ้ง MLflow ไม่ได้" in said.out
    assert "It is signed and holds. MLflow could not be told, so `champion` there is still the one before" in said.out
    assert call("rollback", *SIGNED, "--json", "--home", copied).document["mlflow_waits"] is True


def _unreachable(home: object) -> None:
    raise ConnectionError


def test_a_rollback_is_signed_recorded_and_says_what_holds(copied: Path, tmp_path: Path) -> None:
    first, second = kept(copied, tmp_path), kept(copied, tmp_path, offset=0.5)
    for digest in (first, second):
        assert call("promote", digest, *SIGNED, "--home", copied).code == 0
    said = call("rollback", *SIGNED, "--home", copied)
    assert f"Model {first[:12]} is in charge of every institution from the next" in said.out
    told = call("rollback", *SIGNED, "--home", copied, "--json").document
    assert told == {
        "digest": "absence_rule", "instead_of": first, "institution": "*", "decided_apart": {}, "mlflow_waits": False,
    }  # fmt: skip
    assert query(copied, "select model_digest from promotion order by id") == [
        (first,), (second,), (first,), ("absence_rule",)
    ]  # fmt: skip
    assert query(copied, "select promotion_id, undoes from rollback order by promotion_id") == [(3, 2), (4, 1)]
    refused(
        call("rollback", *SIGNED, "--home", copied),
        code=MODEL,
        sentence="No promotion for every institution is left to take back. Decide anew with `zerodrop promote`.",
    )


def test_mlflow_is_not_shown_on_a_port_that_is_taken(copied: Path) -> None:
    """Whoever answers there is not it: no address is said."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        said = call("mlflow", "ui", "--port", port, "--home", copied)
    sentence = f"Port {port} of this machine is taken or not for this account. Take another with --port."
    refused(said, code=SERVE, sentence=sentence)


@pytest.mark.parametrize("command", [("card",), ("compare",), ("promote", *SIGNED), ("rollback", *SIGNED), ("train",)])
def test_a_damaged_file_of_the_runs_is_named_before_anything_is_done(copied: Path, command: tuple[str, ...]) -> None:
    path = copied / "mlflow" / "mlflow.db"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(b"no database at all " * 100)
    said = call(*command, "--home", copied)
    sentence = (
        f"{path}, which lists the trained models, is damaged. Restore it from a backup, or move it away: the runs of "
        "before are then not listed any more, and promoted models go on serving."
    )
    refused(said, code=USAGE, sentence=sentence)
    assert f"แฟ้ม {path} ซึ่งเก็บรายการแบบจำลองที่ฝึกไว้ เสียหาย กู้จากข้อมูลสำรอง หรือย้ายแฟ้มนี้ออกไป" in said.err
    assert query(copied, "select * from promotion") == []


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.5", "college.example"])
def test_mlflow_is_shown_on_no_other_host(copied: Path, host: str) -> None:
    said = call("mlflow", "ui", "--host", host, "--home", copied)
    assert said.code == SERVE
    assert f"{host} is not this machine. MLflow's pages have no sign-in" in said.err
    assert said.out == ""

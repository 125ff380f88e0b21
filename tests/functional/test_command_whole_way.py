"""From an empty set-up workbook to a published list by the real command, once, on a small simulated college."""

import json
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from features.catalogue import CATALOGUE
from features.vocabulary import Domain
from tests.functional.command_fixtures import (
    EVERY_CHECK,
    FEW_TREES,
    INSTITUTION,
    Files,
    Said,
    call,
    key_of,
    make_files,
    query,
    run,
    tables_of,
)

MARK = "มาร์กเกอร์ลับ"
MARKED_CODE = "68999999999"
MARKED_NUMBER = "9876543219876"
BAD_ROWS = f"""รหัสนักศึกษา,เลขประจำตัวประชาชน,ชื่อ,กลุ่มเรียน,วันที่,คาบ,สถานะ
{MARKED_CODE},{MARKED_NUMBER},{MARK},ปวช.1/1,18/08/2568,ทั้งวัน,มา
{MARKED_CODE},{MARKED_NUMBER},{MARK},ปวช.1/1,{MARK},ทั้งวัน,{MARK}
{MARKED_CODE},{MARKED_NUMBER},{MARK},ปวช.1/1,18/08/2568,ทั้งวัน,มา,{MARK}
"""


@dataclass(frozen=True, kw_only=True)
class Way:
    """What every step said, and the database's tables after some of them."""

    home: Path
    files: Files
    steps: dict[str, Said] = field(default_factory=dict)
    tables: dict[str, list[str]] = field(default_factory=dict)

    def go(self, step: str, command: str, *words: str | Path) -> None:
        self.steps[step] = call(command, *words, "--home", self.home)

    def alone(self, step: str, command: str, *words: str | Path, code: str = FEW_TREES) -> None:
        """In a process of its own: MLflow warns of its own libraries, and every warning is an error here."""
        self.steps[step] = run(command, *words, "--home", self.home, code=code)

    def took(self, step: str, files: list[Path], *words: str) -> None:
        for file in files:
            self.go(f"{step} {file.parent.name}/{file.name}", "import", file, "--json", *words)

    def photograph(self, moment: str) -> None:
        self.tables[moment] = tables_of(self.home)


def sunday_before(monday: date) -> str:
    return f"{monday - timedelta(days=1)}T20:00"


@pytest.fixture(scope="module")
def way(tmp_path_factory: pytest.TempPathFactory) -> Way:
    folder = tmp_path_factory.mktemp("way")
    way = Way(home=folder / "var", files=make_files(folder / "files", students=300, years=3))
    *earlier, monday, last = way.files.mondays
    way.steps["template"] = call("init", "--template", folder / "empty.xlsx", "--json")
    way.go("init", "init", "--from", way.files.workbook, "--json")
    way.go("check before", "check", "--json")
    way.took("history", way.files.history, "--history")
    for week in (*earlier, monday):
        way.took("week", way.files.week(week), "--received-at", sunday_before(week))
    way.go("check after", "check", "--json")
    _publish(way, monday)
    way.took("late", way.files.week(last), "--received-at", sunday_before(last))
    bad = folder / "bad.csv"
    bad.write_text(BAD_ROWS, encoding="utf-8")
    way.go("bad text", "import", bad, "--received-at", sunday_before(last))
    way.go("bad json", "import", bad, "--received-at", sunday_before(last), "--json")
    way.photograph("before the late file counts")
    way.go("the same week after a late file", "score", "--as-of", str(monday), "--json")
    way.photograph("after the late file")
    way.go("the next week", "score", "--as-of", str(last))
    way.go("replay", "replay", "--as-of", str(monday), "--out", folder / "replay.parquet", "--json")
    way.go("replay text", "replay", "--as-of", str(monday))
    way.alone("train with every check", "train", "--as-of", str(monday), "--json", code=EVERY_CHECK)
    return way


def _publish(way: Way, monday: date) -> None:
    """The week's list by rule, then by a model that a person signed for."""
    way.go("rule list", "score", "--as-of", str(monday), "--json")
    way.photograph("rule list")
    way.go("rule list again", "score", "--as-of", str(monday))
    way.photograph("rule list again")
    way.alone("train", "train", "--as-of", str(monday), "--json")
    way.alone("promote", "promote", "--signed-by", "ครูใหญ่", "--reason", "ทดลอง", "--json")
    way.go("model list", "score", "--as-of", str(monday), "--json")
    way.photograph("model list")
    way.go("model list again", "score", "--as-of", str(monday), "--json")
    way.photograph("model list again")
    way.go("back to the rule", "promote", "absence_rule", "--signed-by", "ครูใหญ่", "--reason", "ทดลอง")
    way.go("rule list restored", "score", "--as-of", str(monday))
    way.alone("promote again", "promote", "--signed-by", "ครูใหญ่", "--reason", "ทดลองอีกครั้ง")
    way.go("model list restored", "score", "--as-of", str(monday))


def test_every_step_ends_well_but_for_the_check_of_an_empty_home(way: Way) -> None:
    ends = {step: said.code for step, said in way.steps.items() if said.code}
    assert ends == {"check before": 1}


def test_the_template_can_be_filled_in_and_given_back(way: Way, tmp_path: Path) -> None:
    assert Path(way.steps["template"].document["template"]).is_file()
    said = call("init", "--from", way.steps["template"].document["template"], "--home", tmp_path / "var")
    assert said.code == 0
    assert "1320026101" in said.out
    assert "open /activate, type login + code, choose a password:\n  kru.malee: " in said.out
    assert f"the key, to be backed up apart from the data: {key_of(tmp_path / 'var')}" in said.out


def test_a_filled_workbook_is_never_replaced_by_the_template(way: Way) -> None:
    filled = way.files.workbook
    before = filled.read_bytes()
    said = call("init", "--template", filled)
    assert said.code == 2
    assert said.err.startswith(f"{filled} exists already and is not replaced. Choose another name, or move it away. · ")
    assert filled.read_bytes() == before


def test_init_opens_an_account_for_everybody_in_the_workbook(way: Way) -> None:
    told = way.steps["init"].document
    assert told["institution"] == INSTITUTION
    assert set(told["accounts"]) >= {"advisor01", "committee", "director", "analyst", "admin"}
    assert len(set(told["accounts"].values())) == len(told["accounts"])


def test_check_names_the_gaps_and_what_they_cost(way: Way) -> None:
    before = {gap["what"]: gap for gap in way.steps["check before"].document}
    assert before["roster"] == {"what": "roster", "costs": "no weekly list", "blocking": True}
    assert not before["attendance"]["blocking"]
    assert way.steps["check after"].document == []
    assert call("check", "--home", way.home).out == "Nothing is missing. ครบแล้ว\n"


def test_every_row_of_every_file_is_accounted_for(way: Way) -> None:
    reports = [said.document[0] for step, said in way.steps.items() if step.startswith(("history", "week", "late"))]
    assert len(reports) > 40
    for report in reports:
        assert report["rows"] == report["accepted"] + report["known"] + report["quarantined"]
        assert report["quarantined"] == 0
    assert any(report["known"] for report in reports), "a weekly file repeats the weeks before it"


def test_before_any_model_there_is_a_rule_list_without_a_probability(way: Way) -> None:
    told = way.steps["rule list"].document
    assert told["outcome"] == "published"
    assert told["model"] == "absence_rule"
    assert told["students"] > 250
    assert 0 < told["high"] + told["watch"] < told["students"]
    probabilities = query(
        way.home,
        "select distinct probability from list_entry where publication_id in "
        "(select id from publication where model_digest = 'absence_rule')",
    )
    assert probabilities == [(None,)]
    said = way.steps["rule list again"].out
    assert "the absence rule is in charge, without a probability" in said
    assert "รายชื่อตามการขาดเรียนรับหน้าที่" in said


@pytest.mark.parametrize("first", ["rule list", "model list"])
def test_scoring_again_changes_nothing(way: Way, first: str) -> None:
    assert way.tables[first] == way.tables[f"{first} again"]


def test_scoring_again_says_so(way: Way) -> None:
    assert "same: published already, nothing changed" in way.steps["rule list again"].out
    assert "รายชื่อนี้เผยแพร่อยู่แล้ว ไม่มีอะไรเปลี่ยน" in way.steps["rule list again"].out
    again = way.steps["model list again"].document
    assert again == {**way.steps["model list"].document, "outcome": "same"}


def test_a_signed_model_makes_the_next_list(way: Way) -> None:
    digest = way.steps["train"].document["digest"]
    assert way.steps["train"].document["blocked_by"] == []
    assert way.steps["promote"].document == {
        "digest": digest, "institution": "*", "decided_apart": {}, "mlflow_waits": False,
    }  # fmt: skip
    told = way.steps["model list"].document
    assert told["outcome"] == "published"
    assert told["model"] == digest
    asked = "select count(*), count(probability) from list_entry where publication_id = ?"
    scored = query(way.home, asked, told["publication"].replace("-", ""))
    assert scored == [(told["students"], told["students"])]


def test_a_training_names_the_checks_that_keep_its_model_from_being_put_in_charge(way: Way) -> None:
    """Some leavers of two terms prove nothing."""
    told = way.steps["train with every check"].document
    assert told["blocked_by"]
    assert told["blocked_by"] == [one["code"] for one in told["card"]["checks"] if one["section"] == "blocking"]


def test_the_rule_list_can_be_taken_back_into_charge(way: Way) -> None:
    assert "The absence rule is in charge of every institution" in way.steps["back to the rule"].out
    assert "restored: an earlier list is current again" in way.steps["rule list restored"].out
    assert "แบบจำลอง" in way.steps["promote again"].out
    assert "in charge of every institution from the next `zerodrop score` on" in way.steps["promote again"].out
    assert "restored: an earlier list is current again" in way.steps["model list restored"].out


def test_a_late_file_does_not_change_a_list_of_the_past(way: Way) -> None:
    late = [said.document[0]["accepted"] for step, said in way.steps.items() if step.startswith("late")]
    assert sum(late) > 0
    assert way.steps["the same week after a late file"].document["outcome"] == "same"
    before, after = (way.tables[moment] for moment in ("before the late file counts", "after the late file"))
    heads = (
        'INSERT INTO "publication"'  # of the list alone which batches it has seen: the same content from newer records
    )
    assert [line for line in before if not line.startswith(heads)] == [
        line for line in after if not line.startswith(heads)
    ]
    assert "published; list of 2025-09-08" in way.steps["the next week"].out


def test_replay_writes_the_catalogue_as_parquet(way: Way) -> None:
    told = way.steps["replay"].document
    table = pq.read_table(told["out"])
    complete = {f"completeness_{domain.value}" for domain in Domain}
    assert set(table.column_names) == {"student", "class_group", *(feature.name for feature in CATALOGUE), *complete}
    assert table.num_rows == told["students"] == way.steps["model list"].document["students"]
    assert f"{told['students']} students as of 2025-09-01" in way.steps["replay text"].out


def test_a_json_document_stands_alone_on_standard_output(way: Way) -> None:
    """`simulate` is asked in test_command_help.py; `serve` and `demo` have no --json."""
    asked = ("template", "init", "check before", "check after", "rule list", "train", "promote", "replay", "bad json")
    for step in asked:
        assert way.steps[step].out.count("\n") == 1
        assert json.loads(way.steps[step].out) is not None
        assert way.steps[step].err == "", step


def test_bad_rows_are_counted_by_reason_and_line_and_say_what_to_do(way: Way) -> None:
    report = way.steps["bad json"].document[0]
    assert report["quarantined"] == 3
    assert report["lines"] == {"BAD_DATE": [3], "UNKNOWN_CODE": [3], "UNKNOWN_STUDENT": [2], "RAGGED_ROW": [4]}
    assert report["reasons"] == {"BAD_DATE": 1, "UNKNOWN_CODE": 1, "UNKNOWN_STUDENT": 1, "RAGGED_ROW": 1}
    said = way.steps["bad text"].out
    assert "อ่าน 3 แถว รับเข้า 0 ทราบอยู่แล้ว 0 กักไว้ 3 ไม่ใช่ข้อมูล 0" in said
    assert "zerodrop quarantine export" in said
    assert "export the rows in quarantine, mend them, and retry" in said


def test_nobody_is_named_on_either_stream_or_in_a_log(way: Way) -> None:
    everything = "\n".join(said.everything for said in way.steps.values())
    for marked in (MARK, MARKED_CODE, MARKED_NUMBER, *way.files.personal()):
        assert marked not in everything


def test_nobody_is_named_in_what_analysts_and_the_ledger_keep(way: Way) -> None:
    numbers = [marked for marked in way.files.personal() if marked.isdigit()]  # staff share the invented surnames
    personal = [marked.encode() for marked in (MARK, MARKED_CODE, MARKED_NUMBER, *numbers)]
    for file in way.home.rglob("*"):
        if file.is_file() and file.suffix != ".parquet":
            kept = file.read_bytes()
            assert not [marked for marked in personal if marked in kept], file.relative_to(way.home)

"""Models and scores: which is in charge, the figures of its card, and rows scored exactly and kept nowhere."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sqlalchemy import select

from features.catalogue import CATALOGUE
from models.bundle import read_bundle
from models.risk_model import probability
from records import lists, promotions
from records.audit import AuditRow
from records.lists import EVERY_INSTITUTION, RULE_LIST
from tests.browser.sample_college import INSTITUTION, SampleCollege
from tests.functional.api_programs import program, promoted_model
from tests.models.cards import complete_card

V1 = "/api/v1"


def test_rows_are_scored_as_the_model_scores_them(college: SampleCollege, tmp_path: Path) -> None:
    digest = promoted_model(college, tmp_path)
    rows: list[dict[str, Any]] = [{"missed_run_now": 6}, {"missed_run_now": 1, "gpa_previous_term": None}, {}]
    answer = program(college, "SCORE").post(f"{V1}/score", json={"rows": rows})
    assert answer.status_code == 200
    told = answer.json()
    values = np.full((3, len(CATALOGUE)), np.nan)
    place = [feature.name for feature in CATALOGUE].index("missed_run_now")
    values[:2, place] = 6, 1
    logits = read_bundle(college.home.models, digest).model.logits(values)
    assert [row["logit"] for row in told["rows"]] == pytest.approx(logits.tolist(), abs=1e-6)
    assert [row["probability"] for row in told["rows"]] == pytest.approx(probability(logits).tolist(), abs=1e-6)
    for row in told["rows"]:
        assert told["base"] + sum(row["contributions"].values()) == pytest.approx(row["logit"], abs=1e-5)
        assert sum(row["domains"].values()) == pytest.approx(sum(row["contributions"].values()), abs=1e-5)
        assert row["band"] is None
    assert list(told["rows"][0]["contributions"]) == ["missed_run_now"]
    assert (told["rows"][2]["known_part"], told["rows"][2]["abstains"]) == (0.0, True)
    assert (told["model"], told["horizon"]) == (digest, "days_56")


@pytest.mark.sqlite_files
def test_nothing_of_a_row_is_kept(college: SampleCollege, tmp_path: Path) -> None:
    promoted_model(college, tmp_path)
    program(college, "SCORE").post(f"{V1}/score", json={"rows": [{"missed_run_now": 6.06251239713}]})
    with college.home.database.read() as session:
        [look] = session.scalars(select(AuditRow).where(AuditRow.action == "score rows")).all()
    assert (look.detail, look.student_id) == ({"rows": 1}, None)
    kept = b"".join(file.read_bytes() for file in college.home.settings.home.glob("*.db*"))
    assert b"6.062512397" not in kept  # so many figures that no moment of the clock has them


@pytest.mark.parametrize(
    ("rows", "at"),
    [
        ([], "body.rows"),
        ([{}] * 501, "body.rows"),
        ([{"1819900000001": 1}], "body"),
        ([{"missed_run_now": "๖"}], "body.rows.0.missed_run_now"),
        ([{"missed_run_now": 1e300}], "body.rows.0.missed_run_now"),
    ],
)
def test_rows_that_are_no_feature_rows_are_refused(
    college: SampleCollege, tmp_path: Path, rows: list[Any], at: str
) -> None:
    answer = program(college, "SCORE").post(f"{V1}/score", json={"rows": rows})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["at"] == at
    assert "1819900000001" not in answer.text


def test_numbers_that_json_does_not_have_are_refused(college: SampleCollege) -> None:
    headers = {"Content-Type": "application/json"}
    for word in ("NaN", "Infinity", "-Infinity"):
        content = f'{{"rows": [{{"missed_run_now": {word}}}]}}'
        assert program(college, "SCORE").post(f"{V1}/score", content=content, headers=headers).status_code == 422


def test_without_a_model_nothing_is_scored(college: SampleCollege) -> None:
    answer = program(college, "SCORE").post(f"{V1}/score", json={"rows": [{}]})
    assert (answer.status_code, answer.json()["errors"]) == (409, [{"at": "body", "why": "the_rule_list_is_in_charge"}])


def test_a_model_that_was_changed_scores_nothing(college: SampleCollege, tmp_path: Path) -> None:
    digest = promoted_model(college, tmp_path)
    file = college.home.models / digest / "calibration.json"
    file.write_text(file.read_text().replace("1.0", "1.1", 1))
    answer = program(college, "SCORE").post(f"{V1}/score", json={"rows": [{}]})
    assert (answer.status_code, answer.json()["errors"][0]["why"]) == (409, "the_model_cannot_be_read")


def test_who_may_not_score_does_not(college: SampleCollege) -> None:
    assert program(college, "SEE_MODELS").post(f"{V1}/score", json={"rows": [{}]}).status_code == 403
    elsewhere = {"rows": [{}], "institution": "9999999999"}
    assert program(college, "SCORE").post(f"{V1}/score", json=elsewhere).status_code == 403


def test_who_asks_too_often_waits(college: SampleCollege, tmp_path: Path) -> None:
    promoted_model(college, tmp_path)
    machine = program(college, "SCORE")
    answers = [machine.post(f"{V1}/score", json={"rows": [{}]}) for _ in range(80)]
    refused = [answer for answer in answers if answer.status_code == 429]
    assert {answer.status_code for answer in answers[:60]} == {200}
    assert refused
    assert 1 <= int(refused[0].headers["retry-after"]) <= 60
    assert refused[0].headers["content-type"] == "application/problem+json"


def test_the_model_in_charge_and_who_signed_it(college: SampleCollege, tmp_path: Path) -> None:
    machine = program(college, "SEE_MODELS")
    by_rule = machine.get(f"{V1}/models/current").json()
    assert (by_rule["digest"], by_rule["signed_by"], by_rule["observed"]) == (RULE_LIST, None, [])
    digest = promoted_model(college, tmp_path)
    told = machine.get(f"{V1}/models/current").json()
    assert (told["digest"], told["signed_by"], told["reason"]) == (digest, "ครูทดสอบ", "ทดสอบ")
    assert told["observed"][0] == {"band": "high", "term": "1/2568", "rate": 0.1417, "low": 0.09, "high": 0.21}
    assert told["features"] == [feature.name for feature in CATALOGUE]


def test_where_a_college_follows_the_others_who_signed_for_all_is_told(college: SampleCollege, tmp_path: Path) -> None:
    """It took back its only decision: the one for every institution holds there again."""
    promoted_model(college, tmp_path)
    database = college.home.database
    lists.promote(
        database, institution=EVERY_INSTITUTION, model_digest=RULE_LIST, signed_by="ครูของทุกแห่ง", reason="ทดสอบ"
    )
    with database.read() as session:
        held, before = promotions.before(session, INSTITUTION)
    promotions.roll_back(
        database, institution=INSTITUTION, undoes=held.id, in_charge_again=before, signed_by="ครูทดสอบ", reason="ถอน"
    )
    told = program(college, "SEE_MODELS").get(f"{V1}/models/current").json()
    assert (told["digest"], told["signed_by"]) == (RULE_LIST, "ครูของทุกแห่ง")


def test_the_figures_are_those_that_were_signed(college: SampleCollege, tmp_path: Path) -> None:
    digest = promoted_model(college, tmp_path)
    machine = program(college, "SEE_MODELS")
    told = machine.get(f"{V1}/models/{digest}/metrics").json()
    assert told == {"digest": digest, "figures": json.loads(json.dumps(complete_card()))}
    assert machine.get(f"{V1}/models/{'0' * 64}/metrics").status_code == 404
    assert machine.get(f"{V1}/models/..%2f..%2fetc/metrics").status_code in (404, 422)
    assert program(college, "SCORE").get(f"{V1}/models/{digest}/metrics").status_code == 403
    assert INSTITUTION in told["figures"]["institutions"]


def test_scoring_loads_no_compiler() -> None:
    import subprocess
    import sys

    program = (
        "import sys; import numpy as np; from models import explain; from tests.models.one_split import one_split;"
        "model = one_split('missed_run_now', above=2.5); values = np.zeros((300, len(model.features)));"
        "import serving.api.scoring; explain.contributions(model.tables, values, compiled=False);"
        "print([name for name in ('numba', 'pandas', 'pyarrow', 'lightgbm') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"

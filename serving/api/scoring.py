"""Rows of features in, scores and exact contributions out; nothing of a row is kept, only that so many were scored."""

import numpy as np
import numpy.typing as npt

from features.catalogue import CATALOGUE
from features.vocabulary import Domain
from models import explain
from models.bundle import Bundle
from models.known import abstains, known_part
from models.reasons import domain_sums
from models.risk_model import probability
from records import audit
from records.access import Principal
from records.errors import NotAllowed
from records.home import DataHome
from records.roles import Permission
from serving.api.asking import limited, problems, topic
from serving.api.held_model import digest_in_charge, held_model
from serving.api.more_schemas import ScoredRow, ScoresAnswer
from serving.api.sent import SentRows
from serving.desk import AtDesk, SignedIn

router = topic("models")
Floats = npt.NDArray[np.float64]
_NAMES = tuple(feature.name for feature in CATALOGUE)
_A_MINUTE = 60


@router.post(
    "/score",
    operation_id="scoreRows",
    summary="Score rows of features with the model in charge",
    description="At most 500 rows. A score is an estimate for ordering, no verdict on a person; nothing sent is kept.",
    responses=problems(403, 409, 413, 429),
    dependencies=[limited("scoring", _A_MINUTE)],
)
def score_rows(desk: AtDesk, reader: SignedIn, sent: SentRows) -> ScoresAnswer:
    institution = sent.institution or reader.institution
    if not reader.may(Permission.SCORE) or institution not in reader.institutions:
        raise NotAllowed("This account scores no rows there. · บัญชีนี้ขอคะแนนของสถานศึกษานั้นไม่ได้")
    digest = digest_in_charge(desk.home, institution)
    bundle = held_model(desk.home, digest)
    _record(desk.home, reader, institution, rows=len(sent.rows))
    return _scored(bundle, institution, digest, _matrix(sent))


def _record(home: DataHome, reader: Principal, institution: str, *, rows: int) -> None:
    with home.database.write(reader.acting) as session:
        audit.record_look(
            session, actor=reader.login, action="score rows", institution=institution, detail={"rows": rows}
        )


def _matrix(sent: SentRows) -> Floats:
    """(rows, features) in the catalogue's order; what is not told is not known."""
    values = np.full((len(sent.rows), len(_NAMES)), np.nan)
    for place, row in enumerate(sent.rows):
        for column, name in enumerate(_NAMES):
            told = row.get(name)
            if told is not None:
                values[place, column] = told
    return values


def _scored(bundle: Bundle, institution: str, digest: str, values: Floats) -> ScoresAnswer:
    model = bundle.model_for(institution)
    slope = model.calibration.slope
    logits = model.calibration.logit(explain.margins(model.tables, values, compiled=False))
    added = explain.contributions(model.tables, values, compiled=False) * slope
    sums = domain_sums(model.choice, added)
    known, silent = known_part(values, bundle.weight), abstains(values, bundle.weight)
    chances = probability(logits)
    rows = [
        ScoredRow(
            logit=round(float(logits[row]), 6),
            probability=round(float(chances[row]), 6),
            band=None,
            known_part=round(float(known[row]), 4),
            abstains=bool(silent[row]),
            contributions={name: round(float(one), 6) for name, one in zip(_NAMES, added[row], strict=True) if one},
            domains={domain: round(float(one), 6) for domain, one in zip(Domain, sums[row], strict=True)},
        )
        for row in range(len(values))
    ]
    base = slope * model.tables.base + model.calibration.offset
    return ScoresAnswer(model=digest, horizon=bundle.horizon.name, base=round(float(base), 6), rows=rows)

"""How a card says names and figures: lists, domains, groups, shares and intervals, in one language at a time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from features.catalogue import FEATURE_OF
from features.vocabulary import Domain
from models.card_blocks import Cell
from records.promotions import Signed
from records.tables import TABLES
from records.text import Text

UNTOLD = "–"
"""A figure that the data cannot give; never a 0."""

LISTS = {
    "zerodrop": Text(th="แบบจำลองนี้", en="this model"),
    "group_mean": Text(th="สัดส่วนในอดีตของกลุ่มเรียน", en="past share of the class group"),
    "institution_mean": Text(th="สัดส่วนในอดีตของสถานศึกษา", en="past share of the institution"),
    "absences_28d": Text(th="การขาดเรียน 4 สัปดาห์ล่าสุด", en="absences of the last four weeks"),
    "abc_flags": Text(th="สัญญาณ ABC (มาเรียน พฤติกรรม ผลการเรียน)", en="ABC flags (attendance, behaviour, courses)"),
    "screening": Text(th="กลุ่มคัดกรองของครูที่ปรึกษา", en="the advisor's screening group"),
    "logistic": Text(th="สมการโลจิสติก", en="logistic regression"),
    "forest": Text(th="แรนดอมฟอเรสต์ (คนละแถวต่อภาคเรียน)", en="random forest (one row a student and term)"),
    "lottery": Text(th="จับสลาก", en="a lottery"),
}
PROBE_NAMES = {
    "told later": Text(th="ค่าที่ทราบภายหลัง", en="told later"),
    "outside the log": Text(th="ค่าจากนอกระบบ", en="outside the log"),
    "stamped early": Text(th="ลงวันที่ทราบเร็วกว่าจริง", en="stamped early"),
    "label known later": Text(th="คำตอบที่ทราบภายหลัง", en="label known later"),
    "too strong": Text(th="บอกผลได้แม่นผิดปกติ", en="too strong"),
    "strong from afar": Text(th="บอกผลได้ล่วงหน้านานผิดปกติ", en="strong from afar"),
    "same student twice": Text(th="นักเรียนคนเดียวมีสองเลข", en="same student twice"),
    "shuffled labels": Text(th="สลับคำตอบแล้วยังทายถูก", en="shuffled labels"),
}
LOOKED_AT = {
    **{table.name: table.label for table in TABLES},
    **{feature.name: feature.label for feature in FEATURE_OF.values()},
}
"""What a probe names: a table or a feature."""
BANDS = {
    "high": Text(th="ไปเยี่ยม", en="visited"),
    "watch": Text(th="เฝ้าดู", en="watched"),
    "none": Text(th="ไม่อยู่ในรายชื่อ", en="not listed"),
    "unknown": Text(th="ข้อมูลไม่พอจะจัดลำดับ", en="too little known to rank"),
}
FIGURES = {
    "reached_per_week": Text(th="พบต่อสัปดาห์", en="Reached a week"),
    "precision": Text(th="ในรายชื่อออกจริง", en="Precision"),
    "recall": Text(th="ผู้ออกที่อยู่ในรายชื่อ", en="Recall"),
    "lift": Text(th="กี่เท่าของสุ่ม", en="Lift"),
    "auc": Text(th="AUC", en="AUC"),
    "auc_within": Text(th="AUC ภายในสถานศึกษา", en="AUC within"),
    "observed_expected": Text(th="ออกจริงต่อที่คาด", en="Observed / expected"),
    "ece": Text(th="ความคลาดเคลื่อน (ECE)", en="Expected calibration error"),
}
VERDICTS = {
    "gap": Text(th="พบความเหลื่อมล้ำ", en="a gap"),
    "no gap seen": Text(th="ไม่พบความเหลื่อมล้ำ", en="no gap seen"),
    "cannot tell": Text(th="ข้อมูลไม่พอจะบอกได้", en="cannot tell"),
}
_DOMAINS = {domain.value: domain.label for domain in Domain}


@dataclass(frozen=True, kw_only=True)
class Telling:
    """A card told in one language ('th' or 'en'), with the decisions that people have signed about it."""

    card: Mapping[str, Any]
    language: str
    signed: Sequence[Signed]

    @property
    def evidence(self) -> Mapping[str, Any]:
        found: Mapping[str, Any] = self.card["evidence"]
        return found

    def say(self, th: str, en: str) -> str:
        return th if self.language == "th" else en

    def words(self, known: Mapping[str, Text], name: str) -> str:
        """The label of a name, or the name where the card is newer than this code."""
        return known[name].in_language(self.language) if name in known else name

    def list_name(self, name: str) -> str:
        return self.words(LISTS, name)

    def figure_name(self, name: str) -> str:
        return self.words(FIGURES, name)

    def domain(self, name: str) -> str:
        return self.words(_DOMAINS, name)

    def feature(self, name: str) -> str:
        return FEATURE_OF[name].label.in_language(self.language) if name in FEATURE_OF else name

    def attribute(self, name: str) -> str:
        return self._held(self.card["words"].get(name, {}).get("label"), name)

    def group(self, attribute: str, name: str) -> str:
        return self._held(self.card["words"].get(attribute, {}).get("groups", {}).get(name), name)

    def held(self, text: Mapping[str, str]) -> str:
        """A text of the card itself, which has both languages."""
        return text[self.language]

    def _held(self, text: Mapping[str, str] | None, otherwise: str) -> str:
        return otherwise if text is None else self.held(text)

    def day(self, iso: str) -> str:
        """A day in the calendar of the language: Buddhist years in Thai."""
        return f"{int(iso[8:])}/{int(iso[5:7])}/{int(iso[:4]) + 543}" if self.language == "th" else iso


# Figures: `found` is {"value", "low", "high"} of the card, each None where it could not be told


def figure(value: float | None, decimals: int = 2) -> str:
    return UNTOLD if value is None else f"{value:.{decimals}f}"


def signed(value: float | None, decimals: int = 3) -> str:
    return UNTOLD if value is None else f"{value:+.{decimals}f}"


def share(value: float | None, decimals: int = 0) -> str:
    return UNTOLD if value is None else f"{100 * value:.{decimals}f}%"


def count(value: int | None) -> str:
    return UNTOLD if value is None else f"{value:,}"


def interval(found: Mapping[str, float | None], decimals: int = 2) -> Cell:
    return _cell(found, lambda value: figure(value, decimals))


def share_interval(found: Mapping[str, float | None], decimals: int = 0) -> Cell:
    return _cell(found, lambda value: share(value, decimals))


def _cell(found: Mapping[str, float | None], told: Any) -> Cell:
    low, high = found["low"], found["high"]
    return Cell(told(found["value"]), "" if low is None and high is None else f"{told(low)} – {told(high)}")


def beside(cell: Cell) -> str:
    return f"{cell.text} ({cell.small})" if cell.small else cell.text

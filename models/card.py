"""The model card: what a model is for, on what it was trained, how it did against simple lists; Thai first."""

from collections.abc import Mapping, Sequence
from typing import Any

_HEAD = """# บัตรแบบจำลอง · Model card

แบบจำลองนี้ช่วยครูและคณะกรรมการเลือกว่าสัปดาห์นี้ควรพูดคุยหรือเยี่ยมบ้านใครก่อน
ห้ามใช้ลงโทษ ตัดสิทธิ์ ปฏิเสธความช่วยเหลือ หรือเปิดเผยต่อเพื่อนนักเรียน คะแนนไม่ใช่คำตัดสินตัวเด็ก

This model helps advisors and committees choose whom to talk to or visit first this week. It must not be used to punish,
to refuse a place or help, or be shown to other students. A score is not a verdict on a child.
"""
_COLUMNS = ("auc", "average_precision", "precision", "recall", "lift", "brier", "ece", "observed_expected")


def render(card: Mapping[str, Any]) -> str:
    """The card as Markdown."""
    parts = [_HEAD, _data(card), _skill(card["lists"]), _calibration(card["calibration_bins"]), _limits(card)]
    return "\n".join(parts)


def _data(card: Mapping[str, Any]) -> str:
    calibration = card["calibration"]
    return "\n".join(
        [
            "## ข้อมูลที่ใช้ · Data",
            f"- สถานศึกษา · institutions: {', '.join(card['institutions'])}",
            f"- ภาคเรียนที่ใช้สอน · training terms: {', '.join(card['training_terms'])}",
            f"- ภาคเรียนที่ใช้ทดสอบ · test term: {card['test_term'] or '-'}",
            f"- ช่วงเวลาที่มองไปข้างหน้า · horizon: {card['horizon']}",
            f"- แถวที่ใช้สอน · training rows: {card['training_rows']:,} (ออกกลางคัน · leavers {card['training_base_rate']:.1%})",
            f"- แถวที่เวลาทราบถูกประมาณย้อนหลัง · rows with a reconstructed entry time: {card['reconstructed_rows']:,}",
            f"- หายไปแล้วแต่ยังไม่มีใครทราบในวันนั้น (นับแยก) · gone before anyone knew, counted apart: {card['gone_rows']:,}",
            f"- ปรับเทียบตอนทดสอบ · calibration in the backtest: slope {calibration['backtest']['slope']:.3f}, "
            f"offset {calibration['backtest']['offset']:+.3f}",
            f"- ปรับเทียบที่ใช้จริง · calibration in use: slope {calibration['final']['slope']:.3f}, "
            f"offset {calibration['final']['offset']:+.3f}",
            f"- โบนัสให้รายชื่อสัปดาห์ก่อน · bonus for last week's list: {card['bonus']['value']:g} "
            f"(อยู่ต่อ · staying {card['bonus']['staying']:.0%}, ความครอบคลุมที่เสีย · recall lost {card['bonus']['recall_lost']:+.3f})",
            "",
        ]
    )


def _skill(lists: Mapping[str, Mapping[str, float | None]]) -> str:
    rows = [
        "## ผลเทียบกับรายชื่ออย่างง่าย · Skill against simple lists",
        "",
        "ทุกตัวเลขคิดต่อวันแล้วเฉลี่ย · every figure per as-of day, then averaged.",
        "",
        "| list | " + " | ".join(_COLUMNS) + " |",
        "|---|" + "---|" * len(_COLUMNS),
    ]
    for name, figures in lists.items():
        cells = ["-" if figures[column] is None else f"{figures[column]:.3f}" for column in _COLUMNS]
        rows.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join([*rows, ""])


def _calibration(bins: Sequence[Mapping[str, float]]) -> str:
    rows = ["## การปรับเทียบ · Calibration", "", "| predicted | observed | rows |", "|---|---|---|"]
    rows += [f"| {b['predicted']:.3f} | {b['observed']:.3f} | {b['rows']:,} |" for b in bins]
    return "\n".join([*rows, ""])


def _limits(card: Mapping[str, Any]) -> str:
    return "\n".join(
        [
            "## ข้อจำกัด · Limits",
            "- คะแนนหมดอายุ 14 วันหลังวันที่ของข้อมูล · a score is stale 14 days after its as-of day",
            "- ไม่เคยพิสูจน์ว่าการใช้รายชื่อนี้ลดการออกกลางคัน: ไม่ได้วัด · whether using the list lowers drop-out: not measured",
            "- ยังไม่ได้ตรวจความเป็นธรรมรายกลุ่ม · fairness by group: not measured yet",
            f"- ลายนิ้วมือของตัวบ่งชี้ · catalogue fingerprint: {card['catalogue_fingerprint'][:16]}",
            "",
        ]
    )

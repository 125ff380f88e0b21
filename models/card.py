"""The model card: what a model is for, on what it was trained, how it did against simple lists; Thai first."""

from collections.abc import Mapping, Sequence
from typing import Any

_HEAD = """# บัตรแบบจำลอง · Model card

แบบจำลองนี้ช่วยครูและคณะกรรมการเลือกว่าสัปดาห์นี้ควรพูดคุยหรือเยี่ยมบ้านใครก่อน
ห้ามใช้ลงโทษ ตัดสิทธิ์ ปฏิเสธความช่วยเหลือ หรือเปิดเผยต่อเพื่อนนักเรียน คะแนนไม่ใช่คำตัดสินตัวเด็ก

This model helps advisors and committees choose whom to talk to or visit first this week. It must not be used to punish,
to refuse a place or help, or be shown to other students. A score is not a verdict on a child.
"""
_LISTED_FEATURES = 20
_COLUMNS = ("auc", "average_precision", "precision", "recall", "lift", "brier", "ece", "observed_expected")


def render(card: Mapping[str, Any]) -> str:
    """The card as Markdown."""
    parts = [
        _HEAD,
        _data(card),
        _skill(card["lists"]),
        _bands(card),
        _calibration(card["calibration_bins"]),
        _stability(card["stability"]),
        _limits(card),
    ]
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


_BAND_NAMES = {"high": "ไปเยี่ยม · visited", "watch": "เฝ้าดู · watched", "none": "ไม่อยู่ในรายชื่อ · not listed"}


def _bands(card: Mapping[str, Any]) -> str:
    head = [
        "## ในภาคเรียนทดสอบ แต่ละระดับออกกลางคันเท่าไร · How many of each band left in the test term",
        "",
    ]
    if not card["bands"]:
        return "\n".join([*head, "ไม่มีภาคเรียนทดสอบ · There was no test term.", ""])
    return "\n".join(
        [
            *head,
            f"จัดรายชื่อย้อนหลังทุกสัปดาห์ของภาคเรียน {card['test_term']} ตามจำนวนที่ดูแลได้จริง แล้วนับผู้ที่ออกกลางคัน "
            "เป็นสิ่งที่เคยเกิด ไม่ใช่คำทำนาย",
            f"Lists were made for every week of {card['test_term']} within the real capacity, and leavers were counted: "
            "what happened then, not a forecast.",
            "",
            *(_band(one) for one in card["bands"]),
            "",
            "ช่วงตัวเลขเชื่อมั่น 95 % คิดโดยไม่นับหลายสัปดาห์ของนักเรียนคนเดียวเป็นหลายคน และไม่รวมความต่างระหว่างภาคเรียน",
            "The 95 % intervals do not count the weeks of one student as so many students; "
            "they do not cover how one term differs from another.",
            "ที่ยังไม่ได้ระบุครูที่ปรึกษา นับหนึ่งกลุ่มเรียนเป็นของครูหนึ่งคน · "
            "Where no advisor had been entered, each class group counts as one advisor's.",
            "",
            _abstained(card["abstained"]),
            "",
        ]
    )


def _band(one: Mapping[str, Any]) -> str:
    name = _BAND_NAMES[one["band"]]
    if not one["rows"]:
        return f"- {name}: ไม่มีนักเรียนในระดับนี้ · nobody stood there"
    share, low, high = (100 * number for number in (one["left"] / one["rows"], one["low"], one["high"]))
    return (
        f"- {name}: ใน 100 คน ออกกลางคันประมาณ {share:.0f} คน ({low:.0f}–{high:.0f}) · "
        f"about {share:.0f} of 100 left ({low:.0f}–{high:.0f}), {one['rows']:,} student-weeks"
    )


def _abstained(counted: Mapping[str, int]) -> str:
    rows, of = counted["rows"], counted["of"]
    share = rows / of if of else 0.0
    return (
        f"- ข้อมูลไม่พอจะจัดลำดับ · too little known to rank: {share:.1%} ({rows:,} / {of:,} student-weeks), "
        f"ออกกลางคันภายหลัง · of whom left: {counted['left']:,}"
    )


def _calibration(bins: Sequence[Mapping[str, float]]) -> str:
    rows = ["## การปรับเทียบ · Calibration", "", "| predicted | observed | rows |", "|---|---|---|"]
    rows += [f"| {b['predicted']:.3f} | {b['observed']:.3f} | {b['rows']:,} |" for b in bins]
    return "\n".join([*rows, ""])


def _stability(steady: Mapping[str, Any]) -> str:
    features, domains = (_percent(steady[name]) for name in ("features_survive", "domains_survive"))
    shown, known = steady["shown"], len(steady["spread"])
    weight = sorted(steady["weight"], key=lambda name: -steady["weight"][name])
    looked_at = [name for name in weight if steady["weight"][name] > 0][:_LISTED_FEATURES]
    return "\n".join(
        [
            "## เหตุผลคงเส้นคงวาเพียงใด · How steady the reasons are",
            "",
            f"สอนแบบจำลองใหม่ด้วยนักเรียนที่สุ่มใหม่ แล้วดูว่าเหตุผลเดิมกลับมาหรือไม่ วัดกับ {steady['rows']:,} แถวของภาคเรียนล่าสุด",
            f"The model was fitted again on persons drawn again; on {steady['rows']:,} rows of the newest term we looked "
            "whether the same reasons came back.",
            "",
            f"- เหตุผลที่กลับมา · reasons that came back: {features} (เป้าหมาย · wanted: 80%)",
            f"- ด้านหลักที่กลับมา · leading domains that came back: {domains} (เป้าหมาย · wanted: 95%)",
            f"- ตัวบ่งชี้ที่นิ่งพอจะเป็นเหตุผลได้ · features steady enough to be a reason: {shown} / {known}",
            f"- เหตุผลต่อนักเรียนหนึ่งคน · reasons a student: {steady['reasons']:.1f} "
            f"(ก่อนกรอง · before the filter {steady['reasons_before']:.1f})",
            f"- เทียบกับ · compared: {', '.join(steady['compared'])}",
            "",
            "ผลน้อยกว่าค่านี้ไม่นับเป็นเหตุผล (log-odds; 10 = ไม่ใช้เป็นเหตุผล) · "
            "A contribution below its bar is no reason (log-odds; 10: never a reason):",
            "",
            "| feature | mean contribution | bar |",
            "|---|---|---|",
            *(f"| {name} | {steady['weight'][name]:.3f} | {steady['spread'][name]:.2f} |" for name in looked_at),
            "",
        ]
    )


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{share:.1%}"


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

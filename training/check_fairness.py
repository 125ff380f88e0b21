"""TR5xx: are leavers of every group found alike? A gap that the sample could not show is not the same as no gap."""

import math

from records.text import Text
from training.audit_groups import ATTRIBUTE_OF, NOT_KNOWN_CODE, group_label
from training.check_calibration import LEAST_OBSERVED, MOST_OBSERVED, outside
from training.check_declaration import Check, Finding, Severity, finding, named, not_applicable, percent, shown, tested
from training.evidence import AttributeFairness, Evidence, GroupFigures
from training.fairness import CANNOT_TELL, GAP

PROTECTED = ("sex", "nationality_group", "poverty_class", "disability_any")
"""What people are, not where or how they study: the law and the committees know these as grounds of discrimination."""
_NOT_KNOWN = NOT_KNOWN_CODE.value


def _attributes(evidence: Evidence) -> tuple[AttributeFairness, ...]:
    tested(evidence)
    if not evidence.fairness:
        raise not_applicable(th="ไม่ได้ตรวจความเป็นธรรม", en="fairness was not audited")
    return evidence.fairness


def _named(found: AttributeFairness) -> Text:
    label, gap = ATTRIBUTE_OF[found.attribute].label, shown(found.gap)
    return Text(th=f"{label.th} {gap}", en=f"{label.en} {gap}")


def _gaps(found: list[AttributeFairness], th: str, en: str) -> Finding | None:
    if not found:
        return None
    words = [_named(one) for one in found]
    return finding(th=f"{th}: {named(one.th for one in words)}", en=f"{en}: {named(one.en for one in words)}.")


def _intolerable(evidence: Evidence) -> Finding | None:
    compared = [one for one in _attributes(evidence) if one.attribute in PROTECTED and not math.isnan(one.gap.value)]
    if not compared:
        raise not_applicable(
            th="ตามเพศ สัญชาติ ฐานะ หรือความพิการ ไม่มีสองกลุ่มที่มีผู้ออกพอให้เทียบ",
            en="by none of these attributes are there two groups with leavers enough to compare",
        )
    found = [one for one in compared if _clearly_over(one)]
    return _gaps(found, "ความต่างของสัดส่วนผู้ออกที่ถูกพบ เกินที่ยอมรับได้ทั้งช่วง", "Recall differs by more than is tolerable")


def _clearly_over(found: AttributeFairness) -> bool:
    return found.verdict == GAP and found.gap.low > found.tolerated_gap


def _some_gap(evidence: Evidence) -> Finding | None:
    judged = [one for one in _attributes(evidence) if one.verdict != CANNOT_TELL]
    if not judged:
        raise not_applicable(th="ข้อมูลไม่พอจะบอกได้ในทุกด้าน", en="the sample cannot tell for any attribute")
    found = [one for one in judged if one.verdict == GAP]
    return _gaps(found, "สัดส่วนผู้ออกที่ถูกพบต่างกัน", "Recall differs between groups")


def _cannot_tell(evidence: Evidence) -> Finding | None:
    unsure = [one for one in _attributes(evidence) if one.verdict == CANNOT_TELL]
    if not unsure:
        return None
    labels = [ATTRIBUTE_OF[one.attribute].label for one in unsure]
    least = [percent(one.detectable_gap) if one.detectable_gap < 1 else "?" for one in unsure]
    return finding(
        th=f"ยังบอกไม่ได้ (ต่างน้อยที่สุดที่ตรวจพบได้): {named(f'{a.th} {b}' for a, b in zip(labels, least, strict=True))}",
        en=f"Cannot tell (least gap that could be seen): {named(f'{a.en} {b}' for a, b in zip(labels, least, strict=True))}.",
    )


def _group_numbers_wrong(evidence: Evidence) -> Finding | None:
    told = [
        (found.attribute, group)
        for found in _attributes(evidence)
        for group in found.groups
        if not math.isnan(group.observed_expected.low)
    ]
    if not told:
        raise not_applicable(th="ไม่มีกลุ่มใดมีผู้ออกพอจะบอกได้", en="no group has leavers enough to tell")
    wrong = [_with_ratio(attribute, group) for attribute, group in told if outside(group.observed_expected)]
    if not wrong:
        return None
    bounds = f"{LEAST_OBSERVED:.2f} – {MOST_OBSERVED:.2f}"
    return finding(
        th=f"ผู้ออกจริงต่อที่คาดอยู่นอก {bounds}: {named(one.th for one in wrong)}",
        en=f"Leavers seen over expected outside {bounds}: {named(one.en for one in wrong)}.",
    )


def _with_ratio(attribute: str, group: GroupFigures) -> Text:
    label, ratio = group_label(attribute, group.group), shown(group.observed_expected)
    return Text(th=f"{label.th} {ratio}", en=f"{label.en} {ratio}")


def _not_audited(evidence: Evidence) -> Finding | None:
    tested(evidence)
    known = {one.attribute for one in evidence.fairness if any(group.group != _NOT_KNOWN for group in one.groups)}
    missing = [ATTRIBUTE_OF[name].label for name in PROTECTED if name not in known]
    if not missing:
        return None
    return finding(
        th=f"ไม่ได้ตรวจตาม {named(one.th for one in missing)}", en=f"Not audited by: {named(one.en for one in missing)}."
    )


CHECKS = (
    Check(
        code="TR501",
        title=Text(th="ไม่มีกลุ่มใดถูกมองข้ามชัดเจน", en="No group is clearly overlooked"),
        passes_when=Text(
            th="ตามเพศ สัญชาติ ฐานะ และความพิการ ไม่มีความต่างของสัดส่วนที่พบซึ่งเกินที่ยอมรับได้อย่างชัดเจน",
            en="By sex, nationality group, poverty class and disability, no gap in recall is clearly above what is tolerated.",
        ),
        severity=Severity.BLOCKING,
        why=Text(
            th="ถ้าผู้ออกของกลุ่มหนึ่งถูกพบน้อยกว่าอีกกลุ่มมาก ความช่วยเหลือจะไปไม่ถึงกลุ่มนั้นทุกสัปดาห์",
            en="Where leavers of one group are found far less often, help passes that group by, week after week.",
        ),
        what_to_do=Text(
            th="ตรวจว่าข้อมูลของกลุ่มนั้นมาครบและทันเวลา แล้วฝึกใหม่ ดูรายชื่อที่ปรับสมดุลและสิ่งที่ต้องแลกในการ์ด",
            en="Look whether that group's data come fully and in time, and train again; the card tells what a balanced list costs.",
        ),
        run=_intolerable,
    ),
    Check(
        code="TR502",
        title=Text(th="ไม่เห็นว่าผู้ออกของกลุ่มใดถูกพบน้อยกว่า", en="No group is seen to be found less often"),
        passes_when=Text(th="ไม่พบความต่างของสัดส่วนผู้ออกที่ถูกพบ", en="No attribute shows a gap in recall."),
        severity=Severity.ADVICE,
        why=Text(
            th="ความต่างที่พบอาจมาจากข้อมูลที่ขาดของบางกลุ่ม",
            en="A gap may come from data that some groups lack.",
        ),
        what_to_do=Text(
            th="คณะกรรมการพิจารณาความต่างนี้ก่อนลงนาม และจัดการเยี่ยมเพิ่มให้กลุ่มที่ถูกพบน้อย",
            en="Weigh the gap before signing, and keep visits for the group that is found less.",
        ),
        run=_some_gap,
    ),
    Check(
        code="TR503",
        title=Text(th="มีข้อมูลพอจะเห็นความต่าง", en="A gap could be seen"),
        passes_when=Text(
            th="ตัวอย่างใหญ่พอจะเห็นความต่างที่ยอมรับไม่ได้", en="The sample could show any gap that is not tolerable."
        ),
        severity=Severity.ADVICE,
        why=Text(
            th="กลุ่มเล็กเกินไปจนบอกไม่ได้ ไม่ได้แปลว่าไม่มีความต่าง",
            en="Groups too small to tell do not show that there is no gap.",
        ),
        what_to_do=Text(
            th="อย่ารายงานว่าเป็นธรรม ตัดสินร่วมกับสถานศึกษาอื่น หรือรอภาคเรียนเพิ่ม",
            en="Do not report fairness; judge together with other institutions, or wait for more terms.",
        ),
        run=_cannot_tell,
    ),
    Check(
        code="TR504",
        title=Text(th="ไม่มีกลุ่มใดที่จำนวนที่คาดผิดชัดเจน", en="Expected numbers are clearly wrong in no group"),
        passes_when=Text(
            th=f"ไม่มีกลุ่มใดที่ช่วงของผู้ออกจริงต่อที่คาด อยู่นอก {LEAST_OBSERVED:.2f} – {MOST_OBSERVED:.2f} ทั้งช่วง",
            en=f"No group has its leavers seen over expected wholly outside {LEAST_OBSERVED:.2f} – {MOST_OBSERVED:.2f}.",
        ),
        severity=Severity.ADVICE,
        why=Text(
            th="ความเสี่ยงที่สูงเกินจริงของกลุ่มหนึ่งเป็นการตีตรา ต่ำเกินจริงคือการมองข้าม",
            en="Risks that are too high mark a group out, those too low overlook it.",
        ),
        what_to_do=Text(
            th="อ่านความน่าจะเป็นของกลุ่มที่ระบุอย่างระวัง และตรวจข้อมูลของกลุ่มนั้น",
            en="Read the probabilities of the named groups with care, and look at their data.",
        ),
        run=_group_numbers_wrong,
    ),
    Check(
        code="TR505",
        title=Text(th="ตรวจความเป็นธรรมครบ", en="Fairness was audited"),
        passes_when=Text(
            th="ทราบเพศ สัญชาติ ฐานะ และความพิการของนักเรียน และตรวจครบทั้งสี่ด้าน",
            en="Sex, nationality group, poverty class and disability are known of students, and the audit covers them.",
        ),
        severity=Severity.ADVICE,
        why=Text(
            th="สิ่งที่ไม่ได้ตรวจอาจเป็นสิ่งที่ไม่เป็นธรรม",
            en="What was not looked at may be what is unfair.",
        ),
        what_to_do=Text(
            th="นำเข้าเพศ สัญชาติ ฐานะ และความพิการไว้ใช้ตรวจ",
            en="Import sex, nationality group, poverty class and disability, which the audit reads.",
        ),
        run=_not_audited,
    ),
)

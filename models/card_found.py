"""The parts of a card that say what was found: skill, bands, calibration, timing, sources, steadiness."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from models.card_blocks import Block, Bullets, Cell, Heading, Paragraph, Table, cells
from models.card_words import (
    BANDS,
    Telling,
    beside,
    count,
    figure,
    interval,
    share,
    share_interval,
    signed,
)

_MODEL = "zerodrop"
_LISTED_FEATURES = 20
_CALIBRATED = (0.85, 1.2)
"""Observed over expected within these is counted as right (checks TR4xx judge)."""


def skill(card: Telling) -> Iterator[Block]:
    say, lists = card.say, card.evidence["lists"]
    yield Heading(text=say("ผลเทียบกับรายชื่ออย่างง่าย", "Skill beside the simple lists"))
    if not lists:
        yield Paragraph(text=say("ไม่มีภาคเรียนทดสอบ", "There was no test term."))
        return
    yield Paragraph(
        text=say(
            "ทุกรายชื่อจัดจากแถวเดียวกัน ยาวเท่ากับจำนวนที่เยี่ยมได้จริง คิดทีละวันแล้วเฉลี่ย ตัวเลขคู่คือช่วงเชื่อมั่น 95 % "
            "ผู้ที่ออกไปแล้วโดยยังไม่มีใครทราบไม่อยู่ในการเทียบนี้ ในรายชื่อจริงเขายังกินที่อยู่ จึงพบผู้ที่จะออกได้น้อยกว่านี้",
            "Every list was made from the same rows, as long as people can really visit; every figure is told day by day "
            "and averaged; pairs of figures are 95 % intervals. Students who had left already without anybody knowing are "
            "not compared here; on real lists they still take places, so fewer leavers are reached than told here.",
        )
    )
    yield _at_capacity(card, lists)
    yield _ordering(card, lists)
    yield _lengths(card, lists)


def _at_capacity(card: Telling, lists: Mapping[str, Any]) -> Table:
    say = card.say
    at_capacity = {name: found["at"]["capacity"] for name, found in lists.items()}
    return Table(
        caption=say("ตามจำนวนที่เยี่ยมได้จริง", "At the capacity that people really have"),
        head=(
            say("รายชื่อ", "List"), card.figure_name("reached_per_week"), card.figure_name("precision"),
            card.figure_name("recall"), card.figure_name("lift"),
        ),
        rows=tuple(
            cells(
                card.list_name(name), interval(at["reached_per_week"], 1), share_interval(at["precision"]),
                share_interval(at["recall"]), interval(at["lift"], 1),
            )
            for name, at in at_capacity.items()
        ),
    )  # fmt: skip


def _ordering(card: Telling, lists: Mapping[str, Any]) -> Table:
    say = card.say
    return Table(
        caption=say("การจัดลำดับทั้งสถานศึกษา", "Ordering everybody"),
        head=(
            say("รายชื่อ", "List"), card.figure_name("auc"), card.figure_name("auc_within"), say("ความต่างระหว่างแห่ง", "Between places"),
            say("ความแม่นเฉลี่ย (AP)", "Average precision"), say("Brier skill", "Brier skill"),
        ),
        rows=tuple(
            cells(
                card.list_name(name), interval(found["auc"]), interval(found["auc_within"]), share(found["between_share"]),
                interval(found["average_precision"]), interval(found["brier_skill"]),
            )
            for name, found in lists.items()
        ),
    )  # fmt: skip


def _lengths(card: Telling, lists: Mapping[str, Any]) -> Table:
    """Precision and recall of lists of other lengths, and the gain beyond every list."""
    say = card.say
    lengths = sorted(
        (length for length in lists[_MODEL]["at"] if length != "capacity"), key=lambda one: float(one.rstrip(" %"))
    )
    heads = [say(f"ผู้ออกที่พบ ถ้ารายชื่อยาว {length}", f"Recall at {length}") for length in lengths]
    gains = {one["against"]: one["per_week"] for one in card.evidence["gains"]}
    rows = []
    for name, found in lists.items():
        more = interval(gains[name], 1) if name in gains else Cell("")
        rows.append(cells(card.list_name(name), *(share_interval(found["at"][one]["recall"]) for one in lengths), more))
    return Table(
        caption=say(
            "ถ้ารายชื่อยาวเท่านี้ของนักเรียนทั้งหมด และแบบจำลองพบมากกว่าสัปดาห์ละกี่คน",
            "Were the list so long a part of all students; and how many more the model reaches a week",
        ),
        head=(say("รายชื่อ", "List"), *heads, say("แบบจำลองพบเพิ่ม", "The model reaches more")),
        rows=tuple(rows),
    )


def bands(card: Telling) -> Iterator[Block]:
    say, held = card.say, card.card["bands"]
    yield Heading(text=say("ในภาคเรียนทดสอบ แต่ละระดับออกกลางคันเท่าไร", "How many of each band left in the test term"))
    if not held:
        yield Paragraph(text=say("ไม่มีภาคเรียนทดสอบ", "There was no test term."))
        return
    term = card.card["test_term"]
    yield Paragraph(
        text=say(
            f"จัดรายชื่อย้อนหลังทุกสัปดาห์ของภาคเรียน {term} ตามจำนวนที่ดูแลได้จริง แล้วนับผู้ที่ออกกลางคัน เป็นสิ่งที่เคยเกิด ไม่ใช่คำทำนาย",
            f"Lists were made for every week of {term} within the real capacity, and leavers were counted: "
            "what happened then, not a forecast.",
        )
    )
    head = (say("ระดับ", "Band"), say("ใน 100 คนออก", "Left of 100"), say("แถว", "Student-weeks"), say("ออก", "Left"))
    yield Table(head=head, rows=tuple(_band(card, one) for one in held))
    yield Bullets(items=tuple(_under_the_bands(card)))


def _under_the_bands(card: Telling) -> Iterator[str]:
    say, unknown = card.say, card.card["abstained"]
    yield say(
        "ช่วงเชื่อมั่น 95 % คิดโดยไม่นับหลายสัปดาห์ของนักเรียนคนเดียวเป็นหลายคน และไม่รวมความต่างระหว่างภาคเรียน",
        "The 95 % intervals do not count the weeks of one student as so many students; "
        "they do not cover how one term differs from another.",
    )
    yield say(
        "ที่ยังไม่ได้ระบุครูที่ปรึกษา นับหนึ่งกลุ่มเรียนเป็นของครูหนึ่งคน",
        "Where no advisor had been entered, each class group counts as one advisor's.",
    )
    if unknown is not None:
        part = share(unknown["rows"] / unknown["of"] if unknown["of"] else 0.0, 1)
        yield say(
            f"ข้อมูลไม่พอจะจัดลำดับ: {part} ({unknown['rows']:,} / {unknown['of']:,} แถว) ออกกลางคันภายหลัง {count(unknown['left'])}",
            f"Too little known to rank: {part} ({unknown['rows']:,} / {unknown['of']:,} student-weeks), "
            f"of whom left: {count(unknown['left'])}",
        )
    if (visits := card.card.get("gone_visited")) is not None:  # cards of before do not tell
        yield say(
            f"นอกจากนี้ที่เยี่ยมอีก {visits:,} ครั้งตกแก่ผู้ที่ออกไปแล้วโดยยังไม่มีใครทราบ ไม่นับในตารางนี้",
            f"Beside these, {visits:,} visits fell to students who had left already without anybody knowing; they are in no row",
        )


def _band(card: Telling, one: Mapping[str, Any]) -> tuple[Cell, ...]:
    name = card.words(BANDS, one["band"])
    if not one["rows"]:
        return cells(name, card.say("ไม่มีนักเรียนในระดับนี้", "nobody stood there"), "0", "0")
    seen, low, high = (100 * number for number in (one["left"] / one["rows"], one["low"], one["high"]))
    return cells(name, Cell(f"{seen:.0f}", f"{low:.0f} – {high:.0f}"), f"{one['rows']:,}", f"{one['left']:,}")


def calibration(card: Telling) -> Iterator[Block]:
    say, held = card.say, card.evidence["calibrated"]
    yield Heading(text=say("คะแนนตรงกับความจริงเพียงใด", "Do the probabilities hold (calibration)"))
    first, last = ((figure(held[f"{when}slope"], 3), signed(held[f"{when}offset"])) for when in ("backtest_", ""))
    items = [
        say(
            f"ปรับเทียบตอนทดสอบ: ความชัน {first[0]} ค่าเลื่อน {first[1]}",
            f"Calibration in the backtest: slope {first[0]}, offset {first[1]}",
        ),
        say(
            f"ปรับเทียบที่ใช้จริง: ความชัน {last[0]} ค่าเลื่อน {last[1]}",
            f"Calibration in use: slope {last[0]}, offset {last[1]}",
        ),
    ]
    if own := held["institution_offsets"]:
        told = ", ".join(f"{code} {value:+.2f}" for code, value in own.items())
        items.append(
            say(
                f"สถานศึกษาขนาดเล็กใช้ค่าเลื่อนของตนเอง (log-odds ไม่เปลี่ยนลำดับ): {told}",
                f"Small institutions have an offset of their own (log-odds; the order stays): {told}",
            )
        )
    yield Bullets(items=(*items, *_held_on_test(card)))


def _held_on_test(card: Telling) -> Iterator[str]:
    say, found = card.say, card.evidence["lists"].get(_MODEL)
    if found is None:
        return
    yield say(
        f"ในภาคเรียนทดสอบ: ออกจริงต่อที่คาด {beside(interval(found['observed_expected']))} "
        f"ความคลาดเคลื่อน (ECE) {beside(interval(found['ece'], 3))}",
        f"On the test terms: observed over expected {beside(interval(found['observed_expected']))}, "
        f"expected calibration error {beside(interval(found['ece'], 3))}",
    )
    yield say(
        f"ความชัน {beside(interval(found['calibration_slope']))} จุดตัด {beside(interval(found['calibration_intercept']))} "
        f"Brier {beside(interval(found['brier'], 4))}",
        f"Slope {beside(interval(found['calibration_slope']))}, intercept {beside(interval(found['calibration_intercept']))}, "
        f"Brier {beside(interval(found['brier'], 4))}",
    )
    weeks = {day: value for day, value in found["observed_expected_by_week"].items() if value is not None}
    if weeks:
        low, high = min(weeks, key=lambda day: weeks[day]), max(weeks, key=lambda day: weeks[day])
        least, most = _CALIBRATED
        right = sum(least <= value <= most for value in weeks.values())
        yield say(
            f"รายสัปดาห์ที่ออกตั้งแต่ 10 คน ออกจริงต่อที่คาด ต่ำสุด {weeks[low]:.2f} ({card.day(low)}) "
            f"สูงสุด {weeks[high]:.2f} ({card.day(high)}) "
            f"อยู่ในช่วง {least}–{most} {right} จาก {len(weeks)} สัปดาห์",
            f"Week by week, where ten or more left, observed over expected was lowest {weeks[low]:.2f} ({low}) "
            f"and highest {weeks[high]:.2f} ({high}), "
            f"within {least}–{most} in {right} of {len(weeks)} weeks",
        )


def timing(card: Telling) -> Iterator[Block]:
    """Lead time and churn."""
    say, lead, churn = card.say, card.evidence["lead_time"], card.evidence["churn"]
    if lead is None and churn is None:
        return
    yield Heading(text=say("เตือนล่วงหน้ากี่วัน และรายชื่อเปลี่ยนบ่อยเพียงใด", "How early it warns, and how steady the list is"))
    items = []
    if lead is not None:
        days = [figure(lead[name], 0) for name in ("median_days", "first_quarter_days", "third_quarter_days")]
        early = share(lead["listed_two_weeks_before_share"])
        items += [
            say(
                f"การออก {lead['leavers']:,} ครั้ง (ผู้กลับมาแล้วออกอีกนับสองครั้ง) เคยอยู่ในรายชื่อเยี่ยมหรือเฝ้าดู "
                f"ก่อนวันสุดท้ายที่พบ {lead['listed']:,} ครั้ง (ไม่มีบันทึกการมาเรียน: ก่อนวันที่ออก)",
                f"Of {lead['leavers']:,} leavings (who came back and left again counts twice), {lead['listed']:,} had been "
                "visited or watched in some week before they were last seen (without attendance: before the day they left)",
            ),
            say(
                f"ขึ้นรายชื่อครั้งแรกก่อนวันสุดท้ายที่พบ {days[0]} วัน (ครึ่งกลาง {days[1]}–{days[2]}) "
                f"อยู่ในรายชื่อก่อนอย่างน้อยสองสัปดาห์ {early}",
                f"First listed {days[0]} days before they were last seen (middle half {days[1]}–{days[2]}); "
                f"two weeks before or earlier: {early}",
            ),
        ]
    if churn is not None:
        lost = share(churn["recall_lost"], 1)
        items += [
            say(
                f"รายชื่อเยี่ยมสัปดาห์ก่อนที่ยังอยู่ {share(churn['staying_share'])} "
                f"(โบนัส {figure(churn['bonus'])} ทำให้ผู้ออกที่พบลดลง {lost})",
                f"Of last week's visits {share(churn['staying_share'])} stay "
                f"(bonus {figure(churn['bonus'])}, which costs {lost} of recall)",
            ),
            say(
                f"หลังฝึกใหม่ รายชื่อเดิมกับใหม่ตรงกัน {share(churn['same_after_retraining_share'])}",
                f"After retraining {share(churn['same_after_retraining_share'])} of the list is the same",
            ),
        ]
    yield Bullets(items=tuple(items))


def sources(card: Telling) -> Iterator[Block]:
    say, constraints, cold = card.say, card.evidence["constraints"], card.evidence["cold_start"]
    found = [(card.domain(one["name"]), one) for one in card.evidence["sources"]]
    if constraints is not None:
        found.append((say("ข้อบังคับทิศทาง (ผลของการบังคับ)", "constraints of direction (their cost)"), constraints))
    if cold is not None:
        found.append(
            (
                say(
                    "สถานศึกษาใหม่ที่ไม่มีอดีตให้เรียนรู้ (AUC ภายในแต่ละแห่ง)", "a past of one's own (a new place; AUC within each)"
                ),
                cold,
            )
        )
    if not found:
        return
    yield Heading(text=say("แต่ละด้านเพิ่มอะไร", "What each source adds"))
    yield Table(
        caption=say("ถ้าเอาออก จะเสียเท่าไร", "What is lost without it"),
        head=(say("ด้าน", "Source"), say("AUC ที่เสีย", "AUC lost"), say("พบน้อยลงต่อสัปดาห์", "Fewer reached a week")),
        rows=tuple(
            cells(name, interval(one["auc_lost"], 3), interval(one["reached_lost_per_week"])) for name, one in found
        ),
    )


def _compared(card: Telling, names: Sequence[str]) -> str:
    """With how many models of each kind (training/stability.py names them)."""
    seeds, before, again = (
        sum(name.startswith(kind) for name in names) for kind in ("seed", "trained before", "persons drawn again")
    )
    return card.say(
        f"เทียบกับแบบจำลองอื่น: สอนด้วยเลขสุ่มต่างกัน {seeds} แบบ สอนก่อนภาคเรียนทดสอบ {before} แบบ สอนด้วยนักเรียนที่สุ่มใหม่ {again} แบบ",
        f"Compared with other models: {seeds} of other random numbers, {before} trained before the test term, "
        f"{again} on persons drawn again",
    )


_LEADING_DOMAIN = (
    "ด้านที่ทำให้คะแนนสูงขึ้นมากที่สุดบอกข้อเท็จจริงหนึ่งเรื่องเสมอ แม้ไม่มีตัวบ่งชี้ใดของด้านนั้นนิ่งพอ เรื่องที่ยกมาอาจเปลี่ยนเมื่อฝึกใหม่",
    "The domain that raises a score most always says one fact, though no feature of it may be steady enough; which fact may "
    "change with the model",
)


def steadiness(card: Telling) -> Iterator[Block]:
    say, steady = card.say, card.card["stability"]
    yield Heading(text=say("เหตุผลคงเส้นคงวาเพียงใด", "How steady the reasons are"))
    yield Paragraph(
        text=say(
            f"สอนแบบจำลองใหม่ด้วยนักเรียนที่สุ่มใหม่ แล้วดูว่าเหตุผลเดิมกลับมาหรือไม่ วัดกับ {steady['rows']:,} แถวของภาคเรียนล่าสุด",
            f"The model was fitted again on persons drawn again; on {steady['rows']:,} rows of the newest term we looked "
            "whether the same reasons came back.",
        )
    )
    features, domains = (share(steady[name], 1) for name in ("features_survive", "domains_survive"))
    reasons, before = figure(steady["reasons"], 1), figure(steady["reasons_before"], 1)
    yield Bullets(
        items=(
            say(f"เหตุผลที่กลับมา: {features} (เป้าหมาย 80%)", f"Reasons that came back: {features} (wanted: 80%)"),
            say(f"ด้านหลักที่กลับมา: {domains} (เป้าหมาย 95%)", f"Leading domains that came back: {domains} (wanted: 95%)"),
            say(
                f"ตัวบ่งชี้ที่นิ่งพอจะเป็นเหตุผลได้: {steady['shown']} / {len(steady['spread'])}",
                f"Features steady enough to be a reason: {steady['shown']} / {len(steady['spread'])}",
            ),
            say(*_LEADING_DOMAIN),
            say(
                f"เหตุผลต่อนักเรียนหนึ่งคน: {reasons} (ก่อนกรอง {before})",
                f"Reasons a student: {reasons} (before the filter {before})",
            ),
            _compared(card, steady["compared"]),
        )
    )
    weight = steady["weight"]
    looked_at = [name for name in sorted(weight, key=lambda one: -weight[one]) if weight[name] > 0][:_LISTED_FEATURES]
    yield Table(
        caption=say(
            "ตัวบ่งชี้ที่แบบจำลองดูมากที่สุด ผลน้อยกว่าเกณฑ์ไม่นับเป็นเหตุผล (log-odds; 10 = ไม่ใช้เป็นเหตุผล)",
            "What the model looks at most; a contribution below its bar is no reason (log-odds; 10: never a reason)",
        ),
        head=(say("ตัวบ่งชี้", "Feature"), say("ผลเฉลี่ย", "Mean contribution"), say("เกณฑ์", "Bar")),
        rows=tuple(
            cells(card.feature(name), f"{weight[name]:.3f}", f"{steady['spread'][name]:.2f}") for name in looked_at
        ),
    )

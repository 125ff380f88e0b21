"""The parts of a card that say what a model is for, who signed it, on what it rests, and which checks it passed."""

from collections.abc import Iterator, Mapping
from typing import Any

from models.card_blocks import Block, Bullets, Heading, Paragraph, Table, cells
from models.card_words import LOOKED_AT, PROBE_NAMES, Telling, beside, count, figure, interval, share
from models.horizon import HORIZONS
from records.clock import BANGKOK
from records.lists import EVERY_INSTITUTION
from records.promotions import Signed
from records.text import Text

_BLOCKING, _ADVICE, _PASSED, _NOT_APPLICABLE = "blocking", "advice", "passed", "not_applicable"


def purpose(card: Telling) -> Iterator[Block]:
    say = card.say
    yield Heading(text=say("ใช้เพื่ออะไร และห้ามใช้เพื่ออะไร", "What it is for, and never for"))
    yield Paragraph(
        text=say(
            "แบบจำลองนี้ช่วยครูที่ปรึกษาและคณะกรรมการเลือกว่าสัปดาห์นี้ควรพูดคุยหรือเยี่ยมบ้านใครก่อน ครูเป็นผู้ตัดสินใจเสมอ",
            "This model helps advisors and committees choose whom to talk to or visit first this week. "
            "People decide, always.",
        )
    )
    yield Paragraph(
        text=say(
            "ห้ามใช้ลงโทษ ตัดสิทธิ์ ปฏิเสธการรับเข้าเรียนหรือความช่วยเหลือ จัดห้องเรียน หรือเปิดเผยต่อเพื่อนนักเรียน คะแนนไม่ใช่คำตัดสินตัวเด็ก",
            "Never to punish, to refuse a place or help, to sort classes, or to be shown to other students. "
            "A score is not a verdict on a child.",
        ),
        boxed=True,
    )
    horizon = HORIZONS.get(card.evidence["horizon"])
    ahead = card.evidence["horizon"] if horizon is None else horizon.text.in_language(card.language)
    yield Paragraph(
        text=say(
            f"คะแนนบอกโอกาสออกกลางคัน{ahead}นับจากวันของรายชื่อ คะแนนหมดอายุ 14 วันหลังวันนั้น",
            f"A score is the chance of leaving {ahead} of the list's day. It is stale 14 days after that day.",
        )
    )
    yield Paragraph(text=_kind(card))


def _kind(card: Telling) -> str:
    """What kind of model it is, in one sentence."""
    if card.card["linear"]:
        return card.say(
            "คะแนนมาจากสองส่วนเฉลี่ยกัน คือต้นไม้ตัดสินใจตื้น ๆ หลายต้น กับสมการเส้นตรงที่บวกทีละตัวบ่งชี้ "
            "ทั้งสองส่วนไม่มีตัวบ่งชี้ใดสวนทางกับที่ประกาศไว้ และแยกได้ครบว่าแต่ละตัวบ่งชี้เพิ่มหรือลดเท่าใด",
            "A score is the mean of two parts, many shallow decision trees and a straight line that adds feature by "
            "feature; in neither does a feature go against its declared direction, and what each adds is known exactly.",
        )
    return card.say(
        "คะแนนมาจากต้นไม้ตัดสินใจตื้น ๆ หลายต้น ไม่มีตัวบ่งชี้ใดสวนทางกับที่ประกาศไว้ และแยกได้ครบว่าแต่ละตัวบ่งชี้เพิ่มหรือลดเท่าใด",
        "A score comes from many shallow decision trees; no feature goes against its declared direction, and what each "
        "adds is known exactly.",
    )


def signatures(card: Telling) -> Iterator[Block]:
    say = card.say
    yield Heading(text=say("ใครลงนาม", "Who signed"))
    if not card.signed:
        yield Paragraph(
            text=say("ยังไม่มีผู้ลงนามให้แบบจำลองนี้รับหน้าที่", "Nobody has signed for this model yet: it is in charge nowhere.")
        )
        return
    everywhere = say("ทุกสถานศึกษา", "every institution")
    places = {
        code: everywhere if code == EVERY_INSTITUTION else code for code in (one.institution for one in card.signed)
    }
    own = card.signed[0].model_digest  # a decision of something else ends this one's, and comes after it
    newest = {one.institution: one.model_digest for one in card.signed}
    holds = ", ".join(places[code] for code, digest in newest.items() if digest == own)
    yield Paragraph(
        text=say(f"ขณะนี้รับหน้าที่: {holds or 'ไม่มีที่ใด'}", f"In charge now at: {holds or 'none'}"),
    )
    rows = [
        cells(
            card.day(one.at.astimezone(BANGKOK).date().isoformat()),
            one.signed_by,
            places[one.institution],
            _act(card, own, one),
            one.reason,
        )
        for one in card.signed
    ]
    head = (say("วันที่", "Day"), say("ผู้ลงนาม", "Who"), say("สำหรับ", "For"), say("ทำอะไร", "What"), say("เหตุผล", "Why"))
    yield Table(head=head, rows=tuple(rows), words=5)


def _act(card: Telling, own: str, one: Signed) -> str:
    if one.model_digest == own:
        return (
            card.say("ให้รับหน้าที่", "put in charge") if one.undoes is None else card.say("กลับมาใช้", "put back in charge")
        )
    return card.say("ให้รายชื่ออื่นแทน", "replaced") if one.undoes is None else card.say("ถูกถอน", "taken back")


def decision(card: Telling) -> Iterator[Block]:
    """Which list is shown where, and why."""
    say, gain = card.say, card.evidence["gain"]
    yield Heading(text=say("แสดงรายชื่อใด เพราะเหตุใด", "Which list is shown, and why"))
    if gain is None:
        yield Paragraph(
            text=say(
                "ยังไม่มีภาคเรียนที่จบแล้วให้ทดสอบ จึงยังไม่รู้ว่าดีกว่ารายชื่ออย่างง่ายหรือไม่",
                "No closed term could test it, so nobody knows whether it beats a simple list.",
            )
        )
        return
    if any(one["section"] == _BLOCKING for one in card.card["checks"]):
        yield Paragraph(
            text=say(
                "แบบจำลองนี้ไม่ผ่านการตรวจสอบที่ต้องผ่าน จึงรับหน้าที่ไม่ได้ รายชื่อเดิมใช้ต่อไป",
                "A blocking check failed, so this model cannot be put in charge: the list before stays.",
            ),
            boxed=True,
        )
    yield Paragraph(text=_gained(card, gain))
    head = (
        say("สถานศึกษา", "Institution"), say("รายชื่อที่เลือก", "List chosen"), say("ตัดสินจาก", "Judged"),
        say("นักเรียน", "Students"), say("ผู้ออก", "Leavers"), say("พบเพิ่มต่อสัปดาห์", "More reached a week"),
    )  # fmt: skip
    rows = tuple(_institution(card, one) for one in card.evidence["institutions"])
    if rows:
        yield Table(head=head, rows=rows, words=3)
        yield Paragraph(
            text=say(
                "ที่ใดเลือกรายชื่ออื่น หรือไม่อยู่ในตารางนี้ จะให้แบบจำลองรับหน้าที่ที่นั่นไม่ได้",
                "Where another list was chosen, or at a place that is not in this table, the model is not put in charge.",
            )
        )


def _gained(card: Telling, gain: Mapping[str, Any]) -> str:
    against, more = card.list_name(gain["against"]), beside(interval(gain["per_week"]))
    best = _OPPONENTS[card.evidence.get("opponent_chosen_before")]  # cards of before do not tell
    return card.say(
        f"เทียบกับ{against} ซึ่งเป็น{best.th} ด้วยจำนวนเยี่ยมเท่ากัน "
        f"แบบจำลองพบผู้ที่จะออกเพิ่มสัปดาห์ละ {more} คน (ช่วงเชื่อมั่น 95 % ผู้ออก {count(gain['leavers'])} คน)",
        f"Beside {best.en} ({against}), with the same number of visits, it reaches "
        f"{more} more leavers a week (95 % interval; {count(gain['leavers'])} leavers, {_drawn(gain['by'])}).",
    )


_OPPONENTS = {
    True: Text(th="รายชื่ออย่างง่ายที่ดีที่สุดในภาคเรียนก่อนภาคเรียนทดสอบ", en="the simple list that did best on earlier terms"),
    False: Text(
        th="รายชื่ออย่างง่ายที่ดีที่สุดในภาคเรียนทดสอบเอง (ไม่มีภาคเรียนก่อนหน้าให้เลือก)",
        en="the simple list that did best on the test terms themselves, there being no earlier ones to choose it on",
    ),
    None: Text(th="รายชื่ออย่างง่ายที่ดีที่สุด", en="the best simple list"),
}


def _drawn(by: str) -> str:
    return f"{by} drawn again"


def _institution(card: Telling, one: Mapping[str, Any]) -> tuple[Any, ...]:
    say = card.say
    judged = say("ทั้งกลุ่ม", "with its group") if one["judged_with_group"] else say("ตนเอง", "by itself")
    if one["clearly_worse"]:
        judged += say(" แย่กว่าชัดเจน", ", clearly worse here")
    figures = (count(one["students"]), count(one["leavers"]), interval(one["gain"]["per_week"]))
    return cells(one["institution"], card.list_name(one["chosen"]), judged, *figures)


def checks(card: Telling) -> Iterator[Block]:
    say, results = card.say, card.card["checks"]
    yield Heading(text=say("การตรวจสอบ", "Checks"))
    head = (
        "",
        say("พบอะไร", "What was seen"),
        say("เพราะเหตุใดจึงตรวจ", "Why it is asked"),
        say("ทำอย่างไร", "What to do"),
    )
    captions = {
        _BLOCKING: say("ไม่ผ่าน ใช้งานไม่ได้ ไม่มีลายเซ็นใดยกเว้นได้", "Failed, and blocking: no signature overrides it"),
        _ADVICE: say("ควรพิจารณาก่อนลงนาม", "To be weighed before signing"),
    }
    for section, caption in captions.items():
        rows = tuple(_check(card, one) for one in results if one["section"] == section)
        if rows:
            yield Table(head=head, rows=rows, words=4, caption=caption)
    for section, caption in ((_PASSED, say("ผ่าน", "Passed")), (_NOT_APPLICABLE, say("ตรวจไม่ได้", "Could not be asked"))):
        found = [f"{one['code']} {_short(card, one)}" for one in results if one["section"] == section]
        if found:
            yield Paragraph(text=f"{caption} ({len(found)}): {' · '.join(found)}")


def _check(card: Telling, one: Mapping[str, Any]) -> tuple[Any, ...]:
    return cells(
        one["code"], card.held(one["said"] or one["title"]), card.held(one["why"]), card.held(one["what_to_do"])
    )


def _short(card: Telling, one: Mapping[str, Any]) -> str:
    return card.held(one["title"]) + (f" ({card.held(one['said'])})" if one["said"] else "")


def data(card: Telling) -> Iterator[Block]:
    say, training, test = card.say, card.evidence["training"], card.evidence["test"]
    yield Heading(text=say("ข้อมูลที่ใช้ และข้อมูลเก่าเพียงใด", "Data, and how old it is"))
    sampled = training["kept_rows"] < training["rows"]
    items = [
        f"{say('สถานศึกษา', 'Institutions')}: {', '.join(training['institutions'])}",
        say(
            f"ฝึกเมื่อ {card.day(training['trained_on'])} ข้อมูลถึงรายชื่อวันที่ {card.day(training['newest_as_of'])}",
            f"Trained on {training['trained_on']}; the newest week that taught is that of {training['newest_as_of']}",
        ),
        f"{say('ภาคเรียนที่ใช้สอน', 'Training terms')}: {', '.join(training['terms'])}",
        say(
            f"แถวที่ใช้สอน (นักเรียนหนึ่งคนหนึ่งสัปดาห์): {training['rows']:,} ออกกลางคัน {share(training['base_rate'], 1)} "
            f"(นับอย่างเคร่งครัด {share(training['strict_base_rate'], 1)}) ผู้ออก {count(training['leavers'])} คน",
            f"Training rows (one student, one week): {training['rows']:,}, of which {share(training['base_rate'], 1)} before "
            f"leaving ({share(training['strict_base_rate'], 1)} by the strict reading); {count(training['leavers'])} leavers",
        ),
        say(
            f"หายไปแล้วแต่ยังไม่มีใครทราบในวันนั้น (นับแยก ไม่ใช้สอน): {training['gone_rows']:,}",
            f"Gone before anybody knew (counted apart, not trained on): {training['gone_rows']:,}",
        ),
        f"{say('สัปดาห์ที่ยังไม่รู้ผล', 'Weeks whose outcome is not known yet')}: {training['immature_weeks']:,}",
        say(
            f"แถวที่ใช้สอนซึ่งรู้จากข้อมูลย้อนหลังเท่านั้น เวลาทราบจึงเป็นการประมาณ: {share(training['reconstructed_share'])} "
            f"(ทุกภาคเรียนรวมกันมีรายการข้อมูลเช่นนี้ {training['reconstructed_rows']:,} รายการ)",
            f"Training rows told by history alone: {share(training['reconstructed_share'])} "
            f"(records whose entry time was reconstructed, of all terms: {training['reconstructed_rows']:,})",
        ),
    ]
    if sampled:
        items.append(
            say(
                f"สุ่มสัปดาห์ที่ไม่มีเหตุการณ์ เหลือ {training['kept_rows']:,} แถว ถ่วงน้ำหนักคืนแล้ว",
                f"Quiet weeks were sampled: {training['kept_rows']:,} rows kept, weighted back",
            )
        )
    yield Bullets(items=(*items, *_tested(card, test)))
    yield from _sources(card)


def _tested(card: Telling, test: Mapping[str, Any] | None) -> Iterator[str]:
    say = card.say
    if test is None:
        yield say("ภาคเรียนทดสอบ: ไม่มี", "Test terms: none")
        return
    yield say(
        "การทดสอบ: แต่ละภาคเรียนทดสอบด้วยแบบจำลองที่สอนจากภาคเรียนก่อนหน้านั้นเท่านั้น แล้วจึงสอนแบบจำลองที่ใช้จริงใหม่จากทุกภาคเรียน",
        "The test: each test term was judged by a model that had seen only the terms before it; the model in use was then "
        "trained on all terms",
    )
    yield say(
        f"ภาคเรียนทดสอบ: {', '.join(test['terms'])} {test['weeks']} สัปดาห์ "
        f"(ข้าม {test['skipped_weeks']}) {test['rows']:,} แถว นักเรียน {test['students']:,} คน ผู้ออก {test['leavers']:,} คน",
        f"Test terms: {', '.join(test['terms'])}, {test['weeks']} weeks ({test['skipped_weeks']} skipped), "
        f"{test['rows']:,} rows, {test['students']:,} students, {test['leavers']:,} leavers",
    )
    yield say(
        f"นักเรียนในภาคเรียนทดสอบที่มีอยู่แล้วในภาคเรียนก่อนหน้าที่ใช้สอน: {test['students_also_trained']:,} คน (ยอมให้ซ้ำได้ เพราะทดสอบไปข้างหน้า)",
        f"Students of the test terms who were in the terms trained on before: {test['students_also_trained']:,} (allowed: the "
        "test is forward in time)",
    )
    if test["capacity_is_default"]:
        yield say(
            "ยังไม่ได้กรอกจำนวนเยี่ยมต่อสัปดาห์ หรือกรอกเป็น 0 จึงคิดที่หนึ่งในสิบของนักเรียน",
            "No visits a week were entered, or 0: a tenth of the students stands for them",
        )


def _sources(card: Telling) -> Iterator[Block]:
    say, lags, silent = card.say, card.evidence["lags"], card.evidence["silent_domains"]
    if lags:
        head = (
            say("แหล่งข้อมูล", "Source"), say("ตาราง", "Table"), say("มาถึงล่าสุด", "Last came"),
            say("ล่าช้าปกติ (วัน)", "Usual delay (days)"), say("9 ใน 10 ภายใน (วัน)", "9 of 10 within (days)"),
        )  # fmt: skip
        rows = tuple(
            cells(
                f"{one['source']} ({one['institution']})", card.held(one["table_label"]),
                card.day(one["last_told_on"]) + (say(" ขาดหาย", ", silent") if one["stale"] else ""),
                str(one["median_days"]), str(one["nine_in_ten_days"]),
            )
            for one in lags
        )  # fmt: skip
        yield Table(head=head, rows=rows, words=3, caption=say("ข้อมูลมาช้าเพียงใด", "How late the records come"))
    if silent:
        names = ", ".join(card.domain(name) for name in silent)
        yield Paragraph(text=say(f"ภาคเรียนล่าสุดไม่มีข้อมูลด้าน: {names}", f"The newest term knows nothing about: {names}"))


def glossary(card: Telling) -> Iterator[Block]:
    """What the figures' names mean, for who signs."""
    say = card.say
    yield Heading(text=say("คำอธิบายตัวเลข", "What the figures mean"))
    words = (
        say("AUC: สุ่มผู้ออกหนึ่งคนกับผู้ไม่ออกหนึ่งคน แบบจำลองให้ผู้ออกมาก่อนกี่ครั้งใน 1 (0.5 คือเดาสุ่ม)",
            "AUC: of one leaver and one who stays, both drawn at random, how often the leaver ranks first (0.5: a guess)"),
        say("ความแม่นเฉลี่ย (AP): สัดส่วนผู้ออกในรายชื่อ เฉลี่ยตามความยาวรายชื่อ", "Average precision: the share of leavers on the list, averaged over its lengths"),
        say("Brier: ความคลาดเคลื่อนกำลังสองของความน่าจะเป็น ยิ่งน้อยยิ่งดี Brier skill: ดีกว่าการบอกทุกคนด้วยอัตราของภาคเรียนก่อนหน้าเท่าไร (0 คือเท่ากัน)",
            "Brier: the squared error of the probabilities, less is better; Brier skill: how much better than telling everybody the rate of the terms before (0: the same)"),
        say("ECE: ความน่าจะเป็นที่บอกต่างจากที่เกิดจริงเฉลี่ยเท่าไร ความชัน 1 และจุดตัด 0 คือพอดี",
            "ECE: how far told and seen shares lie apart on average; slope 1 and intercept 0 are right"),
        say("กี่เท่าของสุ่ม: ผู้ออกในรายชื่อมากกว่าสุ่มเลือกกี่เท่า", "Lift: how many times more leavers than on a list drawn at random"),
        say("log-odds: หน่วยของผลที่แบบจำลองบวกกัน 0.7 ทำให้โอกาสต่อไม่โอกาสเป็นราวสองเท่า",
            "log-odds: the unit in which the model adds; 0.7 about doubles the odds"),
    )  # fmt: skip
    yield Bullets(items=words)


def limits(card: Telling) -> Iterator[Block]:
    say, evidence = card.say, card.evidence
    yield Heading(text=say("ข้อจำกัด", "Limits"))
    items = [
        say(
            "ยังไม่ได้พิสูจน์ว่าการใช้รายชื่อนี้ทำให้ออกกลางคันน้อยลง: ไม่ได้วัด",
            "Whether using the list lowers drop-out: not measured.",
        ),
        say(
            "ช่วงเชื่อมั่นบอกความไม่แน่นอนของภาคเรียนที่ทดสอบ ไม่บอกว่าภาคเรียนหน้าจะต่างไปเพียงใด",
            "The intervals tell how uncertain the tested terms are, not how the next term will differ.",
        ),
        say(
            "ผู้ที่ครูช่วยไว้ได้ในอดีตนับเป็นผู้ไม่ออก แบบจำลองจึงอาจประเมินผู้ที่เคยได้รับการช่วยต่ำไป",
            "Those whom somebody helped in time count as having stayed: the model may rate students like them too low.",
        ),
        say(
            "ใช้ได้กับสถานศึกษาและตัวบ่งชี้ที่ระบุไว้เท่านั้น สถานศึกษาที่เพิ่มหลังให้รับหน้าที่ทุกแห่งจะใช้แบบจำลองนี้ด้วย จนกว่าจะมีผู้ลงนามเป็นอย่างอื่น",
            "It speaks for the institutions and features named here, and no others. One that is added after the model was put "
            "in charge of all gets its list too, until somebody signs otherwise.",
        ),
    ]
    if evidence["leaks"]:
        found = ", ".join(_leak(card, one) for one in evidence["leaks"])
        items.append(say(f"พบร่องรอยข้อมูลรั่ว: {found}", f"Traces of a leak: {found}"))
    yield Bullets(items=tuple(items))
    prints = {
        say("ตัวบ่งชี้", "catalogue"): evidence["catalogue_fingerprint"],
        say("ข้อมูล", "panel"): card.card["panel_fingerprint"],
    }
    told = " · ".join(f"{name} {value[:16]}" for name, value in prints.items())
    yield Paragraph(text=f"{say('ลายนิ้วมือ', 'Fingerprints')}: {told}")


def _leak(card: Telling, one: Mapping[str, Any]) -> str:
    what = f": {card.words(LOOKED_AT, one['feature'])}" if one["feature"] else ""
    return f"{card.words(PROBE_NAMES, one['probe'])}{what} ({figure(one['strength'])})"

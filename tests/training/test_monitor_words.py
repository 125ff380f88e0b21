"""What `zerodrop monitor` says: of which day, of whom, and every line in Thai and in English."""

from dataclasses import replace
from datetime import date

from features.catalogue import FEATURE_OF
from records.monitoring import ALERT_OF, FEWER_LEAVE, MORE_LEAVE, SOURCE_SILENT, MonitoredWeek
from training.monitor_commands import EVERYBODY, _lines

WEEK = MonitoredWeek(
    institution="1320026101", as_of=date(2025, 9, 8), model_digest="d", students=150, expected=1.25, observed=2, up=0.4,
    down=0.0, threshold=3.5, settled_expected=4.0, settled_observed=5, alerts=[SOURCE_SILENT],
    completeness={"attendance": 0.9}, lags=[{"source": "dmc", "table": "attendance", "stale": True}], staying=0.8,
    drift=0.02, drifted=["missed_share_28d"],
)  # fmt: skip
EARLIER = replace(WEEK, as_of=date(2025, 9, 1), alerts=[], lags=[])


def is_thai(text: str) -> bool:
    return any("\u0e01" <= letter <= "\u0e5b" for letter in text)


def test_it_speaks_of_the_newest_list_and_of_deliveries_as_of_today() -> None:
    first, *others = _lines({"1320026101": [EARLIER, WEEK]})
    assert first == (
        "1320026101 รายชื่อล่าสุดวันที่ 08/09/2568 การส่งข้อมูลดูถึงวันนี้ · "
        "1320026101, newest list of 2025-09-08; deliveries are looked at as of today"
    )
    assert not any("2025-09-01" in line or "01/09/2568" in line for line in others)


def test_several_institutions_together_are_called_so() -> None:
    lines = _lines({"1320026101": [EARLIER], EVERYBODY: [WEEK]})
    heads = [line for line in lines if not line.startswith(" ")]
    assert [head.split(" รายชื่อล่าสุดวันที่ ")[0] for head in heads] == ["1320026101", "ทุกแห่งรวมกัน"]
    assert "· all together, newest list of 2025-09-08; " in heads[1]
    assert not any(EVERYBODY in line for line in lines)


def test_an_alarm_in_a_break_is_told_beside_the_newest_list_and_names_no_list_of_its_own() -> None:
    on_break = replace(
        WEEK,
        as_of=date(2025, 10, 6),
        students=0,
        alerts=[MORE_LEAVE],
        completeness={},
        lags=[],
        staying=None,
        drift=None,
    )
    lines = _lines({"1320026101": [EARLIER, WEEK, on_break]})
    assert ", newest list of 2025-09-08; " in lines[0]
    assert (
        "  เงียบไป: การมาเรียนรายวัน จากทะเบียน DMC (36 คอลัมน์) · silent: Attendance from DMC roster workbook (36 columns)"
    ) in lines
    alerts = [line.split(":")[0] for line in lines if line.startswith("  ! ")]
    assert alerts == ["  ! SOURCE_SILENT", "  ! MORE_LEAVE"]


def test_every_line_is_said_in_thai_first_and_in_english() -> None:
    for line in _lines({"1320026101": [EARLIER, WEEK]}):
        thai, separated, english = line.partition(" · ")
        assert separated, line
        assert is_thai(thai), line
        assert not is_thai(english), line


def test_features_that_moved_are_called_what_they_are_called_elsewhere() -> None:
    label = FEATURE_OF["missed_share_28d"].label
    assert (
        f"  ข้อมูลที่แบบจำลองใช้ขยับจากปีก่อน 0.020 มากที่สุดคือ {label.th} · "
        f"inputs moved from earlier years by 0.020, most of all {label.en}"
    ) in _lines({"1320026101": [WEEK]})


def test_a_source_that_a_clerk_described_has_only_its_name() -> None:
    own = replace(WEEK, lags=[{"source": "our_marks", "table": "grades", "stale": True}])
    [silent] = [line for line in _lines({"1320026101": [own]}) if line.startswith("  เงียบไป")]
    assert "จากour_marks · " in silent
    assert silent.endswith(" from our_marks")


def test_weeks_whose_model_cannot_be_read_say_that_their_drift_is_not_known() -> None:
    older = replace(EARLIER, model_digest="0123456789abcdef", drift=None, drifted=[])
    found = {"1320026101": [older, WEEK]}
    [said] = [line for line in _lines(found, ["0123456789abcdef"]) if "0123456789ab" in line]
    thai, _, english = said.partition(" · ")
    assert thai.startswith("  ไม่ทราบว่าข้อมูลที่แบบจำลองใช้ขยับเพียงใดใน 1 สัปดาห์ เพราะที่นี่อ่านแบบจำลอง 0123456789ab ไม่ได้แล้ว")
    assert english.startswith(
        "how far inputs moved is not known for 1 weeks, for model 0123456789ab can no longer be read"
    )
    assert not any("0123456789ab" in line for line in _lines(found))


def test_what_was_told_is_summed_over_the_weeks_and_the_chart_is_of_the_last() -> None:
    lines = _lines({"1320026101": [EARLIER, WEEK]})
    assert "  การออกที่แจ้งมาแล้ว 4 คน ตามคะแนนควรแจ้งแล้ว 2.5 คน · 4 leavings told, 2.5 should have been by now" in lines
    assert "  แผนภูมิ: มากขึ้น 0.40 น้อยลง 0.00 เตือนที่ 3.50 · chart: more 0.40, fewer 0.00, alarm at 3.50" in lines
    assert (
        "  2 สัปดาห์ที่ทราบผลแล้ว: ออกจริงต่อที่คาด 10/8.0 (1.25) · 2 settled weeks: left over expected 10/8.0 (1.25)" in lines
    )


def test_alarms_of_the_chart_say_that_a_young_college_does_not_know_how_its_terms_differ() -> None:
    for code in (MORE_LEAVE, FEWER_LEAVE):
        said = "\n".join(_lines({"1320026101": [replace(WEEK, alerts=[code])]}))
        assert "ยังไม่ทราบว่าแต่ละภาคเรียนต่างกันเองเพียงใด การเตือนนี้อาจเป็นเพียงความต่างนั้น" in said
        assert "Until a term of the year has closed twice, how far terms differ of themselves is not known" in said


def test_an_alert_of_the_newest_week_says_what_it_means_and_what_to_do() -> None:
    alert = ALERT_OF[SOURCE_SILENT]
    assert _lines({"1320026101": [EARLIER, WEEK]})[-2:] == [
        f"  ! {alert.code}: {alert.means.th} · {alert.means.en}",
        f"    {alert.what_to_do.th} · {alert.what_to_do.en}",
    ]
    assert _lines({"1320026101": [WEEK, replace(EARLIER, as_of=date(2025, 9, 15))]})[-1] == "  ไม่มีการเตือน · no alert"

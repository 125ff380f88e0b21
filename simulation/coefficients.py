"""Every number of the simulated college, once, with the source it was published in or the word that it is a judgement.

`beta_…` are log-odds of drifting away (per standard deviation, or for belonging to the group); the baselines were tuned
until the head-count losses that the Ministry publishes came out. Sections and page numbers are those of the domain
reference, part 2.8, unless the source says otherwise.
"""

from dataclasses import dataclass
from functools import cache


@dataclass(frozen=True, kw_only=True)
class Coefficient:
    name: str
    value: float
    unit: str
    source: str
    judged: bool


def _published(name: str, value: float, unit: str, source: str) -> Coefficient:
    return Coefficient(name=name, value=value, unit=unit, source=source, judged=False)


def _judged(name: str, value: float, unit: str, why: str) -> Coefficient:
    return Coefficient(name=name, value=value, unit=unit, source=f"judgement: {why}", judged=True)


_LOSS_YEAR_1 = "tuned to the loss from ปวช. year 1 to 2 of 19.1–20.9 %, NSO Social Indicators 2566 p. 210"
_LATER_LOSS = "tuned to losses clearly below year 1 (5–9 % in ปวช. 2, 10–12 % in ปวส. 1)"
_SUGGESTED = "sizes for Thai vocational data were not found; suggested with the calibration numbers"
_PEAKS = "leaving peaks in weeks 2–8 of term 1, at the start of term 2 and after the ขร. list"
_OPINION = "no figure found; chosen so that files look like those of a college"

CALENDAR = (
    _published("opening_month_1", 5, "month", "ministry rule: term 1 opens on 16 May"),
    _published("opening_day_1", 16, "day", "ministry rule: term 1 opens on 16 May"),
    _published("closing_month_1", 10, "month", "ministry rule: term 1 closes on 11 October"),
    _published("closing_day_1", 11, "day", "ministry rule: term 1 closes on 11 October"),
    _published("opening_month_2", 11, "month", "ministry rule: term 2 opens on 1 November"),
    _published("opening_day_2", 1, "day", "ministry rule: term 2 opens on 1 November"),
    _published("closing_month_2", 4, "month", "ministry rule: term 2 closes on 1 April"),
    _published("closing_day_2", 1, "day", "ministry rule: term 2 closes on 1 April"),
    _judged("teaching_weeks", 19, "weeks", "about 18 weeks a term with examinations, plus holidays"),
)

SIZES = (
    _judged("group_size", 30, "students", "usual size of a class group at entry"),
    _judged(
        "share_V1",
        0.300,
        "share of heads",
        "ปวช. 1 of the 668,500 ปวช. heads of 2563, with ปวส. added (NSO 2566 p. 69)",
    ),
    _judged("share_V2", 0.240, "share of heads", "as left after the loss of year 1"),
    _judged("share_V3", 0.223, "share of heads", "as left after the loss of year 2"),
    _judged("share_D1", 0.125, "share of heads", _OPINION),
    _judged("share_D2", 0.112, "share of heads", "as left after the loss of ปวส. 1"),
    _judged("transfers_in_a_term", 0.005, "share of heads", "about 1 % a year move in"),
    _judged("transfers_out_a_week", 0.00026, "weekly hazard", "about 1 % a year move out"),
    _judged("deaths_among_exits", 0.04, "share of those who move or die", _OPINION),
    _judged("dual_group_every", 6, "rooms", "every sixth room of a level is a dual-system one"),
    _judged("return_share", 0.08, "share of leavers", "23.9 % of those found wanted back (moe360, 2565); fewer come"),
    _judged("visits_per_student", 0.01, "visits a week", "about one home visit a week for a hundred students"),
    _judged("visits_least", 3, "visits a week", _OPINION),
    _judged("rows_per_advisor", 5, "rows", "the default of the architecture"),
    _published("rule_attendance_share", 0.8, "share", "80 % rule: below it ข.ร."),
    _published("rule_absent_run_notice", 5, "days", "guardians are written to after 5 days in a row"),
    _published(
        "rule_absent_run_dismissal", 15, "days", "measurement rules ปวช. 2557: absent more than 15 days in a row"
    ),
    _published("rule_gpa_minimum", 2.0, "GPA", "graduation needs GPAX 2.00"),
    *(
        _judged(f"bar_{stage}_{terms}", gpa, "GPA", "an example of what a college may set; no confirmed number")
        for stage, terms, gpa in (("VOCATIONAL", 2, 1.5), ("VOCATIONAL", 4, 1.75), ("HIGHER_VOCATIONAL", 2, 1.75))
    ),
)

LEAVING = (
    _judged("onset_base", -6.18, "log-odds a week", _LOSS_YEAR_1),
    _judged("sudden_base", -8.0, "log-odds a week", _LOSS_YEAR_1),
    _judged("break_base_1", -5.45, "log-odds", "not coming back after term 1; " + _LOSS_YEAR_1),
    _judged("break_base_2", -5.05, "log-odds", "not coming back after the year; " + _LOSS_YEAR_1),
    _judged("level_V1", 0.7, "log-odds", _SUGGESTED + " (year 1 against year 2)"),
    _judged("level_V2", -0.25, "log-odds", _LATER_LOSS),
    _judged("level_V3", -0.45, "log-odds", _LATER_LOSS),
    _judged("level_D1", -0.1, "log-odds", _LATER_LOSS),
    _judged("level_D2", -0.45, "log-odds", _LATER_LOSS),
    _judged("beta_ability", -0.8, "log-odds per SD", _SUGGESTED + " (first-term GPA)"),
    _judged("beta_income", -0.3, "log-odds per SD", _SUGGESTED),
    _judged("beta_attachment", -0.5, "log-odds per SD", _OPINION),
    _judged("beta_lateness", 0.3, "log-odds per SD", _SUGGESTED + " (lates)"),
    _judged(
        "beta_attendance",
        -0.55,
        "log-odds per SD",
        "the lasting part of the absence beta of 1.0–1.3; drifting is the rest",
    ),
    _judged("beta_extreme_poverty", 0.4, "log-odds", _SUGGESTED),
    _judged("beta_parents_apart", 0.2, "log-odds", _SUGGESTED),
    _judged("beta_far", 0.25, "log-odds", _SUGGESTED + " (more than 20 km)"),
    _judged("beta_works", 0.2, "log-odds", _OPINION),
    _judged("beta_scholarship", -0.3, "log-odds", _OPINION),
    _judged("beta_returned", 0.8, "log-odds", _SUGGESTED),
    _judged("beta_dual", -0.3, "log-odds", _SUGGESTED),
    _judged("far_km", 20, "km", _SUGGESTED),
    _judged("risk_share_sudden", 0.7, "share of the betas", "some leave without any sign"),
    _judged("risk_share_drifting", 0.4, "share of the betas", "who drifts is already selected"),
    _judged("risk_share_break", 0.8, "share of the betas", _OPINION),
    _judged("drift_leave_base", -4.3, "log-odds a week", "decay of 3–8 weeks before the last day"),
    _judged("drift_leave_growth", 0.45, "log-odds a week of drifting", "decay of 3–8 weeks before the last day"),
    _judged("drift_weeks", 8, "weeks", "decay of 3–8 weeks before the last day; then it stays as low"),
    _judged("drift_recovery", 0.13, "weekly share", "stayers with bad attendance exist"),
    _judged("drift_break_bonus", 1.4, "log-odds", "who drifts is less likely to come back"),
    _judged("drift_break_recovery", 0.6, "share", "a break mends some"),
    _judged("khr_list_bonus", 0.6, "log-odds a week", _PEAKS),
    _judged("timing_1_weeks_1_5", 0.95, "log-odds", _PEAKS),
    _judged("timing_1_weeks_6_8", 0.2, "log-odds", _PEAKS),
    _judged("timing_1_weeks_9_13", -0.3, "log-odds", _PEAKS),
    _judged("timing_1_weeks_14_16", 0.1, "log-odds", _PEAKS),
    _judged("timing_1_weeks_17_30", -0.7, "log-odds", _PEAKS),
    _judged("timing_2_weeks_1_3", 0.3, "log-odds", _PEAKS),
    _judged("timing_2_weeks_4_13", -0.15, "log-odds", _PEAKS),
    _judged("timing_2_weeks_14_16", 0.1, "log-odds", _PEAKS),
    _judged("timing_2_weeks_17_30", -0.7, "log-odds", _PEAKS),
)

TRAITS = (
    _judged("resources_ability", 0.25, "correlation", _OPINION),
    _judged("attachment_ability", 0.25, "correlation", _OPINION),
    _judged("attachment_lateness", -0.35, "correlation", _OPINION),
    _judged("attachment_attendance", 0.45, "correlation", _OPINION),
    _judged("selected_by_year", 0.22, "SD a year passed", "whoever is in a later year when the files begin has lasted"),
    _judged("income_median", 4200, "baht a head and month", "around the criterion of 3,000 baht of form กสศ.01"),
    _judged("income_spread", 0.65, "log SD", "20–25 % poor or extremely poor (EEF, 1/2564)"),
    _published("income_poor", 3000, "baht a head and month", "criterion of form กสศ.01"),
    _judged(
        "income_extreme", 1800, "baht a head and month", "extremely poor families earned about 1,332 (thereporters.co)"
    ),
    _judged("poverty_unknown", 0.25, "share", "most college students have no CCT record"),
    _judged("parents_together", 0.62, "share", _OPINION),
    _judged("parents_separated", 0.14, "share", _OPINION),
    _judged("parents_divorced", 0.12, "share", _OPINION),
    _judged("father_dead", 0.06, "share", _OPINION),
    _judged("mother_dead", 0.03, "share", _OPINION),
    _judged("abandoned", 0.03, "share", _OPINION),
    _judged("travel_median", 9, "km", _OPINION),
    _judged("travel_spread", 0.8, "log SD", _OPINION),
    _judged("works_base", -1.5, "log-odds", _OPINION),
    _judged("works_resources", -0.5, "log-odds per SD", "the poor work more"),
    _judged("scholarship_base", -1.9, "log-odds", _OPINION),
    _judged("scholarship_resources", -0.6, "log-odds per SD", "grants go to the poor"),
    _judged("members_mean", 4.2, "persons", _OPINION),
    _judged("not_thai", 0.03, "share", _OPINION),
    _judged("not_thai_foreign", 0.7, "share of those", "the others have no nationality"),
    _judged("starts_older", 0.25, "share a year", "a few begin a year or more later"),
    *(
        _judged(f"men_{code}", share, "share", f"men in the programme with field code {code}; {_OPINION}")
        for code, share in {
            "01": 0.95,
            "02": 0.1,
            "03": 0.35,
            "04": 0.93,
            "05": 0.85,
            "06": 0.95,
            "07": 0.2,
            "08": 0.85,
        }.items()
    ),
)

ATTENDANCE = (
    _judged("attendance_mean", 0.945, "share of days", "so that stayers come to the .93 of part 2.8, slumps included"),
    _judged("attendance_concentration", 22, "Beta a + b", "stayers between .75 and 1"),
    _judged("drift_decay", 0.5, "log-odds a week", "to about .70 in the fourth week and lower"),
    _judged("slump_start", 0.014, "weekly share", "illness, harvest, work: stayers with bad weeks"),
    _judged("slump_weeks", 3, "weeks at most", _OPINION),
    _judged("slump_depth", 1.6, "log-odds", _OPINION),
    _judged("weekday_1", -0.25, "log-odds", "Monday dip"),
    _judged("weekday_2", 0.08, "log-odds", _OPINION),
    _judged("weekday_3", 0.1, "log-odds", _OPINION),
    _judged("weekday_4", 0.08, "log-odds", _OPINION),
    _judged("weekday_5", -0.3, "log-odds", "Friday dip"),
    _judged("rain_dip", -0.12, "log-odds", "August and September: rain and harvest"),
    _judged("rain_month_first", 8, "month", "rainy season"),
    _judged("rain_month_last", 9, "month", "rainy season"),
    _judged("away_absent", 0.62, "share of days away", _OPINION),
    _judged("away_sick", 0.18, "share of days away", _OPINION),
    _judged("away_personal", 0.08, "share of days away", _OPINION),
    _judged("away_skipped", 0.12, "share of days away", _OPINION),
    _judged("late_base", -2.8, "log-odds of a present day", _OPINION),
    _judged("late_spread", 0.7, "log-odds per SD", _OPINION),
    _judged("forgotten_class_days", 0.045, "share of class-days", "5–10 % of student-days are not recorded"),
    _judged("forgotten_spread", 4, "Beta a + b per class", "some teachers forget more"),
    _judged("forgotten_single", 0.02, "share of student-days", "5–10 % of student-days are not recorded"),
    _judged("late_entry_class_days", 0.03, "share of class-days", "about 4 % of rows entered late"),
    _judged("late_entry_single", 0.01, "share of rows", "about 4 % of rows entered late"),
    _judged("late_entry_days", 14, "days at most", _OPINION),
    _judged("corrected_absences", 0.10, "share of absences", "a sick note comes later"),
    _judged("corrected_to_sick", 0.6, "share of corrections", "the others are leave for a family matter"),
    _judged("corrected_days", 10, "days at most", _OPINION),
    _judged("vanished_rows", 0.0008, "share of rows", "rows that the source deletes later"),
    _judged("vanished_days", 25, "days at most", _OPINION),
    _judged(
        "struck_off_days", 21, "days at most", "the class list still names leavers, as absent, for up to three weeks"
    ),
    _judged("struck_off_at_once", 0.35, "share of leavers", _OPINION),
    _judged("internship_first_week", 8, "week of term", "dual groups of later years"),
    _judged("internship_last_week", 13, "week of term", "dual groups of later years"),
    _judged("company_marked", 0.5, "share of dual groups", "their weeks in the company are marked ฝึกงาน"),
    _judged("company_absent", 0.25, "share of dual groups", "marked absent by the roll call; the others not recorded"),
    _judged(
        "period_group_every", 40, "class groups", "one that calls the roll in class too; more would swell the files"
    ),
    _judged("period_attended", 0.95, "share of periods of a present day", "some skip a class and are there that day"),
    _judged("flag_group_every", 40, "class groups", "one whose flagpole and homeroom roll calls are handed over"),
    _judged("flag_attended", 0.92, "share of mornings of a present day", _OPINION),
    _judged("homeroom_weekday", 2, "weekday, Monday = 0", "homeroom once a week"),
    _judged("session_recorded", 0.95, "share of roll calls", _OPINION),
)

GRADES = (
    _judged("courses", 7, "a term", _OPINION),
    _judged("score_mean", 66, "points", _OPINION),
    _judged("score_ability", 7.5, "points per SD", _OPINION),
    _judged("score_noise", 6.5, "points", _OPINION),
    _judged("score_course", 3, "points", "courses differ"),
    _judged("score_absence", 45, "points per share of days away", _OPINION),
    _judged("khr_share", 0.7, "share of courses", "below 80 % of the days; courses count for themselves"),
    _judged("khr_week_first", 14, "week of term", _PEAKS),
    _judged("khr_week_last", 16, "week of term", _PEAKS),
    _judged("incomplete_share", 0.01, "share of courses", "ม.ส."),
    _judged("missed_final_share", 0.008, "share of courses", "ข.ส."),
    _judged("midterm_week", 9, "week of term", "weeks 9–10"),
    _judged("unsubmitted_base", -3.2, "log-odds", _OPINION),
    _judged("unsubmitted_ability", -0.6, "log-odds per SD", _OPINION),
    _judged("unsubmitted_drift", 0.35, "log-odds a week of drifting", _OPINION),
    _judged("release_after_days", 8, "days after teaching", "grades come out after the examinations"),
    _judged("release_within_days", 7, "days", _OPINION),
    _judged("average_after_days", 3, "days after the last grade", _OPINION),
)

SURVEYS = (
    _judged("household_answered", 0.75, "share of new entrants", _OPINION),
    _judged("household_within_days", 35, "days after opening", _OPINION),
    _judged("dependants_mean", 1.1, "persons", _OPINION),
    _judged("minutes_a_km", 2.6, "minutes", "with waiting for the bus"),
    _judged("baht_a_km_month", 45, "baht", "one way, twenty days a month"),
    _judged("pocket_money", 75, "baht a day", _OPINION),
    _judged("pocket_money_resources", 0.3, "log a SD", "the poor have less"),
    _judged("state_card_poor", 0.7, "share of the poor", _OPINION),
    _judged("state_card_others", 0.15, "share of the others", _OPINION),
    _judged("lives_apart", 0.5, "share of students whose parents do not live together", "with relatives or alone"),
    *(
        _judged(f"lives_{kind}", share, "share of those who live apart", _OPINION)
        for kind, share in {"RELATIVE": 0.7, "ALONE": 0.1, "EMPLOYER": 0.04, "DORM": 0.13, "SPOUSE": 0.03}.items()
    ),
    *(
        _judged(f"housing_{kind}", share, "share", _OPINION)
        for kind, share in {"OWN": 0.68, "RENT": 0.17, "WITH_OTHERS": 0.15}.items()
    ),
    _judged("again_groups", 0.3, "share of groups", "screened a second time in a term"),
    _judged("again_week_first", 11, "week of term", _OPINION),
    _judged("again_week_last", 14, "week of term", _OPINION),
    _judged("screening_week_first", 3, "week of term", _OPINION),
    _judged("screening_week_last", 6, "week of term", _OPINION),
    _judged("screening_advisors", 0.95, "share of groups", "not every advisor screens"),
    _judged("screening_students", 0.95, "share of a screened group", "about 90 % of students in all"),
    _judged("screening_reviewed", 0.94, "share", "nothing ticked and not confirmed means not screened"),
    _judged("screening_noise", 0.8, "SD", "an advisor sees a trait through noise"),
    _judged("screening_concern", 1.1, "SD", _OPINION),
    _judged("screening_close", 2.1, "SD", _OPINION),
    _judged("screening_drift", 0.2, "SD a week of drifting", _OPINION),
)

ROSTERS = (
    _judged("snapshot_after_days", 3, "days after opening", "the first-week roster"),
    _judged("snapshot_within_days", 2, "further days", "the first-week roster"),
    _judged("registered_before_days", 21, "days before opening", _OPINION),
    _judged("registered_late_base", -2.3, "log-odds", "fees are due in weeks 1–4"),
    _judged("registered_late_resources", -0.4, "log-odds per SD", _OPINION),
    _judged("registered_late_attachment", -0.3, "log-odds per SD", _OPINION),
    _judged("still_listed_days", 10, "days", "who left last week is still on the ministry's roster"),
    _judged("still_on_roll", 0.2, "share of leavers of one round", "3.1.8: gone and not yet removable"),
    _judged("flagged_poor", 0.8, "share of the poor", "เด็กยากจน is entered for most"),
)

OUTCOMES = (
    _judged(
        "leavers_told", 0.6, "share of leavers", "the others just stop coming and are missing from the next roster"
    ),
    _judged("told_least_days", 7, "days", "told 1–6 weeks late"),
    _judged("told_most_days", 42, "days", "told 1–6 weeks late"),
    _judged("dismissed_share", 0.2, "share of told leavers", "after 15 days of absence in a row"),
    _judged("dismissed_after_days", 22, "days", "15 teaching days and a holiday"),
    _judged("transfers_confirmed", 0.75, "share", _OPINION),
    _judged("graduates_told", 0.65, "share", _OPINION),
    _judged("returns_told", 0.6, "share", _OPINION),
    _judged("papers_least_days", 2, "days", "what the college does itself it writes down soon"),
    _judged("papers_most_days", 20, "days", "what the college does itself it writes down soon"),
    _published("reason_R01", 0.445, "share", "DOLE 2567, n = 779: family necessity"),
    _judged("reason_R02", 0.17, "share", "between: DOLE 2567 has 32.0 % moved; OBEC 2551–52 has 13.6 %"),
    _judged("reason_R03", 0.06, "share", "DOLE 2567: family 5.1 %"),
    _judged("reason_R04", 0.03, "share", "DOLE 2567: health 2.4 %"),
    _judged("reason_R05", 0.12, "share", "OBEC 2551–52: poverty 39.8 %, DOLE 2567: 1.3 %"),
    _judged("reason_R07", 0.04, "share", "OBEC 2551–52: adjustment 5.6 %"),
    _judged("reason_R10", 0.035, "share", _OPINION),
    _judged(
        "reason_NOT_STATED", 0.10, "share", "unspecified dominates in the Samut Prakan snapshot; less in a college"
    ),
)

COEFFICIENTS: tuple[Coefficient, ...] = (
    *CALENDAR, *SIZES, *LEAVING, *TRAITS, *ATTENDANCE, *GRADES, *SURVEYS, *ROSTERS, *OUTCOMES,
)  # fmt: skip


@cache
def _values() -> dict[str, float]:
    values = {coefficient.name: coefficient.value for coefficient in COEFFICIENTS}
    if len(values) != len(COEFFICIENTS):
        raise ValueError("a coefficient is declared twice")
    return values


def value(name: str) -> float:
    """The number of a coefficient; KeyError when the table has none of that name."""
    return _values()[name]


def whole(name: str) -> int:
    """A coefficient that counts something."""
    return int(_values()[name])


def named(prefix: str) -> dict[str, float]:
    """The coefficients whose names begin so, without the beginning."""
    return {name.removeprefix(prefix): number for name, number in _values().items() if name.startswith(prefix)}

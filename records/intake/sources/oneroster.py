"""A OneRoster bundle, versions 1.1 and 1.2: a zip or folder of CSV files with a manifest (1EdTech).

The students of one school with the homeroom class and term of each; everybody and everything else in it is left alone.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pyarrow as pa

from records.clock import local_day
from records.errors import ImportRefused
from records.intake import normalise
from records.intake.files import Sheet
from records.intake.source import (
    Covers,
    Delivery,
    Field,
    Originals,
    PeopleCells,
    Portion,
    Request,
    Tells,
    Told,
)
from records.intake.sources.oneroster_files import Bundle, file_field, is_bundle, lines_of
from records.intake.sources.oneroster_terms import TermsOf, terms_of
from records.tables import ENROLMENTS, STUDENTS
from records.text import Text

_SEXES = {"male": "M", "female": "F", "unspecified": "U", "other": "U"}
_CEDS = {f"{grade:02d}": f"P{grade}" if grade <= 6 else f"M{grade - 6}" for grade in range(1, 13)}
_GONE = "tobedeleted"


class OneRoster:
    name = "oneroster"
    label = Text(th="ชุดไฟล์ OneRoster 1.1 และ 1.2", en="OneRoster 1.1 and 1.2 bundle")
    about = Text(
        th="ไฟล์ zip หรือโฟลเดอร์ CSV ตามมาตรฐาน OneRoster ใช้เฉพาะนักเรียนของสถานศึกษานี้ ห้องโฮมรูม และภาคเรียน",
        en="a zip or folder of CSV files by the OneRoster standard: the students of this school, their homeroom and term",
    )
    names_institutions = False
    admits = True
    tells: tuple[Tells, ...] = (
        Tells(table=STUDENTS, lag_days=1),
        Tells(table=ENROLMENTS, lag_days=1, covers=Covers.WHOLE_ROSTER),
    )
    fields: tuple[Field, ...] = (
        file_field("users.csv", "identifier", "person.any", required=True, example="69201010025", about=Text(th="รหัสนักเรียน หรือเลขประจำตัวประชาชน", en="the student code, or the national number")),
        file_field("users.csv", "userIds", "person.national", example="{NationalID:1100201520688}", about=Text(th="ใช้เฉพาะเลข 13 หลักหรือรหัส G", en="only a 13-digit number or a G-code is taken")),
        file_field("users.csv", "givenName", "person.first_name", required=True, example="สมชาย"),
        file_field("users.csv", "familyName", "person.last_name", required=True, example="ใจดี"),
        file_field("users.csv", "grades", "enrolments.level", example="07", about=Text(th="01–06 คือ ป.1–ป.6, 07–12 คือ ม.1–ม.6 รหัสอื่นแปลตามตาราง lookups", en="01 to 06 are P1 to P6, 07 to 12 are M1 to M6; other codes by a lookup")),
        file_field("classes.csv", "title", "enrolments.class_group", required=True, example="ม.1/1", about=Text(th="เฉพาะห้องโฮมรูม (classType homeroom)", en="of the homeroom class (classType homeroom)")),
        file_field("academicSessions.csv", "startDate", "enrolments.academic_year", "enrolments.term", required=True, example="2025-05-16", about=Text(th="ลำดับภาคเรียนในปีการศึกษา ปีเป็น พ.ศ. หรือ ค.ศ. ก็ได้", en="the order of the term in its school year; years BE or CE")),
        file_field("demographics.csv", "birthDate", "students.birth_month", "person.birth_date", example="2012-05-13"),
        file_field("demographics.csv", "sex", "students.sex", example="female"),
        *(file_field("users.csv", column) for column in ("username", "middleName", "email", "sms", "phone", "agentSourcedIds", "password")),
    )  # fmt: skip

    def comes_as(self, path: Path) -> bool:
        return is_bundle(path)

    def recognises(self, sheet: Sheet) -> bool:
        return False  # one file of a bundle says too little

    def deliver(self, request: Request) -> Iterator[Delivery]:
        """The students of one school. Raises ImportRefused when the bundle lacks a file, a column or the school."""
        bundle = Bundle(path=request.path)
        manifest = bundle.manifest()
        whole = all(manifest.get(f"file.{name}") == "bulk" for name in ("users", "enrollments"))
        reading = _Reading(bundle=bundle, request=request, school=_school(bundle, request.institution), whole=whole)
        first = reading.portion()
        yield Delivery(
            institution=request.institution,
            portions=lambda: iter([first]),
            dropped=[one.header for one in self.fields if not one.to],
            notes=[] if whole else [_ONLY_CHANGES],
        )


_ONLY_CHANGES = Text(
    th="ชุดไฟล์นี้มีเฉพาะรายการที่เปลี่ยน (delta) จึงไม่นับเป็นทะเบียนครบ และไม่ถอนชื่อใคร",
    en="this bundle has only what changed (delta): it counts as no complete roster and takes nobody off",
)


def _school(bundle: Bundle, institution: str) -> str:
    """The sourcedId of the school whose identifier is the institution's code, else of the only school."""
    orgs = _present(bundle.read("orgs.csv", "sourcedId", "type", "identifier"))
    own = orgs[orgs.identifier.map(normalise.digits) == institution]
    chosen = own if len(own) == 1 else orgs[orgs.type == "school"]
    if len(chosen) != 1:
        codes = ", ".join(sorted(filter(None, orgs.identifier)))
        raise ImportRefused(
            f"{bundle.path.name}/orgs.csv has no school with the identifier '{institution}'. It has: {codes or 'none'}. "
            "Give the school its code as identifier in the exporting system.",
            th=f"ไม่พบสถานศึกษาที่ identifier เป็น '{institution}' ใน orgs.csv ที่พบคือ {codes or 'ไม่มี'} ใส่รหัสสถานศึกษาเป็น identifier ในระบบต้นทาง",
            code="NO_SUCH_SCHOOL",
        )
    return str(chosen.sourcedId.iloc[0])


def _present(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows that are not marked as to be deleted."""
    return rows[rows["status"].str.lower() != _GONE] if "status" in rows else rows


@dataclass(frozen=True, kw_only=True)
class _Reading:
    """One bundle read for one school."""

    bundle: Bundle
    request: Request
    school: str
    whole: bool

    def portion(self) -> Portion:
        users = self._students()
        rows = users.merge(self._homerooms(), on="userSourcedId", how="left").fillna("")
        rows = rows.merge(self._demographics(), on="userSourcedId", how="left").fillna("")
        lines = pa.array(lines_of(rows).astype("int32"), pa.int32())
        day = pa.repeat(local_day(self.request.received_at).isoformat(), len(rows))
        students = {"happened_on": day, "birth_month": _text(rows.birthDate), "sex": _text(rows.sex)}
        enrolments = {
            "happened_on": day,
            **{name: _text(rows[name]) for name in ("academic_year", "term", "class_group")},
            "level": _text(self._levels(rows)),
            "status": pa.repeat("ENROLLED", len(rows)),
        }
        covers = Covers.WHOLE_ROSTER if self.whole else Covers.NOTHING
        headers = [str(header) for header in users.columns if not str(header).startswith("#")]
        return Portion(
            lines=lines,
            told=[
                Told(table=STUDENTS, cells=students, lag_days=1),
                Told(table=ENROLMENTS, cells=enrolments, lag_days=1, covers=covers),
            ],
            originals=Originals(
                headers=headers,
                columns=[_text(users[header]) for header in headers],
                lines=pa.array(lines_of(users).astype("int32"), pa.int32()),
            ),
            people=PeopleCells(
                any=_text(rows.identifier), national=_text(rows.national), first_name=_text(rows.givenName),
                last_name=_text(rows.familyName), birth_date=_text(rows.birthDate), admits=True,
            ),
            class_groups=enrolments["class_group"],
        )  # fmt: skip

    def _students(self) -> pd.DataFrame:
        """The users who are students of the school: by their own role (1.1) or by the roles file (1.2)."""
        users = _present(self.bundle.read("users.csv", "sourcedId", "givenName", "familyName", "identifier"))
        if "role" in users and "orgSourcedIds" in users:
            here = users.orgSourcedIds.map(lambda cell: self.school in _list(cell))
            users = users[(users.role == "student") & here]
        else:
            roles = _present(self.bundle.read("roles.csv", "userSourcedId", "role", "orgSourcedId"))
            own = roles[(roles.role == "student") & (roles.orgSourcedId == self.school)]
            users = users[users.sourcedId.isin(own.userSourcedId)]
        ids = users.userIds if "userIds" in users else pd.Series("", index=users.index)
        grades = users.grades if "grades" in users else pd.Series("", index=users.index)
        return users.assign(userSourcedId=users.sourcedId, national=ids.map(_national), grades=grades)

    def _homerooms(self) -> pd.DataFrame:
        """For each student of a homeroom the class and every term of it that has begun."""
        classes = _present(self.bundle.read("classes.csv", "sourcedId", "title", "classType", "termSourcedIds"))
        classes = classes[classes.classType == "homeroom"].rename(columns={"sourcedId": "classSourcedId"})
        enrolled = _present(
            self.bundle.read("enrollments.csv", "classSourcedId", "schoolSourcedId", "userSourcedId", "role")
        )
        enrolled = enrolled[(enrolled.role == "student") & (enrolled.schoolSourcedId == self.school)]
        found = enrolled[["classSourcedId", "userSourcedId"]].merge(classes, on="classSourcedId")
        found = found.merge(self._terms_of_classes(classes), on="classSourcedId", how="left")
        told = found.assign(
            class_group=found.title, class_grades=found.grades if "grades" in found else "", term=found.term.fillna("")
        )
        return told[["userSourcedId", "class_group", "class_grades", "academic_year", "term"]].drop_duplicates()

    def _terms_of_classes(self, classes: pd.DataFrame) -> pd.DataFrame:
        sessions = _present(
            self.bundle.read(
                "academicSessions.csv", "sourcedId", "title", "type", "startDate", "parentSourcedId", "schoolYear"
            )
        )
        terms: TermsOf = terms_of(sessions, local_day(self.request.received_at))
        rows = [
            (code, str(year), str(term))
            for code, cell in zip(classes.classSourcedId, classes.termSourcedIds, strict=True)
            for year, term in sorted({one for session in _list(cell) for one in terms.get(session, ())})
        ]
        return pd.DataFrame(rows, columns=["classSourcedId", "academic_year", "term"], dtype=str)

    def _demographics(self) -> pd.DataFrame:
        """Date of birth and sex; of everything else in the file, origin above all, nothing is read."""
        if not self.bundle.has("demographics.csv"):
            return pd.DataFrame(columns=["userSourcedId", "birthDate", "sex"], dtype=str)
        told = _present(self.bundle.read("demographics.csv", "sourcedId", "birthDate", "sex"))
        sexes = told.sex.map(lambda cell: _SEXES.get(cell.lower(), cell))
        return told.assign(userSourcedId=told.sourcedId, sex=sexes)[["userSourcedId", "birthDate", "sex"]]

    def _levels(self, rows: pd.DataFrame) -> pd.Series:
        """The level by the student's grade, else by that of the class: a lookup's word, else the grade of basic education."""
        words: Mapping[str, str] = {**_CEDS, **self.request.lookups.get("enrolments.level", {})}
        grades = rows.grades.where(rows.grades != "", rows.class_grades)
        return grades.map(lambda cell: words.get(cell, words.get(cell.zfill(2), cell)))


def _list(cell: str) -> Sequence[str]:
    return [one.strip() for one in cell.split(",") if one.strip()]


def _national(cell: str) -> str:
    """The national number or G-code among `{type:identifier}` pairs; '' when there is none."""
    for pair in _list(cell):
        value = pair.strip("{}").rpartition(":")[2]
        kind, _ = normalise.read_identifier(value)
        if kind in ("NATIONAL", "G_CODE"):
            return value
    return ""


def _text(values: pd.Series) -> pa.Array:
    return pa.array(values.astype(str), pa.string())


SOURCE = OneRoster()

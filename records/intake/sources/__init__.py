"""One file per source system; SOURCES is all of them, the most particular first."""

from records.intake.source import Source
from records.intake.sources.attendance import AttendanceLong
from records.intake.sources.dmc import DmcWorkbook
from records.intake.sources.oulad import OpenUniversity
from records.intake.sources.plain import Plain
from records.intake.sources.roster import Roster

SOURCES: tuple[Source, ...] = (DmcWorkbook(), Roster(), AttendanceLong(), OpenUniversity(), Plain())
SOURCE_OF: dict[str, Source] = {source.name: source for source in SOURCES}

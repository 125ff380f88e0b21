"""Questions gathered by what they read: one query a relation and window, however many features ask."""

from dataclasses import dataclass, field

from tests.features.twin.known import Known
from tests.features.twin.words import fill


@dataclass
class Pass:
    """One query grouped by student; an aggregate that several features need is worked out once."""

    name: str
    source: str
    columns: dict[str, str] = field(default_factory=dict)

    def ask(self, aggregate: str) -> str:
        """The column that answers it, NULL for a student without a row in the source."""
        return f"{self.name}.{self.columns.setdefault(aggregate, f'c{len(self.columns)}')}"

    def make(self, known: Known) -> None:
        known.run(
            "CREATE TEMP TABLE {name} AS SELECT student, {columns} FROM ({source}) GROUP BY student",
            name=self.name,
            columns=", ".join(f"{aggregate} AS {column}" for aggregate, column in self.columns.items()),
            source=self.source,
        )


class Passes:
    """All queries that a catalogue needs."""

    def __init__(self) -> None:
        self._of: dict[str, Pass] = {}

    def over(self, source: str) -> Pass:
        return self._of.setdefault(source, Pass(f"pass_{len(self._of)}", source))

    def make(self, known: Known) -> str:
        """Run them; what joins their answers to a row `c` of the cohort."""
        used = [one for one in self._of.values() if one.columns]
        for one in used:
            one.make(known)
        return " ".join(fill("LEFT JOIN {name} ON {name}.student = c.student", name=one.name) for one in used)

"""Contacts, ratings, home visits and their plans, and who may read their rows on PostgreSQL."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

INSTANT = sa.DateTime(timezone=True)
OF_STUDENTS = ("contact", "advisor_rating", "visit", "visit_plan_stop")
# The newest first: each refers to tables after it.
NEW_TABLES = ("visit", "visit_plan_stop", "visit_plan", "advisor_rating", "contact")

# Jobs of the deployment see and change everything; a person reads the rows of students whom they see.
GUARDS_ON_POSTGRESQL = (
    "ALTER TABLE TABLE_OF_STUDENTS ENABLE ROW LEVEL SECURITY",
    "ALTER TABLE TABLE_OF_STUDENTS FORCE ROW LEVEL SECURITY",
    """
    CREATE POLICY for_jobs ON TABLE_OF_STUDENTS USING (current_setting('app.job', true) = 'on')
    """,
    """
    CREATE POLICY for_persons ON TABLE_OF_STUDENTS FOR SELECT USING (
        institution = ANY (string_to_array(current_setting('app.institutions', true), ','))
        AND EXISTS (
            SELECT 1 FROM student
            WHERE student.institution = TABLE_OF_STUDENTS.institution
            AND student.student_id = TABLE_OF_STUDENTS.student_id
        )
    )
    """,
)


def upgrade() -> None:
    _create_what_was_told()
    _create_plans()
    _create_visits()
    if op.get_bind().dialect.name == "postgresql":
        for table in OF_STUDENTS:
            _guard_on_postgresql(table)


def downgrade() -> None:
    for table in NEW_TABLES:  # their indexes and policies go with them
        op.drop_table(table)


def _guard_on_postgresql(table: str) -> None:
    for statement in GUARDS_ON_POSTGRESQL:
        op.execute(statement.replace("TABLE_OF_STUDENTS", table))


def _institution(*, index: bool) -> sa.Column[str]:
    return sa.Column("institution", sa.String(), sa.ForeignKey("institution.code"), nullable=False, index=index)


def _account(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.Uuid(), sa.ForeignKey("account.id"))


def _create_what_was_told() -> None:
    op.create_table(
        "contact",
        sa.Column("id", sa.Uuid(), primary_key=True),
        _institution(index=True),
        sa.Column("student_id", sa.Uuid(), nullable=False, index=True),
        _account("account_id"),
        sa.Column("happened_on", sa.Date(), nullable=False),
        sa.Column("mode", sa.String(), nullable=False),
        sa.Column("result", sa.String(), nullable=False),
        sa.Column("reason_codes", sa.JSON(), nullable=False),
        sa.Column("publication_id", sa.Uuid(), sa.ForeignKey("publication.id")),
        sa.Column("recorded_at", INSTANT, nullable=False),
    )
    op.create_table(
        "advisor_rating",
        sa.Column("institution", sa.String(), sa.ForeignKey("institution.code"), primary_key=True),
        sa.Column("student_id", sa.Uuid(), primary_key=True, index=True),
        sa.Column("account_id", sa.Uuid(), sa.ForeignKey("account.id"), primary_key=True),
        sa.Column("week", sa.Date(), primary_key=True),
        sa.Column("rating", sa.String(), nullable=False),
        sa.Column("score_seen", sa.Boolean(), nullable=False),
        sa.Column("rated_at", INSTANT, nullable=False),
    )


def _create_plans() -> None:
    op.create_table(
        "visit_plan",
        sa.Column("id", sa.Uuid(), primary_key=True),
        _institution(index=False),
        sa.Column("week", sa.Date(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("teams", sa.Integer(), nullable=False),
        sa.Column("minutes_per_team", sa.Integer(), nullable=False),
        _account("made_by"),
        sa.Column("made_at", INSTANT, nullable=False),
        _account("accepted_by"),
        sa.Column("accepted_at", INSTANT),
        sa.Column("digest", sa.String(), nullable=False),
    )
    op.create_index("plans_of_week", "visit_plan", ["institution", "week"])
    op.create_table(
        "visit_plan_stop",
        sa.Column("plan_id", sa.Uuid(), sa.ForeignKey("visit_plan.id"), primary_key=True),
        sa.Column("student_id", sa.Uuid(), primary_key=True, index=True),
        _institution(index=True),
        sa.Column("team", sa.Integer()),
        sa.Column("position", sa.Integer()),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("benefit", sa.Double(), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("locked", sa.Boolean(), nullable=False),
        sa.Column("why", sa.String(), nullable=False),
    )


def _create_visits() -> None:
    op.create_table(
        "visit",
        sa.Column("id", sa.Uuid(), primary_key=True),
        _institution(index=False),
        sa.Column("student_id", sa.Uuid(), nullable=False, index=True),
        sa.Column("week", sa.Date(), nullable=False),
        sa.Column("planned_on", sa.Date()),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("two_person", sa.Boolean(), nullable=False),
        sa.Column("unsafe", sa.Boolean(), nullable=False),
        sa.Column("attempt", sa.Integer()),
        sa.Column("mode", sa.String()),
        sa.Column("result", sa.String()),
        sa.Column("reason_codes", sa.JSON(), nullable=False),
        _account("reasons_by"),
        sa.Column("minutes", sa.Integer()),
        sa.Column("plan_id", sa.Uuid(), sa.ForeignKey("visit_plan.id")),
        _account("booked_by"),
        sa.Column("booked_at", INSTANT, nullable=False),
        _account("changed_by"),
        sa.Column("changed_at", INSTANT, nullable=False),
    )
    op.create_index("visits_of_week", "visit", ["institution", "week"])
    standing = sa.text("status <> 'cancelled'")
    op.create_index(
        "one_visit_a_week", "visit", ["institution", "student_id", "week"],
        unique=True, sqlite_where=standing, postgresql_where=standing,
    )  # fmt: skip

"""What is asked most goes by an index: one student, an advisor's students, those whom a list shows, and on PostgreSQL who
may read a row of a list, which read all students of the country for each look.
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

EARLIER = (
    ("ix_student_student_id", "student", "student_id"),
    ("ix_student_class_group", "student", "class_group"),
    ("ix_list_entry_on_list", "list_entry", "on_list"),
)
# The student's row has its own policy, which holds in here as well. `OFFSET 0` has each row looked up by the two indexes:
# else PostgreSQL puts together all students of all lists of the institution first. A job has a policy of its own.
WHO_READS_AN_ENTRY = """
    CREATE POLICY for_persons ON list_entry FOR SELECT USING (
        current_setting('app.job', true) IS DISTINCT FROM 'on' AND EXISTS (
            SELECT 1 FROM publication JOIN student ON student.institution = publication.institution
            WHERE publication.id = list_entry.publication_id AND student.student_id = list_entry.student_id
            AND publication.institution = ANY (string_to_array(current_setting('app.institutions', true), ','))
            OFFSET 0
        )
    )
"""
WHO_READ_AN_ENTRY = """
    CREATE POLICY for_persons ON list_entry FOR SELECT USING (
        publication_id IN (
            SELECT publication.id FROM publication
            WHERE publication.institution = ANY (string_to_array(current_setting('app.institutions', true), ','))
        )
        AND student_id IN (SELECT student.student_id FROM student)
    )
"""


def upgrade() -> None:
    op.create_index("student_by_id", "student", ["student_id", "institution"])
    op.create_index("students_of_group", "student", ["institution", "class_group"])
    for name, columns in (("shown_in_list", ["publication_id", "rank"]), ("shown_student", ["student_id"])):
        op.create_index(
            name, "list_entry", columns,
            sqlite_where=sa.text("on_list IS 1"), postgresql_where=sa.text("on_list IS true"),
        )  # fmt: skip
    for name, table, _ in EARLIER:
        op.drop_index(name, table)
    _let_read(WHO_READS_AN_ENTRY)


def downgrade() -> None:
    _let_read(WHO_READ_AN_ENTRY)
    for name, table, column in EARLIER:
        op.create_index(name, table, [column])
    for name, table in (
        ("shown_student", "list_entry"),
        ("shown_in_list", "list_entry"),
        ("students_of_group", "student"),
        ("student_by_id", "student"),
    ):
        op.drop_index(name, table)


def _let_read(policy: str) -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP POLICY for_persons ON list_entry")
        op.execute(policy)

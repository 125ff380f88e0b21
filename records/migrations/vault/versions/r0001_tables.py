"""The tables of the vault as they were when every program made them itself, without revisions."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

INSTANT = sa.DateTime(timezone=True)
TABLES = sa.MetaData()
sa.Table(
    "identifier",
    TABLES,
    sa.Column("fingerprint", sa.LargeBinary(), nullable=False),
    sa.Column("student_id", sa.Uuid(), nullable=False),
    sa.Column("kind", sa.String(), nullable=False),
    sa.Column("institution", sa.String(), nullable=False),
    sa.Column("first_seen", sa.Date(), nullable=False),
    sa.Column("last_seen", sa.Date(), nullable=False),
    sa.Column("is_current", sa.Boolean(), nullable=False),
    sa.Column("sealed", sa.LargeBinary(), nullable=True),
    sa.PrimaryKeyConstraint("fingerprint", "student_id"),
    sa.Index("ix_identifier_student_id", "student_id"),
)
sa.Table(
    "kept_file",
    TABLES,
    sa.Column("batch_token", sa.Uuid(), nullable=False),
    sa.Column("sealed", sa.LargeBinary(), nullable=False),
    sa.Column("created_at", INSTANT, nullable=False),
    sa.PrimaryKeyConstraint("batch_token"),
)
sa.Table(
    "link_review",
    TABLES,
    sa.Column("id", sa.Uuid(), nullable=False),
    sa.Column("institution", sa.String(), nullable=False),
    sa.Column("number_a", sa.Integer(), nullable=True),
    sa.Column("number_b", sa.Integer(), nullable=False),
    sa.Column("student_a", sa.Uuid(), nullable=False),
    sa.Column("student_b", sa.Uuid(), nullable=False),
    sa.Column("why", sa.String(), nullable=False),
    sa.Column("created_at", INSTANT, nullable=False),
    sa.Column("decided_at", INSTANT, nullable=True),
    sa.Column("decision", sa.String(), nullable=True),
    sa.Column("decided_by", sa.String(), nullable=True),
    sa.PrimaryKeyConstraint("id"),
    sa.Index("ix_link_review_institution", "institution"),
    sa.Index("ix_link_review_student_a", "student_a"),
    sa.Index("ix_link_review_student_b", "student_b"),
)
sa.Table(
    "merged_person",
    TABLES,
    sa.Column("student_id", sa.Uuid(), nullable=False),
    sa.Column("goes_on_as", sa.Uuid(), nullable=False),
    sa.PrimaryKeyConstraint("student_id"),
    sa.Index("ix_merged_person_goes_on_as", "goes_on_as"),
)
sa.Table(
    "original_cell",
    TABLES,
    sa.Column("batch_token", sa.Uuid(), nullable=False),
    sa.Column("line", sa.Integer(), nullable=False),
    sa.Column("column_name", sa.String(), nullable=False),
    sa.Column("place", sa.Integer(), nullable=False),
    sa.Column("fix", sa.String(), nullable=False),
    sa.Column("sealed", sa.LargeBinary(), nullable=False),
    sa.Column("created_at", INSTANT, nullable=False),
    sa.PrimaryKeyConstraint("batch_token", "line", "column_name", "place"),
)
sa.Table(
    "person_trait",
    TABLES,
    sa.Column("student_id", sa.Uuid(), nullable=False),
    sa.Column("kind", sa.String(), nullable=False),
    sa.Column("fingerprint", sa.LargeBinary(), nullable=False),
    sa.PrimaryKeyConstraint("student_id", "kind", "fingerprint"),
    sa.Index("ix_person_trait_fingerprint", "fingerprint"),
)
sa.Table(
    "quarantined_row",
    TABLES,
    sa.Column("batch_token", sa.Uuid(), nullable=False),
    sa.Column("line", sa.Integer(), nullable=False),
    sa.Column("institution", sa.String(), nullable=False),
    sa.Column("problems", sa.JSON(), nullable=False),
    sa.Column("sealed", sa.LargeBinary(), nullable=False),
    sa.Column("created_at", INSTANT, nullable=False),
    sa.PrimaryKeyConstraint("batch_token", "line"),
    sa.Index("ix_quarantined_row_institution", "institution"),
)
sa.Table(
    "student_name",
    TABLES,
    sa.Column("student_id", sa.Uuid(), nullable=False),
    sa.Column("title", sa.String(), nullable=False),
    sa.Column("first_name", sa.String(), nullable=False),
    sa.Column("last_name", sa.String(), nullable=False),
    sa.Column("sort_key", sa.String(), nullable=False),
    sa.PrimaryKeyConstraint("student_id"),
)
sa.Table(
    "student_number",
    TABLES,
    sa.Column("institution", sa.String(), nullable=False),
    sa.Column("number", sa.Integer(), nullable=False),
    sa.Column("student_id", sa.Uuid(), nullable=False),
    sa.Column("batch_token", sa.Uuid(), nullable=False),
    sa.Column("created_at", INSTANT, nullable=False),
    sa.PrimaryKeyConstraint("institution", "number"),
    sa.Index("ix_student_number_batch_token", "batch_token"),
    sa.Index("ix_student_number_student_id", "student_id"),
)
sa.Table(
    "vault_meta",
    TABLES,
    sa.Column("name", sa.String(), nullable=False),
    sa.Column("value", sa.String(), nullable=False),
    sa.PrimaryKeyConstraint("name"),
)


def upgrade() -> None:
    TABLES.create_all(op.get_bind())


def downgrade() -> None:
    TABLES.drop_all(op.get_bind())

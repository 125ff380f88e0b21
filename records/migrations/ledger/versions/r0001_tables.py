"""The tables of the ledger as they were when every program made them itself, without revisions."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

INSTANT = sa.DateTime(timezone=True)
TABLES = sa.MetaData()
REFUSALS = (
    "CREATE TRIGGER audit_refuses_update BEFORE UPDATE ON audit "
    "BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END",
    "CREATE TRIGGER audit_refuses_delete BEFORE DELETE ON audit "
    "BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END",
)
sa.Table(
    "audit",
    TABLES,
    sa.Column("id", sa.Integer(), nullable=False),
    sa.Column("at", INSTANT, nullable=False),
    sa.Column("actor", sa.String(), nullable=False),
    sa.Column("action", sa.String(), nullable=False),
    sa.Column("institution", sa.String(), nullable=False),
    sa.Column("student_id", sa.Uuid(), nullable=True),
    sa.Column("detail", sa.JSON(), nullable=False),
    sa.PrimaryKeyConstraint("id"),
    sa.Index("ix_audit_student_id", "student_id"),
)
sa.Table(
    "institution",
    TABLES,
    sa.Column("code", sa.String(), nullable=False),
    sa.Column("name_th", sa.String(), nullable=False),
    sa.Column("name_en", sa.String(), nullable=False),
    sa.Column("agency", sa.String(), nullable=False),
    sa.Column("province", sa.String(), nullable=False),
    sa.Column("epoch", sa.Integer(), nullable=False),
    sa.PrimaryKeyConstraint("code"),
)
sa.Table(
    "login_attempt",
    TABLES,
    sa.Column("id", sa.Integer(), nullable=False),
    sa.Column("subject", sa.LargeBinary(), nullable=False),
    sa.Column("at", INSTANT, nullable=False),
    sa.PrimaryKeyConstraint("id"),
    sa.Index("ix_login_attempt_subject", "subject"),
)
sa.Table(
    "monitoring",
    TABLES,
    sa.Column("institution", sa.String(), nullable=False),
    sa.Column("as_of", sa.Date(), nullable=False),
    sa.Column("model_digest", sa.String(), nullable=False),
    sa.Column("students", sa.Integer(), nullable=False),
    sa.Column("expected", sa.Double(), nullable=True),
    sa.Column("observed", sa.Integer(), nullable=True),
    sa.Column("up", sa.Double(), nullable=True),
    sa.Column("down", sa.Double(), nullable=True),
    sa.Column("threshold", sa.Double(), nullable=True),
    sa.Column("settled_expected", sa.Double(), nullable=True),
    sa.Column("settled_observed", sa.Integer(), nullable=True),
    sa.Column("alerts", sa.JSON(), nullable=False),
    sa.Column("completeness", sa.JSON(), nullable=False),
    sa.Column("lags", sa.JSON(), nullable=False),
    sa.Column("staying", sa.Double(), nullable=True),
    sa.Column("drift", sa.Double(), nullable=True),
    sa.Column("drifted", sa.JSON(), nullable=False),
    sa.PrimaryKeyConstraint("institution", "as_of"),
)
sa.Table(
    "promotion",
    TABLES,
    sa.Column("id", sa.Integer(), nullable=False),
    sa.Column("institution", sa.String(), nullable=False),
    sa.Column("model_digest", sa.String(), nullable=False),
    sa.Column("signed_by", sa.String(), nullable=False),
    sa.Column("reason", sa.String(), nullable=False),
    sa.Column("at", INSTANT, nullable=False),
    sa.PrimaryKeyConstraint("id"),
)
sa.Table(
    "account",
    TABLES,
    sa.Column("id", sa.Uuid(), nullable=False),
    sa.Column("login", sa.String(), nullable=False),
    sa.Column("name", sa.String(), nullable=False),
    sa.Column("role", sa.String(), nullable=False),
    sa.Column("institution", sa.String(), nullable=False),
    sa.Column("password_hash", sa.String(), nullable=False),
    sa.Column("active", sa.Boolean(), nullable=False),
    sa.ForeignKeyConstraint(["institution"], ["institution.code"]),
    sa.PrimaryKeyConstraint("id"),
    sa.UniqueConstraint("login"),
)
sa.Table(
    "batch",
    TABLES,
    sa.Column("number", sa.Integer(), nullable=False),
    sa.Column("token", sa.Uuid(), nullable=False),
    sa.Column("institution", sa.String(), nullable=False),
    sa.Column("source", sa.String(), nullable=False),
    sa.Column("file_sha256", sa.String(), nullable=False),
    sa.Column("recorded_at", INSTANT, nullable=False),
    sa.Column("committed_at", INSTANT, nullable=False),
    sa.Column("reconstructed", sa.Boolean(), nullable=False),
    sa.Column("counts", sa.JSON(), nullable=False),
    sa.Column("undoes", sa.Integer(), nullable=True),
    sa.Column("mends", sa.Integer(), nullable=True),
    sa.ForeignKeyConstraint(["institution"], ["institution.code"]),
    sa.PrimaryKeyConstraint("number"),
    sa.UniqueConstraint("token"),
    sa.Index("ix_batch_institution", "institution"),
)
sa.Table(
    "capacity",
    TABLES,
    sa.Column("institution", sa.String(), nullable=False),
    sa.Column("valid_from", sa.Date(), nullable=False),
    sa.Column("visits_per_week", sa.Integer(), nullable=False),
    sa.Column("rows_per_advisor", sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(["institution"], ["institution.code"]),
    sa.PrimaryKeyConstraint("institution", "valid_from"),
)
sa.Table(
    "compacted_part",
    TABLES,
    sa.Column("path", sa.String(), nullable=False),
    sa.Column("institution", sa.String(), nullable=False),
    sa.Column("position", sa.Integer(), nullable=False),
    sa.Column("table_name", sa.String(), nullable=False),
    sa.Column("rows", sa.Integer(), nullable=False),
    sa.Column("first_recorded_at", INSTANT, nullable=False),
    sa.Column("last_recorded_at", INSTANT, nullable=False),
    sa.Column("first_batch", sa.Integer(), nullable=False),
    sa.Column("last_batch", sa.Integer(), nullable=False),
    sa.Column("largest_student", sa.Integer(), nullable=False),
    sa.Column("sha256", sa.String(), nullable=False),
    sa.Column("superseded_at", INSTANT, nullable=True),
    sa.ForeignKeyConstraint(["institution"], ["institution.code"]),
    sa.PrimaryKeyConstraint("path", "institution"),
    sa.Index("ix_compacted_part_institution", "institution"),
)
sa.Table(
    "publication",
    TABLES,
    sa.Column("id", sa.Uuid(), nullable=False),
    sa.Column("institution", sa.String(), nullable=False),
    sa.Column("as_of", sa.Date(), nullable=False),
    sa.Column("status", sa.String(), nullable=False),
    sa.Column("digest", sa.String(), nullable=False),
    sa.Column("model_digest", sa.String(), nullable=False),
    sa.Column("catalogue_fingerprint", sa.String(), nullable=False),
    sa.Column("horizon", sa.String(), nullable=False),
    sa.Column("known_until", INSTANT, nullable=False),
    sa.Column("ledger_number", sa.Integer(), nullable=False),
    sa.Column("visits_per_week", sa.Integer(), nullable=False),
    sa.Column("rows_per_advisor", sa.Integer(), nullable=False),
    sa.Column("capacity_is_default", sa.Boolean(), nullable=False),
    sa.Column("band_rates", sa.JSON(), nullable=False),
    sa.Column("rates_term", sa.String(), nullable=False),
    sa.Column("published_at", INSTANT, nullable=False),
    sa.ForeignKeyConstraint(["institution"], ["institution.code"]),
    sa.PrimaryKeyConstraint("id"),
    sa.Index(
        "one_current_list",
        "institution",
        "as_of",
        unique=True,
        sqlite_where=sa.text("status = 'current'"),
        postgresql_where=sa.text("status = 'current'"),
    ),
)
sa.Table(
    "rollback",
    TABLES,
    sa.Column("promotion_id", sa.Integer(), nullable=False),
    sa.Column("undoes", sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(["promotion_id"], ["promotion.id"]),
    sa.ForeignKeyConstraint(["undoes"], ["promotion.id"]),
    sa.PrimaryKeyConstraint("promotion_id"),
    sa.UniqueConstraint("undoes"),
)
sa.Table(
    "student",
    TABLES,
    sa.Column("institution", sa.String(), nullable=False),
    sa.Column("number", sa.Integer(), nullable=False),
    sa.Column("student_id", sa.Uuid(), nullable=False),
    sa.Column("class_group", sa.String(), nullable=False),
    sa.ForeignKeyConstraint(["institution"], ["institution.code"]),
    sa.PrimaryKeyConstraint("institution", "number"),
    sa.Index("ix_student_class_group", "class_group"),
    sa.Index("ix_student_student_id", "student_id"),
)
sa.Table(
    "batch_file",
    TABLES,
    sa.Column("path", sa.String(), nullable=False),
    sa.Column("batch", sa.Integer(), nullable=False),
    sa.Column("table_name", sa.String(), nullable=False),
    sa.Column("rows", sa.Integer(), nullable=False),
    sa.Column("first_recorded_at", INSTANT, nullable=False),
    sa.Column("last_recorded_at", INSTANT, nullable=False),
    sa.Column("sha256", sa.String(), nullable=False),
    sa.ForeignKeyConstraint(["batch"], ["batch.number"]),
    sa.PrimaryKeyConstraint("path"),
    sa.Index("ix_batch_file_batch", "batch"),
)
sa.Table(
    "caseload",
    TABLES,
    sa.Column("id", sa.Integer(), nullable=False),
    sa.Column("account_id", sa.Uuid(), nullable=False),
    sa.Column("institution", sa.String(), nullable=False),
    sa.Column("class_group", sa.String(), nullable=False),
    sa.Column("valid_from", sa.Date(), nullable=False),
    sa.Column("valid_to", sa.Date(), nullable=True),
    sa.ForeignKeyConstraint(["account_id"], ["account.id"]),
    sa.ForeignKeyConstraint(["institution"], ["institution.code"]),
    sa.PrimaryKeyConstraint("id"),
    sa.Index("ix_caseload_account_id", "account_id"),
)
sa.Table(
    "list_entry",
    TABLES,
    sa.Column("publication_id", sa.Uuid(), nullable=False),
    sa.Column("student_id", sa.Uuid(), nullable=False),
    sa.Column("number", sa.Integer(), nullable=False),
    sa.Column("class_group", sa.String(), nullable=False),
    sa.Column("rank", sa.Integer(), nullable=False),
    sa.Column("band", sa.String(), nullable=False),
    sa.Column("cause", sa.String(), nullable=False),
    sa.Column("logit", sa.Double(), nullable=True),
    sa.Column("probability", sa.Double(), nullable=True),
    sa.Column("ordering", sa.Double(), nullable=False),
    sa.Column("must_see", sa.JSON(), nullable=False),
    sa.Column("on_list", sa.Boolean(), nullable=False),
    sa.Column("reasons", sa.JSON(), nullable=False),
    sa.Column("missing", sa.JSON(), nullable=False),
    sa.Column("unknown_domains", sa.JSON(), nullable=False),
    sa.Column("domains", sa.JSON(), nullable=False),
    sa.Column("what_if", sa.JSON(), nullable=True),
    sa.ForeignKeyConstraint(["publication_id"], ["publication.id"]),
    sa.PrimaryKeyConstraint("publication_id", "student_id"),
    sa.Index("ix_list_entry_on_list", "on_list"),
)
sa.Table(
    "session",
    TABLES,
    sa.Column("token_hash", sa.LargeBinary(), nullable=False),
    sa.Column("account_id", sa.Uuid(), nullable=False),
    sa.Column("opened_at", INSTANT, nullable=False),
    sa.Column("seen_at", INSTANT, nullable=False),
    sa.ForeignKeyConstraint(["account_id"], ["account.id"]),
    sa.PrimaryKeyConstraint("token_hash"),
    sa.Index("ix_session_account_id", "account_id"),
)
sa.Table(
    "superseded_file",
    TABLES,
    sa.Column("path", sa.String(), nullable=False),
    sa.Column("superseded_at", INSTANT, nullable=False),
    sa.ForeignKeyConstraint(["path"], ["batch_file.path"]),
    sa.PrimaryKeyConstraint("path"),
)


def upgrade() -> None:
    TABLES.create_all(op.get_bind())
    if op.get_bind().dialect.name == "sqlite":
        for refusal in REFUSALS:
            op.execute(refusal)


def downgrade() -> None:
    TABLES.drop_all(op.get_bind())

"""Second factors, keys and activation codes; erasures; the chain of the audit trail; who may read rows on PostgreSQL.

Rows of the trail that are older than the chain keep an empty hash: nobody can vouch for them afterwards.
"""

from contextlib import AbstractContextManager
from typing import Any
from uuid import uuid4

import sqlalchemy as sa
from alembic import op
from alembic.operations import BatchOperations

revision = "0002"
down_revision = "0001"

INSTANT = sa.DateTime(timezone=True)
_OPENED_AT: sa.ColumnClause[Any] = sa.column("opened_at")

# One table's new columns that every row must have, and what older rows get.
NEEDED: dict[str, tuple[tuple[str, sa.types.TypeEngine[Any], object], ...]] = {
    "audit": (
        ("request_id", sa.String(), ""),
        ("address", sa.String(), ""),
        ("previous", sa.LargeBinary(), b""),
        ("hash", sa.LargeBinary(), b""),
    ),
    "caseload": (("duty", sa.String(), "advisor"),),
    "list_entry": (("listed_probability", sa.Double(), None),),
    "session": (
        ("id", sa.Uuid(), None),
        ("confirmed_at", INSTANT, _OPENED_AT),
        ("browser", sa.String(), ""),
        ("complete", sa.Boolean(), True),
    ),
}
OPTIONAL: dict[str, tuple[tuple[str, sa.types.TypeEngine[Any]], ...]] = {
    "account": (
        ("activation_hash", sa.LargeBinary()),
        ("activation_until", INSTANT),
        ("second_factor", sa.LargeBinary()),
        ("second_factor_step", sa.BigInteger()),
    ),
    "publication": (("pruned_at", INSTANT),),
    "list_entry": (("cut_off", sa.Double()),),
}
NEW_TABLES = ("account_link", "api_key", "audit_cut", "erasure", "idempotency")

REFUSALS_ON_SQLITE = (
    "CREATE TRIGGER audit_refuses_update BEFORE UPDATE ON audit "
    "BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END",
    "CREATE TRIGGER audit_refuses_delete BEFORE DELETE ON audit "
    "WHEN OLD.id > coalesce((SELECT max(through) FROM audit_cut), 0) "
    "BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END",
)
EARLIER_REFUSALS_ON_SQLITE = (
    REFUSALS_ON_SQLITE[0],
    "CREATE TRIGGER audit_refuses_delete BEFORE DELETE ON audit "
    "BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END",
)
REFUSALS_ON_POSTGRESQL = (
    """
    CREATE FUNCTION audit_refuses() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
    BEGIN
        IF TG_OP = 'DELETE' THEN
            IF OLD.id <= (SELECT coalesce(max(through), 0) FROM audit_cut) THEN
                RETURN OLD;
            END IF;
        END IF;
        RAISE EXCEPTION 'the audit trail is append-only' USING ERRCODE = 'integrity_constraint_violation';
    END $$
    """,
    "CREATE TRIGGER audit_refuses_change BEFORE UPDATE OR DELETE ON audit "
    "FOR EACH ROW EXECUTE FUNCTION audit_refuses()",
    "CREATE TRIGGER audit_refuses_truncate BEFORE TRUNCATE ON audit "
    "FOR EACH STATEMENT EXECUTE FUNCTION audit_refuses()",
)
# A second layer under records/access.py. A session says for whom it works (records/database.py); one that says nothing
# sees nothing. Whoever sees their own class groups alone is let see every group they ever had: the days are access's.
GUARDS_ON_POSTGRESQL = (
    "ALTER TABLE student ENABLE ROW LEVEL SECURITY",
    "ALTER TABLE student FORCE ROW LEVEL SECURITY",
    "ALTER TABLE list_entry ENABLE ROW LEVEL SECURITY",
    "ALTER TABLE list_entry FORCE ROW LEVEL SECURITY",
)
POLICIES_ON_POSTGRESQL = (
    """
    CREATE POLICY for_jobs ON student USING (current_setting('app.job', true) = 'on')
    """,
    """
    CREATE POLICY for_jobs ON list_entry USING (current_setting('app.job', true) = 'on')
    """,
    """
    CREATE POLICY for_persons ON student FOR SELECT USING (
        institution = ANY (string_to_array(current_setting('app.institutions', true), ','))
        AND (
            coalesce(current_setting('app.account', true), '') = ''
            OR EXISTS (
                SELECT 1 FROM caseload
                WHERE caseload.account_id = nullif(current_setting('app.account', true), '')::uuid
                AND caseload.institution = student.institution AND caseload.class_group = student.class_group
            )
        )
    )
    """,
    """
    CREATE POLICY for_persons ON list_entry FOR SELECT USING (
        publication_id IN (
            SELECT publication.id FROM publication
            WHERE publication.institution = ANY (string_to_array(current_setting('app.institutions', true), ','))
        )
        AND student_id IN (SELECT student.student_id FROM student)
    )
    """,
)
UNGUARDS_ON_POSTGRESQL = (
    "DROP POLICY for_persons ON list_entry",
    "DROP POLICY for_jobs ON list_entry",
    "ALTER TABLE list_entry NO FORCE ROW LEVEL SECURITY",
    "ALTER TABLE list_entry DISABLE ROW LEVEL SECURITY",
    "DROP POLICY for_persons ON student",
    "DROP POLICY for_jobs ON student",
    "ALTER TABLE student NO FORCE ROW LEVEL SECURITY",
    "ALTER TABLE student DISABLE ROW LEVEL SECURITY",
    "DROP TRIGGER audit_refuses_change ON audit",
    "DROP TRIGGER audit_refuses_truncate ON audit",
    "DROP FUNCTION audit_refuses()",
)


def upgrade() -> None:
    on_sqlite = op.get_bind().dialect.name == "sqlite"
    if on_sqlite:
        _drop_refusals_on_sqlite()
    _create_tables()
    for table, optional in OPTIONAL.items():
        for name, kind in optional:
            op.add_column(table, sa.Column(name, kind))
    for table, needed in NEEDED.items():
        for name, kind, _ in needed:
            op.add_column(table, sa.Column(name, kind))
        _fill(table)
        with _rebuilt(table, keeps_count=True) as batch:
            for name, kind, _ in needed:
                batch.alter_column(name, existing_type=kind, nullable=False)
            if table == "session":
                batch.create_unique_constraint("session_id_key", ["id"])
    for statement in REFUSALS_ON_SQLITE if on_sqlite else REFUSALS_ON_POSTGRESQL:
        op.execute(statement)
    if not on_sqlite:
        for statement in (*GUARDS_ON_POSTGRESQL, *POLICIES_ON_POSTGRESQL):
            op.execute(statement)


def downgrade() -> None:
    on_sqlite = op.get_bind().dialect.name == "sqlite"
    if on_sqlite:
        _drop_refusals_on_sqlite()
    else:
        for statement in UNGUARDS_ON_POSTGRESQL:
            op.execute(statement)
    for table in {**NEEDED, **OPTIONAL}:
        with _rebuilt(table, keeps_count=False) as batch:
            for column in (*NEEDED.get(table, ()), *OPTIONAL.get(table, ())):
                batch.drop_column(str(column[0]))
    for table in NEW_TABLES:
        op.drop_table(table)
    if on_sqlite:
        for statement in EARLIER_REFUSALS_ON_SQLITE:
            op.execute(statement)


def _rebuilt(table: str, *, keeps_count: bool) -> AbstractContextManager[BatchOperations]:
    """SQLite changes columns by writing the table anew; the trail then keeps count of the ids that it gave out."""
    kept = {"sqlite_autoincrement": keeps_count} if table == "audit" else {}
    return op.batch_alter_table(table, table_kwargs=kept)


def _drop_refusals_on_sqlite() -> None:
    op.execute("DROP TRIGGER audit_refuses_update")
    op.execute("DROP TRIGGER audit_refuses_delete")


def _fill(table: str) -> None:
    """Give older rows what every row must have."""
    rows = sa.table(table, *(sa.column(name, kind) for name, kind, _ in NEEDED[table]))
    told = {name: value for name, _, value in NEEDED[table] if value is not None}
    if told:
        op.execute(rows.update().values(told))
    if table == "list_entry":  # lists of that time took the first by rank; no place was drawn by lot
        band = sa.column("band", sa.String())
        listed = sa.case((band.in_(["high", "watch"]), 1.0), else_=0.0)
        op.execute(rows.update().values(listed_probability=listed))
    if table == "session":
        hashes = sa.table("session", sa.column("token_hash", sa.LargeBinary()), sa.column("id", sa.Uuid()))
        for token_hash in op.get_bind().scalars(sa.select(hashes.c.token_hash)).all():
            op.execute(hashes.update().where(hashes.c.token_hash == token_hash).values(id=uuid4()))


def _create_tables() -> None:
    op.create_table(
        "account_link",
        sa.Column("issuer", sa.String(), primary_key=True),
        sa.Column("subject", sa.String(), primary_key=True),
        sa.Column("account_id", sa.Uuid(), sa.ForeignKey("account.id"), nullable=False, index=True),
        sa.Column("linked_at", INSTANT, nullable=False),
    )
    op.create_table(
        "audit_cut",
        sa.Column("through", sa.Integer(), primary_key=True),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
    )
    op.create_table(
        "erasure",
        sa.Column("student_id", sa.Uuid(), primary_key=True),
        sa.Column("institution", sa.String(), sa.ForeignKey("institution.code"), primary_key=True),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("asked_at", INSTANT, nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("done_at", INSTANT),
    )
    _create_tables_of_machines()


def _create_tables_of_machines() -> None:
    op.create_table(
        "api_key",
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("secret_hash", sa.LargeBinary(), nullable=False),
        sa.Column("label", sa.String(), nullable=False),
        sa.Column("scopes", sa.JSON(), nullable=False),
        sa.Column("institutions", sa.JSON(), nullable=False),
        sa.Column("made_by", sa.String(), nullable=False),
        sa.Column("made_at", INSTANT, nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.Column("revoked_at", INSTANT),
        sa.Column("last_used_at", INSTANT),
    )
    op.create_table(
        "idempotency",
        sa.Column("key_hash", sa.LargeBinary(), primary_key=True),
        sa.Column("body_hash", sa.LargeBinary(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("answer", sa.JSON(), nullable=False),
        sa.Column("at", INSTANT, nullable=False, index=True),
    )

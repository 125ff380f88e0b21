"""What Alembic runs around the revisions of this chain."""

from alembic import context

from records.migrating import run_revisions

run_revisions(context)

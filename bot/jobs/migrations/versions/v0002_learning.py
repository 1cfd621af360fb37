"""What use teaches, and blind comparisons.

Revision ID: 0002
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    _evidence()
    _comparisons()


def downgrade() -> None:
    """Forget what was learned."""
    for table in ("ballots", "comparisons", "evidence"):
        op.drop_table(table)


def _of_job(*, primary: bool) -> "sa.Column[str]":
    key = sa.ForeignKey("jobs.id", ondelete="CASCADE")
    return sa.Column("job", sa.String(26), key, primary_key=primary, nullable=False)


def _evidence() -> None:
    op.create_table(
        "evidence",
        sa.Column("user", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("about", sa.String(80), primary_key=True),
        sa.Column("kind", sa.String(16), primary_key=True),
        sa.Column("card_id", sa.Text, primary_key=True),
        sa.Column("concept", sa.Text, primary_key=True),
        sa.Column("guild", sa.BigInteger, nullable=False),
        _of_job(primary=False),
        sa.Column("good", sa.Integer, nullable=False),
        sa.Column("bad", sa.Integer, nullable=False),
        sa.Column("made_at", sa.Double, nullable=False),
    )
    op.create_index("evidence_by_guild", "evidence", ["guild"])
    op.create_index("evidence_by_job", "evidence", ["job"])


def _comparisons() -> None:
    op.create_table(
        "comparisons",
        _of_job(primary=True),
        sa.Column("guild", sa.BigInteger, nullable=False),
        sa.Column("left", sa.String(32), nullable=False),
        sa.Column("right", sa.String(32), nullable=False),
        sa.Column("revealed_at", sa.Double),
        sa.Column("revealed_by", sa.BigInteger),
    )
    op.create_index("comparisons_by_guild", "comparisons", ["guild"])
    op.create_table(
        "ballots",
        _of_job(primary=True),
        sa.Column("user", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("choice", sa.String(8), nullable=False),
        sa.Column("made_at", sa.Double, nullable=False),
    )

"""Whether all have heard what a comparison was. What was revealed before has been told.

Revision ID: 0003
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column."""
    op.add_column("comparisons", sa.Column("told_at", sa.Double))
    op.execute(sa.text("UPDATE comparisons SET told_at = revealed_at"))


def downgrade() -> None:
    """Forget who heard."""
    op.drop_column("comparisons", "told_at")

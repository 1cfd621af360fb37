"""The line as it began: everything of DESIGN's section 6.

Revision ID: 0001
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

UNFINISHED = "state IN ('queued', 'planned', 'drawn', 'posting')"
PRESS = sa.text(f"action <> 'imagine' AND posting_at IS NULL AND {UNFINISHED}")


def upgrade() -> None:
    """Make all tables."""
    _jobs()
    _work()
    _people()
    _house()


def downgrade() -> None:
    """Forget everything."""
    for table in (
        "bot_lease",
        "garbage",
        "switches",
        "bans",
        "favourites",
        "deliveries",
        "images",
        "shots",
        "jobs",
    ):
        op.drop_table(table)


def _jobs() -> None:
    op.create_table(
        "jobs",
        sa.Column("id", sa.String(26), primary_key=True),
        sa.Column("root_job", sa.String(26), sa.ForeignKey("jobs.id"), nullable=False),
        sa.Column("source", sa.String(26), sa.ForeignKey("jobs.id", ondelete="SET NULL")),
        sa.Column("action", sa.String(16), nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("mask", sa.Text, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("interaction", sa.BigInteger, nullable=False, unique=True),
        sa.Column("token", sa.Text, nullable=False),
        sa.Column("token_until", sa.Double, nullable=False),
        sa.Column("user", sa.BigInteger, nullable=False),
        sa.Column("user_name", sa.Text, nullable=False),
        sa.Column("guild", sa.BigInteger),
        sa.Column("channel", sa.BigInteger, nullable=False),
        sa.Column("locale", sa.Text, nullable=False),
        sa.Column("guild_locale", sa.Text, nullable=False),
        sa.Column("roads_beside_token", sa.Boolean, nullable=False),
        sa.Column("private", sa.Boolean, nullable=False),
        sa.Column("request", sa.Text, nullable=False),
        sa.Column("start_picture", sa.Text),
        sa.Column("start_mask", sa.Text),
        sa.Column("plan", sa.Text),
        sa.Column("mask_order", sa.Text, nullable=False),
        sa.Column("total", sa.Text, nullable=False),
        sa.Column("round", sa.Integer, nullable=False),
        sa.Column("made_at", sa.Double, nullable=False),
        sa.Column("planned_at", sa.Double),
        sa.Column("began_at", sa.Double),
        sa.Column("drawn_at", sa.Double),
        sa.Column("ended_at", sa.Double),
        sa.Column("priority", sa.Integer, nullable=False),
        sa.Column("not_before", sa.Double, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("fence", sa.Integer, nullable=False),
        sa.Column("worker_id", sa.Text),
        sa.Column("lease_until", sa.Double),
        sa.Column("acknowledged_at", sa.Double),
        sa.Column("message", sa.BigInteger),
        sa.Column("message_channel", sa.BigInteger),
        sa.Column("message_at", sa.Double),
        sa.Column("road", sa.String(16)),
        sa.Column("posting_at", sa.Double),
        sa.Column("error", sa.Text),
        sa.Column("sentence", sa.Text),
        sa.Column("told_at", sa.Double),
        sa.Column("cancelled_by", sa.BigInteger),
        sa.Column("deleted_by", sa.BigInteger),
        sa.Column("deleted_at", sa.Double),
    )
    op.create_index(
        "one_press",
        "jobs",
        ["source", "action", "position", "mask", "user"],
        unique=True,
        sqlite_where=PRESS,
        postgresql_where=PRESS,
    )
    for name, columns in (
        ("jobs_by_state", ["state", "made_at"]),
        ("jobs_by_user", ["user", "made_at"]),
        ("jobs_by_root", ["root_job"]),
        ("jobs_by_source", ["source"]),
        ("jobs_by_message", ["message"]),
        ("jobs_by_planned", ["planned_at"]),
        ("jobs_by_began", ["began_at"]),
        ("jobs_by_drawn", ["drawn_at"]),
        ("jobs_by_end", ["ended_at"]),
        ("jobs_by_start", ["start_picture"]),
        ("jobs_by_start_mask", ["start_mask"]),
    ):
        op.create_index(name, "jobs", columns)


def _of_job() -> "sa.Column[str]":
    key = sa.ForeignKey("jobs.id", ondelete="CASCADE")
    return sa.Column("job", sa.String(26), key, primary_key=True, nullable=False)


def _work() -> None:
    op.create_table(
        "shots",
        _of_job(),
        sa.Column("position", sa.Integer, primary_key=True),
        sa.Column("root_job", sa.String(26), nullable=False),
        sa.Column("mask", sa.Text, nullable=False),
        sa.Column("serial", sa.Integer),
        sa.Column("shot", sa.Text),
        sa.Column("error", sa.Text),
        sa.Column("sentence", sa.Text),
    )
    op.create_index("one_serial", "shots", ["root_job", "serial"], unique=True)
    op.create_table(
        "images",
        _of_job(),
        sa.Column("position", sa.Integer, primary_key=True),
        sa.Column("picture_id", sa.Text, nullable=False),
        sa.Column("picture", sa.Text, nullable=False),
        sa.Column("made_at", sa.Double, nullable=False),
    )
    op.create_index("images_by_picture", "images", ["picture_id"])
    op.create_table(
        "deliveries",
        _of_job(),
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("road", sa.String(16), nullable=False),
        sa.Column("began_at", sa.Double, nullable=False),
        sa.Column("ended_at", sa.Double),
        sa.Column("outcome", sa.Text),
        sa.Column("message", sa.BigInteger),
    )


def _people() -> None:
    op.create_table(
        "favourites",
        sa.Column("user", sa.BigInteger, primary_key=True, autoincrement=False),
        _of_job(),
        sa.Column("made_at", sa.Double, nullable=False),
    )
    op.create_index("favourites_by_job", "favourites", ["job"])
    op.create_table(
        "bans",
        sa.Column("guild", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("user", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("banned_by", sa.BigInteger, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("made_at", sa.Double, nullable=False),
    )


def _house() -> None:
    op.create_table(
        "switches",
        sa.Column("name", sa.String(64), primary_key=True),
        sa.Column("value", sa.Text, nullable=False),
        sa.Column("set_by", sa.BigInteger),
        sa.Column("set_at", sa.Double, nullable=False),
    )
    op.create_table(
        "garbage",
        sa.Column("picture_id", sa.Text, primary_key=True),
        sa.Column("found_at", sa.Double, nullable=False),
    )
    op.create_table(
        "bot_lease",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("owner", sa.Text, nullable=False),
        sa.Column("machine", sa.Text, nullable=False),
        sa.Column("pid", sa.Integer, nullable=False),
        sa.Column("born", sa.Text, nullable=False),
        sa.Column("until", sa.Double, nullable=False),
    )

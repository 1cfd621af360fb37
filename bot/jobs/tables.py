"""The tables of the line. `migrations/` makes them; a test holds the two against each other.

    jobs 1 ── n shots 1 ── 0..1 images        what is to be drawn, and what was
         1 ── n deliveries                    every attempt to post
         1 ── n favourites
         1 ── n evidence                      what deeds say of adapters, on the root
         1 ── 0..1 comparisons, n ballots     a blind comparison, and who said what
    bans, switches, garbage, bot_lease        people, notes, files to delete, who lives here

Times are seconds since 1970.  A lease is the columns `worker_id`, `lease_until`
and `fence` of a job.  `position` is -1 and `mask` "" where a button says nothing,
because NULLs are all different to a unique index.
"""

from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    text,
)
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator


class Whole(TypeDecorator[int]):
    """A whole number of any size as text: a plan may have more masks than 64 bits count."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: int | None, dialect: Dialect) -> str | None:  # noqa: ARG002  the base's signature
        return None if value is None else str(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> int | None:  # noqa: ARG002  the base's signature
        return None if value is None else int(value)


ULID_LENGTH: Final = 26
NO_POSITION: Final = -1
UNFINISHED_SQL: Final = "state IN ('queued', 'planned', 'drawn', 'posting')"

metadata = MetaData()


def _job_key(*, primary: bool) -> "Column[str]":
    key = ForeignKey("jobs.id", ondelete="CASCADE")
    return Column("job", String(ULID_LENGTH), key, primary_key=primary, nullable=False)


jobs = Table(
    "jobs",
    metadata,
    Column("id", String(ULID_LENGTH), primary_key=True),
    Column("root_job", String(ULID_LENGTH), ForeignKey("jobs.id"), nullable=False),
    Column("source", String(ULID_LENGTH), ForeignKey("jobs.id", ondelete="SET NULL")),
    Column("action", String(16), nullable=False),
    Column("position", Integer, nullable=False),
    Column("mask", Text, nullable=False),
    Column("state", String(16), nullable=False),
    Column("interaction", BigInteger, nullable=False, unique=True),
    Column("token", Text, nullable=False),
    Column("token_until", Double, nullable=False),
    Column("user", BigInteger, nullable=False),
    Column("user_name", Text, nullable=False),
    Column("guild", BigInteger),
    Column("channel", BigInteger, nullable=False),
    Column("locale", Text, nullable=False),
    Column("guild_locale", Text, nullable=False),
    Column("roads_beside_token", Boolean, nullable=False),
    Column("private", Boolean, nullable=False),
    Column("request", Text, nullable=False),
    Column("start_picture", Text),
    Column("start_mask", Text),
    Column("plan", Text),
    Column("mask_order", Text, nullable=False),
    Column("total", Whole, nullable=False),
    Column("round", Integer, nullable=False),
    Column("made_at", Double, nullable=False),
    Column("planned_at", Double),
    Column("began_at", Double),
    Column("drawn_at", Double),
    Column("ended_at", Double),
    Column("priority", Integer, nullable=False),
    Column("not_before", Double, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("fence", Integer, nullable=False),
    Column("worker_id", Text),
    Column("lease_until", Double),
    Column("acknowledged_at", Double),
    Column("message", BigInteger),
    Column("message_channel", BigInteger),
    Column("message_at", Double),
    Column("road", String(16)),
    Column("posting_at", Double),
    Column("error", Text),
    Column("sentence", Text),
    Column("told_at", Double),
    Column("cancelled_by", BigInteger),
    Column("deleted_by", BigInteger),
    Column("deleted_at", Double),
)
# A double click is one job until its card is on the way; whoever sees the pictures and
# presses again wants more of them. An edited prompt is no click: two of them are two wishes.
PRESS_SQL: Final = f"action <> 'imagine' AND posting_at IS NULL AND {UNFINISHED_SQL}"
Index(
    "one_press",
    jobs.c.source,
    jobs.c.action,
    jobs.c.position,
    jobs.c.mask,
    jobs.c.user,
    unique=True,
    sqlite_where=text(PRESS_SQL),
    postgresql_where=text(PRESS_SQL),
)
Index("jobs_by_state", jobs.c.state, jobs.c.made_at)
Index("jobs_by_user", jobs.c.user, jobs.c.made_at)
Index("jobs_by_root", jobs.c.root_job)
Index("jobs_by_source", jobs.c.source)
Index("jobs_by_message", jobs.c.message)
Index("jobs_by_planned", jobs.c.planned_at)
Index("jobs_by_began", jobs.c.began_at)
Index("jobs_by_drawn", jobs.c.drawn_at)
Index("jobs_by_end", jobs.c.ended_at)
Index("jobs_by_start", jobs.c.start_picture)
Index("jobs_by_start_mask", jobs.c.start_mask)

shots = Table(
    "shots",
    metadata,
    _job_key(primary=True),
    Column("position", Integer, primary_key=True),
    Column("root_job", String(ULID_LENGTH), nullable=False),
    Column("mask", Text, nullable=False),
    Column("serial", Integer),
    Column("shot", Text),
    Column("error", Text),
    Column("sentence", Text),
)
Index("one_serial", shots.c.root_job, shots.c.serial, unique=True)

images = Table(
    "images",
    metadata,
    _job_key(primary=True),
    Column("position", Integer, primary_key=True),
    Column("picture_id", Text, nullable=False),
    Column("picture", Text, nullable=False),
    Column("made_at", Double, nullable=False),
)
Index("images_by_picture", images.c.picture_id)

deliveries = Table(
    "deliveries",
    metadata,
    _job_key(primary=True),
    Column("number", Integer, primary_key=True),
    Column("road", String(16), nullable=False),
    Column("began_at", Double, nullable=False),
    Column("ended_at", Double),
    Column("outcome", Text),
    Column("message", BigInteger),
)

favourites = Table(
    "favourites",
    metadata,
    Column("user", BigInteger, primary_key=True, autoincrement=False),
    _job_key(primary=True),
    Column("made_at", Double, nullable=False),
)
Index("favourites_by_job", favourites.c.job)

evidence = Table(
    "evidence",
    metadata,
    Column("user", BigInteger, primary_key=True, autoincrement=False),
    Column("about", String(80), primary_key=True),
    Column("kind", String(16), primary_key=True),
    Column("card_id", Text, primary_key=True),
    Column("concept", Text, primary_key=True),
    Column("guild", BigInteger, nullable=False),
    _job_key(primary=False),
    Column("good", Integer, nullable=False),
    Column("bad", Integer, nullable=False),
    Column("made_at", Double, nullable=False),
)
Index("evidence_by_guild", evidence.c.guild)
Index("evidence_by_job", evidence.c.job)

comparisons = Table(
    "comparisons",
    metadata,
    _job_key(primary=True),
    Column("guild", BigInteger, nullable=False),
    Column("left", String(32), nullable=False),
    Column("right", String(32), nullable=False),
    Column("revealed_at", Double),
    Column("revealed_by", BigInteger),
    Column("told_at", Double),
)
Index("comparisons_by_guild", comparisons.c.guild)

ballots = Table(
    "ballots",
    metadata,
    _job_key(primary=True),
    Column("user", BigInteger, primary_key=True, autoincrement=False),
    Column("choice", String(8), nullable=False),
    Column("made_at", Double, nullable=False),
)

bans = Table(
    "bans",
    metadata,
    Column("guild", BigInteger, primary_key=True, autoincrement=False),
    Column("user", BigInteger, primary_key=True, autoincrement=False),
    Column("banned_by", BigInteger, nullable=False),
    Column("reason", Text, nullable=False),
    Column("made_at", Double, nullable=False),
)

switches = Table(
    "switches",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("value", Text, nullable=False),
    Column("set_by", BigInteger),
    Column("set_at", Double, nullable=False),
)

garbage = Table(
    "garbage",
    metadata,
    Column("picture_id", Text, primary_key=True),
    Column("found_at", Double, nullable=False),
)

bot_lease = Table(
    "bot_lease",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("owner", Text, nullable=False),
    Column("machine", Text, nullable=False),
    Column("pid", Integer, nullable=False),
    Column("born", Text, nullable=False),
    Column("until", Double, nullable=False),
)

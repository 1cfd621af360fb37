"""Rows become nouns and nouns rows; and `change`, the one way a job changes its state."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

import msgspec
from sqlalchemy import ColumnElement, Connection, Row, RowMapping, insert, select, update

from bot.jobs.nouns import Delivery, Job, Origin, Position, Wish
from bot.jobs.tables import NO_POSITION, deliveries, images, jobs, shots
from stylus_engine.model import Picture, Plan, Request, Shot

Values = Mapping[str, Any]
AnyRow = Row[*tuple[Any, ...]]  # attributes are columns

_REQUEST = msgspec.json.Decoder(Request)
_PLAN = msgspec.json.Decoder(Plan)
_SHOT = msgspec.json.Decoder(Shot)
_PICTURE = msgspec.json.Decoder(Picture)
_ORIGIN: Final = Origin.__struct_fields__
_RENAMED: Final = {"root": "root_job", "index": "position", "owner": "worker_id", "until": "lease_until", "order": "mask_order"}  # fmt: skip
_DECODED: Final = {"origin", "index", "request", "plan", "order"}
_PLAIN: Final = {
    name: _RENAMED.get(name, name) for name in Job.__struct_fields__ if name not in _DECODED
}


def encode(value: object) -> str:
    """JSON of a noun or of a tuple of texts."""
    return msgspec.json.encode(value).decode()


def change(
    connection: Connection, job: str, *guards: ColumnElement[bool], **values: object
) -> Job | None:
    """Set columns of one job if it is as the guards say; the job as it is then, else None."""
    wanted = update(jobs).where(jobs.c.id == job, *guards).values(**values)
    row = connection.execute(wanted.returning(*jobs.c)).mappings().one_or_none()
    return job_of(row) if row is not None else None


def find_job(connection: Connection, job: str) -> Job | None:
    row = connection.execute(select(jobs).where(jobs.c.id == job)).mappings().one_or_none()
    return job_of(row) if row is not None else None


def find_positions(connection: Connection, job: str) -> list[Position]:
    """In the order of the grid."""
    same = (images.c.job == shots.c.job) & (images.c.position == shots.c.position)
    wanted = select(shots, images.c.picture).outerjoin(images, same).where(shots.c.job == job)
    rows = connection.execute(wanted.order_by(shots.c.position))
    return [position_of(row) for row in rows]


def job_of(columns: RowMapping) -> Job:
    fields = {name: columns[column] for name, column in _PLAIN.items()}
    position: int = columns["position"]
    return Job(
        **fields,
        origin=Origin(**{name: columns[name] for name in _ORIGIN}),
        index=None if position == NO_POSITION else position,
        request=_REQUEST.decode(columns["request"]),
        plan=_PLAN.decode(columns["plan"]) if columns["plan"] else None,
        order=msgspec.json.decode(columns["mask_order"], type=tuple[str, ...]),
    )


def position_of(row: AnyRow) -> Position:
    return Position(
        job=row.job,
        index=row.position,
        mask=row.mask,
        serial=row.serial,
        shot=_SHOT.decode(row.shot) if row.shot else None,
        picture=_PICTURE.decode(row.picture) if row.picture else None,
        error=row.error,
        sentence=row.sentence,
    )


def delivery_of(columns: RowMapping) -> Delivery:
    return Delivery(**{name: columns[name] for name in deliveries.c.keys()})  # noqa: SIM118 - a collection of columns, not a mapping


def insert_job(connection: Connection, job: Job, wish: Wish) -> None:
    """A new row; the press that made it is kept as the wish had it."""
    plain = {column: getattr(job, name) for name, column in _PLAIN.items()}
    start = job.request.start
    decoded = {
        "position": NO_POSITION if job.index is None else job.index,
        "mask": wish.mask or "",
        "request": encode(job.request),
        "plan": encode(job.plan) if job.plan else None,
        "mask_order": encode(job.order),
        "start_picture": start.picture if start else None,
        "start_mask": start.mask if start else None,
    }
    origin = {name: getattr(job.origin, name) for name in _ORIGIN}
    connection.execute(insert(jobs), {**plain, **origin, **decoded})


def insert_positions(
    connection: Connection, root: str, positions: Iterable[Position], now: float
) -> None:
    """New rows of `shots`, and of `images` for positions that have a picture already."""
    asked = list(positions)
    connection.execute(insert(shots), [shot_row(root, position) for position in asked])
    done = [image_row(p.job, p.index, p.picture, now) for p in asked if p.picture]
    if done:
        connection.execute(insert(images), done)


def shot_row(root: str, position: Position) -> Values:
    return {
        "job": position.job,
        "position": position.index,
        "root_job": root,
        "mask": position.mask,
        "serial": position.serial,
        "shot": encode(position.shot) if position.shot else None,
        "error": position.error,
        "sentence": position.sentence,
    }


def image_row(job: str, index: int, picture: Picture, now: float) -> Values:
    return {
        "job": job,
        "position": index,
        "picture_id": picture.id,
        "picture": encode(picture),
        "made_at": now,
    }

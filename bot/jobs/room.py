"""What every part of the line stands on."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select

from bot.jobs.database import Database
from bot.jobs.nouns import Job
from bot.jobs.rows import change, job_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """The numbers of `settings.line`. Days, hours and seconds as their names say."""

    running: int = 1
    waiting: int = 3
    attempts: int = 2
    lease_seconds: float = 30.0
    retention_days: float = 90
    restore_hours: float = 24.0
    learning: bool = True
    share: bool = False  # what one server taught is heeded in the others


class Room:
    """One subject's calls over one database. `Line` is all of them together."""

    def __init__(self, database: Database, rules: Rules) -> None:
        self._db = database
        self._rules = rules

    async def _change(self, job: str, *guards: ColumnElement[bool], **values: object) -> Job | None:
        """One guarded change as a transaction of its own."""
        return await self._db.write(lambda connection: change(connection, job, *guards, **values))

    async def _jobs(self, wanted: Select[*tuple[Any, ...]]) -> list[Job]:
        """Whole jobs, in the order asked for."""

        def body(connection: Connection) -> Sequence[Job]:
            return [job_of(row) for row in connection.execute(wanted).mappings()]

        return list(await self._db.read(body))

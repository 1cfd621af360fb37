"""A bot that accepts jobs until it is killed: `python victim.py URL between|inside`.

It prints the id of each job that was committed.  With `inside` it then writes half a
job, prints `inside` from within the transaction and stays there.
"""

import asyncio
import sys
import time

import msgspec
from sqlalchemy import Connection, update

from bot.jobs.line import Line, Rules
from bot.jobs.nouns import Job
from bot.jobs.rows import insert_job
from bot.jobs.tables import jobs
from tests.bot.jobs.people import ADA, NOW, origin, wish


def tell(word: str) -> None:
    print(word, flush=True)  # noqa: T201 - whoever started this reads it


def half(connection: Connection, job: Job) -> None:
    """A row without an end, and a change of all others; then nothing more happens."""
    other = {"id": "H" * 26, "root": "H" * 26, "origin": origin(ADA)}
    insert_job(connection, msgspec.structs.replace(job, **other), wish(ADA))
    connection.execute(update(jobs).values(state="failed"))
    tell("inside")
    time.sleep(60)


async def main(url: str, where: str) -> None:
    line = await Line.open(url, Rules(), owner="victim", now=NOW)
    made = await line.accept(wish(0), NOW)
    tell(made.job.id)
    for user in range(1, 3 if where == "inside" else 10_000):
        tell((await line.accept(wish(user), NOW)).job.id)
    await line._db.write(lambda connection: half(connection, made.job))


asyncio.run(main(*sys.argv[1:]))

"""A bot that accepts jobs until it is killed: `python victim.py URL between|inside`.

It prints the id of each job that was committed.  With `inside` it then writes half a
job, prints `inside` from within the transaction and stays there.
"""

import asyncio
import sys
import time

from sqlalchemy import Connection, update

from bot.jobs.line import Line, Rules
from bot.jobs.rows import insert_job
from bot.jobs.tables import jobs
from tests.bot.jobs.people import ADA, NOW, origin, wish


def half(connection: Connection, job: object) -> None:
    wanted = wish(ADA)
    insert_job(connection, type(job)(**fields_of(job) | {"origin": origin(ADA)}), wanted)  # pyright: ignore[reportArgumentType] - a job with another id
    connection.execute(update(jobs).values(state="failed"))
    print("inside", flush=True)
    time.sleep(60)


def fields_of(job: object) -> dict[str, object]:
    names: tuple[str, ...] = job.__struct_fields__  # pyright: ignore[reportAttributeAccessIssue] - a noun
    fields = {name: getattr(job, name) for name in names}
    return fields | {"id": "H" * 26, "root": "H" * 26}


async def main(url: str, where: str) -> None:
    line = await Line.open(url, Rules(), owner="victim", now=NOW)
    for user in range(3 if where == "inside" else 10_000):
        made = await line.accept(wish(user), NOW)
        print(made.job.id, flush=True)
    await line._db.write(lambda connection: half(connection, made.job))


asyncio.run(main(*sys.argv[1:]))

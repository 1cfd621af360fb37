"""The database itself: its schema, its durability, and one bot that lives in it."""

import asyncio
import os
import re
import stat
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, insert, inspect, select, text, update
from sqlalchemy.exc import IntegrityError

from bot.jobs import lease
from bot.jobs.database import address, connect
from bot.jobs.line import LeaseLost, Line, Rules
from bot.jobs.tables import bot_lease, jobs, metadata
from stylus_engine.errors import BadSettings
from tests.bot.jobs.people import ADA, NOW, accepted, wish
from tests.sealing import sealed

pytestmark = pytest.mark.asyncio


def differences(connection: Connection) -> list[object]:
    return list(compare_metadata(MigrationContext.configure(connection), metadata))


def indexes(connection: Connection) -> list[str]:
    """As the database itself writes them down, partial ones with their condition."""
    wanted = {
        "sqlite": "SELECT sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL",
        "postgresql": "SELECT indexdef FROM pg_indexes WHERE tablename <> 'alembic_version'",
    }
    rows = connection.scalars(text(wanted[connection.dialect.name]))
    return sorted(re.sub(r"\s+", " ", row) for row in rows)


def made_anew(connection: Connection) -> list[str]:
    """The indexes as the metadata makes them."""
    metadata.drop_all(connection)
    metadata.create_all(connection)
    return indexes(connection)


async def test_the_steps_lead_to_the_tables(line: Line):
    assert await line._db.read(differences) == []


async def test_the_steps_lead_to_the_indexes(url: str, line: Line):
    migrated = await line._db.read(indexes)
    assert any("one_press" in index and "WHERE" in index for index in migrated)
    await line.close()
    bare = connect(address(url))
    assert await bare.write(made_anew) == migrated
    await bare.close()


async def test_a_second_start_keeps_everything(url: str, line: Line):
    job = await accepted(line, wish(), "planned")
    await line.close()
    again = await Line.open(url, Rules(), owner="bot", now=NOW)
    assert await again.job(job.id) == job
    await again.close()


async def test_a_database_of_a_later_version(url: str, line: Line):
    newer = text("UPDATE alembic_version SET version_num = '9999'")
    await line._db.write(lambda connection: connection.execute(newer).rowcount)
    await line.close()
    with pytest.raises(BadSettings, match="newer version of Stylus"):
        await Line.open(url, Rules(), owner="bot", now=NOW)


@pytest.mark.parametrize(
    ("where", "said"),
    [
        ("postgresql://u:hush@127.0.0.1:1/x?sslmode=require", "Connect call failed"),
        ("postgresql://u:hush@127.0.0.1:1/x?channel_binding=require", "channel_binding"),
        ("postgresql://u:hush@127.0.0.1:99999/x", "port"),
        ("sqlite:///{here}/never.db?timeout=soon", "soon"),
    ],
)
async def test_an_address_with_odd_arguments_is_one_sentence(where: str, said: str, tmp_path: Path):
    with pytest.raises(BadSettings, match=said) as refused:
        await Line.open(where.format(here=tmp_path), Rules(), owner="bot", now=NOW)
    assert "hush" not in str(refused.value)


async def test_ssl_is_asked_for_in_the_driver_s_words():
    url = address("postgresql://u@h/x?sslmode=verify-full&host=db")
    assert dict(url.query) == {"ssl": "verify-full", "host": "db"}
    assert dict(address("postgresql://u@h/x?ssl=require").query) == {"ssl": "require"}


@pytest.mark.parametrize(
    "where",
    [
        "",
        "mysql://x",
        "stylus.db",
        "sqlite://",
        "sqlite:///:memory:",
        "sqlite:///file:x?mode=memory&uri=true",
    ],
)
async def test_what_is_no_database_of_ours(where: str):
    with pytest.raises(BadSettings) as refused:
        await Line.open(where, Rules(), owner="bot", now=NOW)
    assert refused.value.where == "database.url"


async def test_a_file_that_is_no_database(tmp_path: Path):
    file = tmp_path / "notes.txt"
    file.write_text("These are no tables. " * 100)
    with pytest.raises(BadSettings, match="not a database"):
        await Line.open(f"sqlite:///{file}", Rules(), owner="bot", now=NOW)


async def test_a_folder_that_cannot_be_made(tmp_path: Path):
    (tmp_path / "taken").write_text("")
    with pytest.raises(BadSettings, match="cannot be opened"):
        await Line.open(f"sqlite:///{tmp_path}/taken/s.db", Rules(), owner="bot", now=NOW)


async def test_a_folder_or_a_file_that_takes_nothing_is_told_in_our_words(tmp_path: Path):
    (tmp_path / "d").mkdir()
    where = f"sqlite:///{tmp_path}/d/s.db"
    line = await Line.open(where, Rules(), owner="bot", now=NOW)
    await line.close()
    with sealed(tmp_path / "d"):
        with pytest.raises(BadSettings) as refused:
            await Line.open(where, Rules(), owner="bot", now=NOW)
        with pytest.raises(BadSettings) as unread:
            await Line.look(where, lambda line: line.results(None))
    why = "Read-only file system" if os.geteuid() == 0 else "Permission denied"
    assert str(refused.value) == f"database.url: {where} cannot be opened ({why})."
    assert str(unread.value) == f"database.url: it cannot be read ({why})."


async def test_a_server_that_is_not_there_and_no_password_told(tmp_path: Path):
    where = f"postgresql://stylus:hunter2@/line?host={tmp_path}"
    with pytest.raises(BadSettings) as refused:
        await Line.open(where, Rules(), owner="bot", now=NOW)
    assert "hunter2" not in str(refused.value)


async def test_the_file_is_private_and_commits_are_safe(tmp_path: Path):
    file = tmp_path / "deep" / "stylus.db"
    line = await Line.open(f"sqlite:///{file}", Rules(), owner="bot", now=NOW)
    names = ("journal_mode", "synchronous", "foreign_keys")
    read = [line._db.read(lambda c, name=name: c.exec_driver_sql(f"PRAGMA {name}").scalar()) for name in names]  # fmt: skip
    assert [await one for one in read] == ["wal", 2, 1]
    modes = {stat.S_IMODE(path.stat().st_mode) for path in file.parent.iterdir()}
    assert modes == {0o600}
    await line.close()


async def test_an_exception_undoes_the_whole_transaction(line: Line):
    job = await accepted(line, wish())

    def body(connection: Connection) -> None:
        connection.execute(update(jobs).values(state="failed"))
        raise KeyError(job.id)

    with pytest.raises(KeyError):
        await line._db.write(body)
    assert await line.job(job.id) == job


async def test_callers_that_give_up_leave_the_line_in_order(line: Line):
    for delay in (0, 0.0005, 0.001, 0.002, 0.004, 0.008):
        tasks = [asyncio.create_task(line.accept(wish(9000 + n), NOW)) for n in range(8)]
        await asyncio.sleep(delay)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        made = await line.accept(wish(ADA), NOW)
        assert await line.cancel(made.job.id, ADA, NOW)
        for job in await line.unfinished():
            assert job.state == "queued"
            assert await line.cancel(job.id, ADA, NOW)


# --- one bot per database -----------------------------------------------------------


async def lives(url: str, owner: str, now: float) -> Line:
    return await Line.open(url, Rules(), owner=owner, now=now)


async def pretend(line: Line, **process: object) -> None:
    """The lease as another process would have written it."""
    other = update(bot_lease).values(owner="other", **process)
    await line._db.write(lambda connection: connection.execute(other).rowcount)


async def test_a_second_bot_is_refused_in_one_sentence(url: str, line: Line):
    with pytest.raises(BadSettings) as refused:
        await lives(url, "second", NOW + 1)
    assert "another bot (process" in str(refused.value)
    assert "29 seconds" in str(refused.value)
    assert "\n" not in str(refused.value)
    await line.accept(wish(), NOW)


async def test_a_bot_that_ended_well_leaves_room(url: str, line: Line):
    await line.close()
    second = await lives(url, "second", NOW + 1)
    await second.close()


async def test_a_silent_bot_loses_its_place(url: str, line: Line):
    second = await lives(url, "second", NOW + lease.BOT_SECONDS + 1)
    with pytest.raises(LeaseLost):
        await line.accept(wish(), NOW)
    with pytest.raises(LeaseLost):
        await line.hold(NOW)
    assert await second.unfinished() == []
    await line.close()  # which gives nothing back that is another one's
    with pytest.raises(BadSettings):
        await lives(url, "third", NOW + lease.BOT_SECONDS + 2)
    await second.hold(NOW + 40)
    await second.close()


async def test_a_bot_that_holds_keeps_its_place(url: str, line: Line):
    await line.hold(NOW + 20)
    with pytest.raises(BadSettings):
        await lives(url, "second", NOW + lease.BOT_SECONDS + 1)


async def test_a_dead_process_of_this_machine_is_no_bot(url: str, line: Line):
    await pretend(line, pid=lease.this_process().pid, born="1")  # the number was used again
    second = await lives(url, "second", NOW + 1)
    await second.close()


async def test_a_process_of_another_machine_may_live(url: str, line: Line):
    await pretend(line, machine="elsewhere", pid=1, born="1")
    with pytest.raises(BadSettings, match="elsewhere"):
        await lives(url, "second", NOW + 1)


async def test_two_bots_that_start_at_once(bare_url: str):
    opened = await asyncio.gather(
        *(lives(bare_url, f"bot{n}", NOW) for n in range(4)), return_exceptions=True
    )
    living = [one for one in opened if isinstance(one, Line)]
    assert len(living) == 1
    assert sum(isinstance(one, BadSettings) for one in opened) == 3
    owner = await living[0]._db.read(lambda c: c.scalar(select(bot_lease.c.owner)))
    assert owner == living[0]._db.owner
    await living[0].close()


async def test_the_tables_are_those_of_the_design(line: Line):
    names = await line._db.read(lambda connection: set(inspect(connection).get_table_names()))
    assert {"jobs", "shots", "images", "deliveries"} <= names
    columns = await line._db.read(
        lambda connection: {column["name"] for column in inspect(connection).get_columns("jobs")}
    )
    assert {"priority", "not_before", "root_job", "worker_id"} <= columns


async def test_an_error_holds_no_parameter(line: Line):
    """Errors are logged, and among the parameters are tokens and private prompts."""

    def twice(connection: Connection) -> None:
        row = {"id": 1, "owner": "s3cret", "machine": "", "pid": 1, "born": "", "until": NOW}
        connection.execute(insert(bot_lease).values(row))

    with pytest.raises(IntegrityError) as caught:
        await line._db.write(twice)
    assert "bot_lease" in str(caught.value)
    assert "s3cret" not in str(caught.value)

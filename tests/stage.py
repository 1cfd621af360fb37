"""A playground with the real bot in it, and what end-to-end tests do on it again and again."""

import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing, contextmanager
from pathlib import Path
from typing import Any

import msgspec

from stylus_engine.model import Request, Shot
from tests.bot_process import BotProcess
from tests.playground.driver import Person, Playground, until
from tests.reading import buttons, is_card, job_of, text

Json = dict[str, Any]
PROMPT = "an ink drawing of a dragon in a night city"


class Stage:
    """One playground, one bot, its people."""

    def __init__(self, play: Playground, bot: BotProcess) -> None:
        self.play, self.bot = play, bot
        self.ada, self.ben = play.person("ada"), play.person("ben")

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """What stands in the database now."""
        file = f"file:{self.bot.folder / 'data' / 'stylus.db'}?mode=ro"
        with closing(sqlite3.connect(file, uri=True)) as database:
            return database.execute(query).fetchall()

    def request(self, card: Json) -> Request:
        """What was asked for, as the line keeps it."""
        [(raw,)] = self.rows(f"SELECT request FROM jobs WHERE id = '{job_of(card)}'")  # noqa: S608 - ids of our own
        return msgspec.json.decode(raw, type=Request)

    def shot(self, card: Json, number: int = 0) -> Shot:
        """What the card's picture of this number, from 0, was drawn from."""
        place = f"job = '{job_of(card)}' AND position = {number}"
        [(raw,)] = self.rows(f"SELECT shot FROM shots WHERE {place}")  # noqa: S608 - ids of our own
        return msgspec.json.decode(raw, type=Shot)

    @contextmanager
    def holding(self) -> Iterator[None]:
        """Somebody else writes in the database for as long as the block lasts."""
        file = self.bot.folder / "data" / "stylus.db"
        with closing(sqlite3.connect(file, isolation_level=None, timeout=30)) as database:
            database.execute("BEGIN IMMEDIATE")
            try:
                yield
            finally:
                database.execute("ROLLBACK")

    def state(self, job: str) -> str:
        [(state,)] = self.rows(f"SELECT state FROM jobs WHERE id = '{job}'")  # noqa: S608 - ids of our own
        return state

    async def posted(self, job: str) -> None:
        async def there() -> bool:
            return self.state(job) == "posted"

        await until(there, 30, f"{job} to be posted")

    async def card(self, who: Person, message: str) -> Json:
        """The message as a card, once it is one and the line knows."""
        found = await who.message_where(lambda m: m["id"] == message and is_card(m), 60, "a card")
        await self.posted(job_of(found))
        return found

    async def imagine(self, who: Person, **options: object) -> Json:
        pressed = await who.slash("imagine", **{"prompt": PROMPT, **options})
        return await self.card(who, (await who.answer(pressed))["message"]["id"])

    async def press(self, who: Person, card: Json, what: str, **more: Any) -> Json:
        """The answer to a press."""
        return await who.answer(await who.press(card, buttons(card)[what], **more))

    async def derived(self, who: Person, card: Json, what: str, **more: Any) -> Json:
        """The card that a press led to."""
        answer = await self.press(who, card, what, **more)
        return await self.card(who, answer["message"]["id"])

    async def being_drawn(self, who: Person, status: Json) -> None:
        """A drawer has it in hand: people see its steps."""
        await who.message_where(
            lambda m: m["id"] == status["id"] and "steps" in text(m), 60, "steps of the drawing"
        )

    async def card_of_this_file(self) -> Json:
        """Any card: one is enough for what is forged on it."""
        cards = [message for message in await self.ben.messages() if is_card(message)]
        return cards[-1] if cards else await self.imagine(self.ben)

    async def gone(self, who: Person, card: Json) -> None:
        async def away() -> bool:
            return await who.message(card["id"]) is None

        await until(away, 20, "the card to be deleted")

    async def told(self, who: Person, command: str, **options: object) -> Json:
        """The message that answers a command."""
        return (await who.answer(await who.slash(command, **options)))["message"]


@asynccontextmanager
async def staged(folder: Path, **settings: Any) -> AsyncIterator[Stage]:
    """One bot for a file of tests; at the end nothing unforeseen stands in its log or on the wire.

    Eight programs may share two cores: that three seconds are kept has its own test.
    """
    roomy: dict[str, Any] = {"line__waiting": 9, "delivery__acknowledge_seconds": 20}
    async with (
        Playground(ack_seconds=20) as play,
        BotProcess(play, folder, **(roomy | settings)) as bot,
    ):
        yield Stage(play, bot)
        assert "Traceback" not in bot.log
        assert [row for row in await play.requests() if row["findings"]] == []

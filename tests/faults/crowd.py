"""Ten people who ask, press and delete; what each asked for is remembered by its interaction."""

import asyncio
import itertools
import json
import sqlite3
from collections.abc import Awaitable, Callable, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any, TypeAlias

import aiohttp

from tests.faults.witness import Said, Witness
from tests.playground.driver import Person, Playground, Refusal, parts

Json: TypeAlias = dict[str, Any]
NAMES = ("ada", "ben", "cleo", "dana", "eli", "fay", "gus", "hana", "ivo", "june")
CHANNELS = ("pictures", "general")
SECONDS = 12.0  # a press is answered, or it never is
TRIES = 4
NOT_YET = sqlite3.OperationalError  # no tables before the first bot has made them


async def insisting(do: Callable[[], Awaitable[None]]) -> None:
    """Look again where a message went between the look and the press: the bot takes old ones away."""
    for _ in range(TRIES - 1):
        try:
            return await do()
        except Refusal as said:
            if said.status != HTTPStatus.NOT_FOUND:
                raise
    return await do()


def guild_file(folder: Path) -> Path:
    """The first of them is a moderator."""
    people = [{"username": n, "global_name": n.title(), "moderator": n == "ada"} for n in NAMES]
    channels = [{"name": name} for name in CHANNELS]
    path = folder / "guild.json"
    path.write_text(
        json.dumps({"users": people, "guilds": [{"name": "Faults", "channels": channels}]}),
        encoding="utf-8",
    )
    return path


@dataclass(frozen=True, slots=True)
class Ask:
    """Something that should become pictures, or a sentence why not."""

    interaction: str
    who: str
    private: bool = False


class Crowd:
    """All of them, before one playground."""

    def __init__(self, play: Playground, witness: Witness, database: Path) -> None:
        self.play = play
        self.witness = witness
        self.asks: list[Ask] = []
        self.channel = CHANNELS[0]
        self.closed: set[str] = set()  # names whose direct messages are closed
        self._database = database
        self._turn = itertools.cycle(NAMES)
        self._numbers = itertools.count(1)

    def person(self, name: str = "") -> Person:
        """Somebody, each in turn, or the one of that name."""
        return self.play.person(name or next(self._turn)).at(self.channel)

    # --- asking

    async def imagine(self, who: Person, words: str = "", **options: object) -> Ask:
        """A wish; nobody waits for its answer. `count` is 2 unless said otherwise."""
        prompt = f"ink night city {next(self._numbers)} {words}".strip()
        pressed = await who.slash("imagine", **{"prompt": prompt, "count": 2, **options})
        self.asks.append(Ask(pressed, who.name, private=bool(options.get("private"))))
        return self.asks[-1]

    async def wave(self, number: int) -> None:
        """So many wishes at once; every fifth one is private."""
        wishes = [
            self.imagine(self.person(), private=True) if n % 5 == 4 else self.imagine(self.person())
            for n in range(number)
        ]
        await asyncio.gather(*wishes, return_exceptions=True)

    async def answer(self, ask: str) -> Json | None:
        """The answer to an interaction, None when there was none."""
        with suppress(Refusal, aiohttp.ClientError):
            told = await self.play.get(f"interactions/{ask}", wait=SECONDS)
            return told if told["state"] == "answered" else None
        return None

    async def told(self, who: Person, command: str, **options: object) -> Json | None:
        """The message that answers a command, tried again when nobody answered."""
        for _ in range(TRIES):
            answer = await self.answer(await who.slash(command, **options))
            if answer is not None and "message" in answer:
                return answer["message"]
        return None

    async def status(self, who: Person, words: str = "", **options: object) -> Json | None:
        """A new wish's status message."""
        for _ in range(TRIES):
            answer = await self.answer((await self.imagine(who, words, **options)).interaction)
            if answer is not None and "message" in answer:
                return answer["message"]
        return None

    async def press(self, message: Json, what: str, who: Person, **more: Any) -> str:
        """Press what stands on a message: the part of the custom_id behind the job."""
        ids = {one.split(":", 3)[-1]: one for one in _ids(message)}
        return await who.press(message, ids[what], **more)

    async def derive(self, message: Json, what: str, who: Person) -> None:
        """A press that makes a job."""
        self.asks.append(Ask(await self.press(message, what, who), who.name))

    async def card(self, *, seconds: float = 40) -> tuple[Said, Person]:
        """A public card that stands now, and whose it is."""
        end = asyncio.get_running_loop().time() + seconds
        while True:
            for said in self.witness.now("card"):
                owner = said.message.get("interaction_metadata", {}).get("user", {})
                result = any(one.endswith(":seed") for one in _ids(said.message))
                if owner and result and not said.message["flags"] & 64:
                    return said, self.at(said.message, owner["username"])
            assert asyncio.get_running_loop().time() < end, "no card in sight"
            if not any(self.witness.now("status")):
                await self.wave(2)
            await asyncio.sleep(0.1)

    async def comparison(self, *, seconds: float = 40) -> tuple[Said, Person]:
        """A comparison that nobody has revealed, and whose it is; asked for where there is none."""
        end = asyncio.get_running_loop().time() + seconds
        who = self.person()
        if not self._hidden_ones():
            prompt = f"ink night city {next(self._numbers)}"
            pressed = await who.slash("compare", prompt=prompt, count=1)
            self.asks.append(Ask(pressed, who.name))
        while True:
            hidden = self._hidden_ones()
            for said in self.witness.now("card"):
                if said.job in hidden:
                    owner = said.message["interaction_metadata"]["user"]["username"]
                    return said, self.at(said.message, owner)
            assert asyncio.get_running_loop().time() < end, "no comparison in sight"
            await asyncio.sleep(0.1)

    def _hidden_ones(self) -> set[str]:
        query = (
            "SELECT job FROM comparisons JOIN jobs ON jobs.id = job WHERE revealed_at IS NULL "
            "AND deleted_at IS NULL AND state IN ('queued', 'planned', 'drawn', 'posting', 'posted')"
        )
        return {row[0] for row in self.rows(query)}

    def at(self, message: Json, name: str) -> Person:
        return self.play.person(name).at(message["channel_id"])

    async def delete(self, message: Json) -> None:
        """The moderator takes it away; whoever sees a private one may, too."""
        with suppress(Refusal):
            await self.at(message, "ada").delete(message)

    # --- knowing which is which

    def rows(self, query: str, *values: object) -> Sequence[tuple[Any, ...]]:
        """For names and for waiting; never for a verdict."""
        if not self._database.exists():
            return []
        file = f"file:{self._database}?mode=ro"
        with closing(sqlite3.connect(file, uri=True)) as database, suppress(NOT_YET):
            return database.execute(query, values).fetchall()
        return []

    def job_of(self, interaction: str) -> str:
        """The job of an interaction by the bot's own book; "" when it has none."""
        rows = self.rows("SELECT id FROM jobs WHERE interaction = ?", int(interaction))
        return rows[0][0] if rows else ""

    def job_at(self, message: str) -> str:
        """The newest job that stands in a message."""
        query = "SELECT id FROM jobs WHERE message = ? ORDER BY made_at DESC"
        rows = self.rows(query, int(message))
        return rows[0][0] if rows else ""

    def state(self, job: str) -> str:
        rows = self.rows("SELECT state FROM jobs WHERE id = ?", job)
        return rows[0][0] if rows else ""

    def has_a_message(self, job: str) -> bool:
        """One that everybody in the channel sees."""
        query = "SELECT 1 FROM jobs WHERE id = ? AND NOT private AND message IS NOT NULL AND road != 'new'"
        return bool(self.rows(query, job))

    def open_jobs(self) -> list[str]:
        """Not finished, or finished and not told, by the bot's own book."""
        query = (
            "SELECT id FROM jobs WHERE state IN ('queued', 'planned', 'drawn', 'posting') OR "
            "(state IN ('failed', 'cancelled', 'undeliverable') AND told_at IS NULL)"
        )
        return [row[0] for row in self.rows(query)]


def _ids(message: Json) -> list[str]:
    return [part["custom_id"] for part in parts(message) if "custom_id" in part]

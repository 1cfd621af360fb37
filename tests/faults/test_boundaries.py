"""The list of boundaries makes itself; the tables beside it name nothing that is not in it."""

from bot.delivery.wire import Wire
from bot.discord_wire import DiscordWire
from bot.jobs.line import Line
from bot.routing.reply import Reply
from tests.faults.boundaries import REST, boundaries, calls, places, requests, writes
from tests.faults.deeds import AT_START, DEEDS, LONG_AFTER, PRELUDES, UNREGISTERED
from tests.faults.plan import POSTING


class Longer(Line):
    """A line with a new call of each kind."""

    async def shred(self, job: str) -> None:
        await self._shred(job)

    async def _shred(self, job: str) -> None:
        await self._db.write(lambda _: job)

    async def peek(self, job: str) -> None:
        await self._db.read(lambda _: job)


class Chattier(Reply):
    async def whisper(self) -> None:
        await self.interaction.followup.send("hush")

    async def think(self) -> None:
        await self.quiet()


def test_a_new_write_is_a_boundary_by_itself():
    assert set(writes(Longer)) - set(writes(Line)) == {"shred"}


def test_what_only_reads_is_none():
    written = writes(Line)
    assert not {"job", "to_post", "counts", "place", "paused", "noted"} & set(written)
    assert {"accept", "open", "hold", "close", "pause", "posted", "cancel", "sweep"} <= set(written)


def test_a_new_request_is_a_boundary_by_itself():
    assert set(requests(Chattier)) - set(requests(Reply)) == {"whisper"}
    assert "_message" in requests(Reply)


def test_the_wire_has_no_call_that_the_protocol_hides():
    assert calls(DiscordWire) == calls(Wire)
    assert {"send", "find", "original", "private"} <= set(calls(Wire))


def test_every_place_stands_once_and_has_two_sides():
    assert len(set(places())) == len(places())
    assert len(boundaries()) == 2 * len(places())


def test_the_tables_name_boundaries_only():
    tables = {*DEEDS, *PRELUDES, *AT_START, *LONG_AFTER, *UNREGISTERED, *REST}
    assert tables <= set(places())
    assert {crash for crash, _ in PRELUDES.values()} | set(POSTING) <= set(boundaries())

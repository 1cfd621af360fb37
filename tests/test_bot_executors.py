"""Which executor drew a job of the bot, and why: ℹ️ Details, the pictures' manifests and `--explain` tell the same."""

import asyncio
import re
import sys
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from stylus_engine.model import Manifest, Ran
from stylus_engine.pictures.store import PictureStore, manifest_of
from tests.house.source import HOUSE
from tests.reading import Json, job_of, text
from tests.stage import Stage, staged

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240), pytest.mark.asyncio(loop_scope="module")]
PROMPT = "a pencil sketch of a dragon at sunset"
STEPS = 6
IN_DETAILS = re.compile(r"(One|\d+) steps? drawn with executor (\S+): (.+)")
IN_A_TERMINAL = re.compile(r"(then|now|\d+) · (\d+) steps? with executor (\S+): (.+)")
Told = tuple[str, str]  # the executor, and why in words


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=["auto", "bank"])
async def stage(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Stage]:
    more = {"sampling__executor": request.param, "drawing__steps": STEPS, "drawing__count": 3}
    folder = tmp_path_factory.mktemp("bot")
    async with staged(folder, workers__command="[]", **more) as made:
        yield made


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def card(stage: Stage) -> Json:
    return await stage.imagine(stage.ada, prompt=PROMPT, seed=40)


def executor_of(stage: Stage) -> str:
    return str(stage.bot.settings["sampling__executor"])


def addresses(stage: Stage, card: Json) -> list[str]:
    """Of the card's pictures, in their order."""
    rows = f"SELECT picture_id FROM images WHERE job = '{job_of(card)}' ORDER BY position"  # noqa: S608 - ids of our own
    return [address for (address,) in stage.rows(rows)]


def manifests(stage: Stage, card: Json) -> list[Manifest]:
    """As the pictures themselves hold them."""
    store = PictureStore(Path(stage.bot.folder) / "data" / "pictures")
    return [manifest_of(store.place(address)) for address in addresses(stage, card)]


def words(ran: Ran) -> str:
    """Why, as people read it: written down here once more, so that no two of ours only agree with each other."""
    return {
        "asked": "the settings ask for it",
        "bare": "no adapter was lit",
        "first": "the model is first watched at work",
        "cheapest": f"expected to be the fastest here, before {ran.over}",
    }[ran.why]


def counted(told: list[Manifest]) -> Counter[Told]:
    """(executor, why) -> steps of all pictures."""
    steps: Counter[Told] = Counter()
    for ran in (ran for manifest in told for ran in manifest.ran):
        steps[ran.executor, words(ran)] += ran.steps
    return steps


async def details(stage: Stage, card: Json) -> Counter[Told]:
    shown = text((await stage.press(stage.ada, card, "info"))["message"]).replace("\\", "")
    found = IN_DETAILS.findall(shown)
    return Counter({(name, why): 1 if n == "One" else int(n) for n, name, why in found})


async def explained(stage: Stage, *said: str) -> dict[str, Counter[Told]]:
    """What `stylus … --explain` says on the bot's own pictures, by what a line begins with."""
    flags = [f"paths.data={stage.bot.folder / 'data'}", f"sampling.executor={executor_of(stage)}"]
    flags.append(f"drawing.steps={STEPS}")
    program = [sys.executable, "-m", "bot", *(w for each in flags for w in ("--set", each))]
    process = await asyncio.create_subprocess_exec(
        *program, *said, "--explain", cwd=HOUSE, stdout=asyncio.subprocess.PIPE
    )
    out, _ = await process.communicate()
    assert process.returncode == 0
    found: dict[str, Counter[Told]] = {}
    for lead, steps, name, why in IN_A_TERMINAL.findall(out.decode()):
        found.setdefault(lead, Counter())[name, why.strip()] += int(steps)
    return found


async def test_details_tell_what_the_pictures_say(stage: Stage, card: Json):
    told = manifests(stage, card)
    assert [sum(ran.steps for ran in each.ran) for each in told] == [STEPS] * 3
    assert await details(stage, card) == counted(told)
    names = {ran.executor for each in told for ran in each.ran}
    whys = {ran.why for each in told for ran in each.ran}
    if executor_of(stage) == "bank":
        assert (names, whys) == ({"bank"}, {"asked"})
    else:
        assert whys == {"first", "cheapest"}


async def test_explain_tells_the_same(stage: Stage, card: Json):
    if executor_of(stage) == "auto":
        await it_tells_of_the_very_picture(stage, card)
    else:
        await it_tells_of_the_same_job_drawn_by_hand(stage, card)


async def it_tells_of_the_very_picture(stage: Stage, card: Json) -> None:
    """What drew it then, and what draws it now: `auto` measures the machine anew, and may take another."""
    single = await stage.derived(stage.ada, card, "u:1")
    address, manifest = addresses(stage, card)[1], manifests(stage, card)[1]
    assert addresses(stage, single) == [address]
    told = await explained(stage, "again", address)
    assert told["then"] == counted([manifest]) == await details(stage, single)
    assert told["now"].total() == STEPS


async def it_tells_of_the_same_job_drawn_by_hand(stage: Stage, card: Json) -> None:
    told = await explained(stage, "imagine", PROMPT, "--seed", "40", "--count", "3")
    assert {lead: steps.total() for lead, steps in told.items()} == dict.fromkeys("123", STEPS)
    assert sum(told.values(), Counter[Told]()) == await details(stage, card)

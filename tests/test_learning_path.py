"""What people like, from their press to the next picture; and a blind comparison to its reveal."""

import json
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from tests.playground.driver import Person, until
from tests.reading import buttons, hidden, is_card, job_of, parts, pictures, text
from tests.stage import Stage, staged

Json = dict[str, Any]
pytestmark = [pytest.mark.slow, pytest.mark.timeout(600), pytest.mark.asyncio(loop_scope="module")]
PROMPT = "a dragon at night"
FIRST, SECOND = "Storybook Dragon", "Little Dragon"  # how the miniature's cards are chosen


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stage(tmp_path_factory: pytest.TempPathFactory):
    folder = tmp_path_factory.mktemp("learning")
    async with staged(
        folder, workers__command="[]", drawing__steps=2, learning__reveal_after=2
    ) as here:
        await warm(here)
        yield here


async def warm(stage: Stage) -> None:
    """The first picture loads torch, on a machine that tests share."""
    pressed = await stage.ada.slash("imagine", prompt="a fox", count=1)
    message = (await stage.ada.answer(pressed))["message"]["id"]
    await stage.ada.message_where(lambda m: m["id"] == message and is_card(m), 240, "a card")


async def draw(stage: Stage, who: Person) -> Json:
    return await stage.imagine(who, prompt=PROMPT, count=2, seed=7)


def lit(card: Json) -> list[str]:
    """The caption of each picture."""
    return [line for line in text(card).splitlines() if line[:4] in {"1 · ", "2 · "}]


def plan(stage: Stage, card: Json) -> str:
    [(raw,)] = stage.rows(f"SELECT plan FROM jobs WHERE id = '{job_of(card)}'")  # noqa: S608 - ids of our own
    return raw


async def rate(stage: Stage, who: Person, card: Json, value: str) -> str:
    return text((await stage.press(who, card, "rate", values=[value]))["message"])


async def fetched(stage: Stage, message: Json) -> Json:
    [url] = pictures(message)
    async with stage.play.http.get(url) as answer:
        return json.loads(await answer.read())


async def test_from_thumbs_down_to_another_adapter_and_back(stage: Stage):
    before = await draw(stage, stage.ada)
    assert FIRST in lit(before)[0]
    assert SECOND in lit(before)[1]
    for who in (stage.ada, stage.ben):
        assert "👎" in await rate(stage, who, before, "0-down")
        assert "👎" in await rate(stage, who, before, "0-down")  # twice is once
        assert "👍" in await rate(stage, who, before, "1-up")
    after = await draw(stage, stage.ada)
    assert SECOND in lit(after)[0]
    told = await stage.press(stage.ben, after, "info")
    assert f"{FIRST}: liked 0 of 2 times" in text(told["message"])
    assert f"{SECOND}: liked 2 of 2 times" in text(told["message"])

    export = await stage.told(stage.ada, "admin learning", what="export")
    assert hidden(export)
    counts = {
        (one["adapter"].split(":")[1], one["words"]): (one["for"], one["against"])
        for one in (await fetched(stage, export))["counts"]
    }
    assert (0.0, 2.0) in counts.values()
    assert (2.0, 0.0) in counts.values()

    await stage.told(stage.ada, "admin learning", what="off")
    off = await draw(stage, stage.ada)
    assert plan(stage, off) == plan(stage, before)  # byte for byte
    assert lit(off) == lit(before)
    assert "rate" not in buttons(off)
    refused = await rate(stage, stage.ben, before, "0-up")
    assert "does not learn" in refused

    await stage.told(stage.ada, "admin learning", what="on")
    assert SECOND in lit(await draw(stage, stage.ada))[0]
    await stage.told(stage.ada, "admin learning", what="delete")
    assert plan(stage, await draw(stage, stage.ada)) == plan(stage, before)


async def test_other_masks_keep_the_plan_that_is_stored(stage: Stage):
    """A reroll after votes goes through the order that its root had."""
    root = await draw(stage, stage.ada)
    more = await stage.derived(stage.ben, root, "mask")
    assert plan(stage, more) == plan(stage, root)
    [(order,)] = stage.rows(f"SELECT mask_order FROM jobs WHERE id = '{job_of(root)}'")  # noqa: S608 - ids of our own
    masks = [
        row[0]
        for row in stage.rows(
            f"SELECT mask FROM shots WHERE job = '{job_of(more)}' ORDER BY position"  # noqa: S608 - ids of our own
        )
    ]
    assert masks == json.loads(order)[2 : 2 + len(masks)]
    await stage.told(stage.ada, "admin learning", what="delete")


async def test_votes_are_taken_back(stage: Stage):
    card = await draw(stage, stage.ada)
    await rate(stage, stage.ada, card, "0-up")
    assert "Your vote is taken back" in await rate(stage, stage.ada, card, "none")
    assert "had not voted" in await rate(stage, stage.ada, card, "none")
    assert stage.rows("SELECT * FROM evidence WHERE kind = 'vote'") == []


async def test_only_who_manages_the_server_may(stage: Stage):
    for what in ("off", "export", "delete"):
        assert "Only people who may manage" in text(
            await stage.told(stage.ben, "admin learning", what=what)
        )
    assert "Only people" in text(await stage.told(stage.ben, "admin preset", name="base"))


async def compared(stage: Stage, who: Person, **options: object) -> Json:
    asked = {"prompt": PROMPT, "count": 1, "seed": 3, **options}
    pressed = await who.slash("compare", **asked)
    message = (await who.answer(pressed))["message"]["id"]
    card = await who.message_where(
        lambda m: m["id"] == message and bool(pictures(m)) and "ab:a" in buttons(m), 60, "a card"
    )
    await stage.posted(job_of(card))
    return card


async def test_a_comparison_from_asking_to_the_verdict(stage: Stage):
    card = await compared(stage, stage.ada)
    assert len(pictures(card)) == 2
    everything = json.dumps(card)
    for word in ('stylus"', "base", FIRST, SECOND):  # blind: neither presets nor adapters
        assert word not in everything.replace("**", "")
    assert "Reveal it first" in text((await forged(stage, card, "info"))["message"])
    assert "That is a comparison" in text((await forged(stage, card, "seed"))["message"])

    first = await stage.press(stage.ada, card, "ab:b")
    assert "**B**" in text(first["message"])
    assert hidden(first["message"])
    again = await stage.press(stage.ada, card, "ab:a")  # changed, not counted twice
    assert "Votes so far: 1" in text(again["message"])
    denied = await stage.press(stage.ben, card, "reveal")
    assert "**A** was" not in text(denied["message"])

    await stage.press(stage.ben, card, "ab:a")  # the second vote reveals it

    async def told() -> bool:
        return any("**A** was" in text(message) for message in await stage.ben.messages())

    await until(told, 10, "the verdict")
    [verdict] = [m for m in await stage.ben.messages() if "**A** was" in text(m)]
    assert not hidden(verdict)
    assert "2 for A · 0 for B · 0 no difference" in text(verdict)
    [(left, right)] = stage.rows(
        f'SELECT "left", "right" FROM comparisons WHERE job = \'{job_of(card)}\''  # noqa: S608 - ids of our own
    )
    assert f"**A** was **{left}**, **B** was **{right}**" in text(verdict)
    late = await stage.press(stage.ben, card, "ab:b")
    assert "votes are closed" in text(late["message"])
    twice = await stage.press(
        stage.ada, card, "reveal"
    )  # everybody knows: the presser alone is told
    assert "**A** was" in text(twice["message"])
    assert hidden(twice["message"])
    results = text(await stage.told(stage.ada, "admin comparisons"))
    assert "**base** against **stylus**" in results
    assert ("100 %" if left == "base" else "0 %") in results


@pytest.mark.parametrize("again", ["reveal", "ab:b"])
@pytest.mark.parametrize(("status", "code"), [(404, 10062), (400, 50035)], ids=["late", "refused"])
async def test_a_verdict_that_did_not_arrive_is_told_by_the_next_press(
    stage: Stage, again: str, status: int, code: int
):
    card = await compared(stage, stage.ada)
    before = await verdicts(stage)
    await stage.play.fault("status", "/callback", "POST", status=status, code=code, times=1)
    pressed = await stage.ada.press(card, buttons(card)["reveal"])
    if code == 50035:
        told = (await stage.ada.answer(pressed))["message"]
        assert "once more" in text(told)
        assert hidden(told)

    async def revealed() -> bool:
        asked = f"SELECT revealed_at FROM comparisons WHERE job = '{job_of(card)}'"  # noqa: S608 - ids of our own
        return stage.rows(asked) != [(None,)]

    await until(revealed, 10, "a reveal")
    await stage.play.no_faults()
    for _ in range(2):
        await stage.press(stage.ada, card, again)
    assert len(await verdicts(stage)) == len(before) + 1


async def verdicts(stage: Stage) -> list[Json]:
    return [m for m in await stage.ben.messages() if "**A** was" in text(m) and not hidden(m)]


async def forged(stage: Stage, card: Json, action: str) -> Json:
    name = f"sty:1:{job_of(card)}:{action}"
    return await stage.ben.answer(await stage.ben.press(card, name, forged=True))


async def test_the_arms_have_the_same_seeds_and_their_own_adapters(stage: Stage):
    card = await compared(stage, stage.ben, prompt=f"{PROMPT} --stylize 100")
    told = "Not understood, so it stays in the prompt: --stylize 100"
    assert told in text(card).replace("\\", "")
    rows = stage.rows(
        f"SELECT shot FROM shots WHERE job = '{job_of(card)}' ORDER BY position"  # noqa: S608 - ids of our own
    )
    shots = [json.loads(row[0]) for row in rows]
    assert [shot["seed"] for shot in shots] == [3, 3]
    assert sorted(bool(shot["recipe"]["adapters"]) for shot in shots) == [False, True]


async def test_a_picture_of_a_comparison_says_nothing_of_itself(stage: Stage, tmp_path: Path):
    card = await compared(stage, stage.ben)
    async with stage.play.http.get(pictures(card)[0]) as answer:
        data = await answer.read()
    assert b"stylus" not in data
    assert b"adapter" not in data


async def test_a_comparison_of_one_thing_is_refused(stage: Stage):
    told = await stage.told(stage.ada, "compare", prompt=PROMPT, a="base", b="base")
    assert "Both are base" in text(told)


async def test_the_servers_preset(stage: Stage):
    await stage.told(stage.ada, "admin preset", name="base")
    assert stage.request(await draw(stage, stage.ben)).preset == "base"
    await stage.told(stage.ada, "admin preset", name="usual")
    assert stage.request(await draw(stage, stage.ben)).preset == "stylus"


async def test_one_picture_has_two_thumbs(stage: Stage):
    card = await stage.imagine(stage.ada, prompt=PROMPT, count=1, seed=7)
    assert "👎" in text((await stage.press(stage.ben, card, "rate:0-down"))["message"])
    signs = [part["emoji"]["name"] for part in parts(card) if part.get("emoji")]
    assert {"👍", "👎"} <= set(signs)

"""The whole path from the user's end, with the real parts, on a tiny checkpoint."""

import json
from collections.abc import Iterator
from contextlib import aclosing, closing
from pathlib import Path

import msgspec
import pytest

from stylus_engine.assembly import House, Setup
from stylus_engine.model import (
    Adapter,
    Drawn,
    Event,
    Failed,
    Plan,
    Planned,
    Request,
    Started,
    Stepped,
)
from stylus_engine.pictures.store import manifest_of, read
from tests.sampling.tiny import random_adapter, save, tiny_pipeline

PROMPT = "a pencil sketch of a dragon at sunset"
SHELF = (
    ("Pencil Sketch", "peft", "style"),
    ("Dragon", "kohya", "subject"),
    ("Sunset", "loha", "light"),
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint, three adapters in three layouts, and their cards."""
    root = tmp_path_factory.mktemp("path")
    save(root / "checkpoint")
    (root / "adapters").mkdir()
    cards = [card(root, *row) for row in SHELF]
    (root / "cards.jsonl").write_bytes(b"\n".join(msgspec.json.encode(c) for c in cards))
    return root


def card(root: Path, name: str, layout: str, category: str) -> Adapter:
    path = f"adapters/{layout}.safetensors"
    random_adapter(root / path, tiny_pipeline(), layout, alpha=2, text_encoder=layout != "loha")  # pyright: ignore[reportArgumentType] - rows of a table of words
    return Adapter(
        card_id=f"test:{layout}:1",
        name=name,
        family_declared="sd1-32",
        category=category,  # pyright: ignore[reportArgumentType] - rows of a table of words
        triggers=(name.lower(),),
        tags=(name.lower(),),
        path=path,
    )


@pytest.fixture
def house(folder: Path, tmp_path: Path) -> Iterator[House]:
    """Everything assembled as the command line does it."""
    with closing(House(setup(folder, tmp_path))) as house:
        yield house


def setup(folder: Path, tmp_path: Path, memory_mib: int = 0) -> Setup:
    return Setup(
        checkpoints={"tiny": folder / "checkpoint"},
        default_checkpoint="tiny",
        cards=(folder / "cards.jsonl",),
        pictures=tmp_path / "pictures",
        index=folder / "index",
        catalog=folder / "catalog",
        cache=folder / "cache",
        memory_mib=memory_mib,
    )


async def heard(house: House, request: Request, job: str = "job") -> list[Event]:
    async with aclosing(house.imagine(request, job)) as events:
        return [event async for event in events]


def planned(events: list[Event]) -> Plan:
    """The plan is told before anything is drawn."""
    assert isinstance(events[0], Planned)
    return events[0].plan


def trace(events: list[Event]) -> list[tuple[str, str, int]]:
    """What happened to which shot, at which step; the plan is no shot's."""
    told = (Started, Stepped, Drawn, Failed)
    return [
        (type(e).__name__, e.shot, getattr(e, "step", 0)) for e in events if isinstance(e, told)
    ]


@pytest.mark.asyncio
async def test_a_prompt_becomes_four_pictures_each_drawn_with_other_adapters(house: House) -> None:
    await house.index()
    events = await heard(house, Request(prompt=PROMPT, steps=3, seed=5))
    pictures = [event.picture for event in events if isinstance(event, Drawn)]
    chosen = {choice.adapter.name for choice in planned(events).choices}
    assert chosen == {name for name, _, _ in SHELF}
    assert len({picture.manifest.mask for picture in pictures}) == 4
    assert [picture.manifest.shot.seed for picture in pictures] == [5, 6, 7, 8]
    assert all(manifest_of(Path(picture.path)) == picture.manifest for picture in pictures)


@pytest.mark.asyncio
async def test_imagine_runs_the_very_loop_that_the_oracle_judges(house: House) -> None:
    """The same shots walked by hand through the sampler give the same trace and the same pixels."""
    await house.index()
    request = Request(prompt=PROMPT, steps=3, seed=5)
    events = await heard(house, request)
    shots = house.shots(request, planned(events), "job")
    for shot in shots:
        house.sampler.admit(shot)
    with closing(house.sampler.events()) as walked:
        by_hand = list(walked)
    assert trace(events) == trace(by_hand)
    assert addresses(events) == addresses(by_hand)


def addresses(events: list[Event]) -> list[str]:
    return [event.picture.id for event in events if isinstance(event, Drawn)]


@pytest.mark.asyncio
async def test_other_masks_of_a_plan_need_no_load_and_no_merge(house: House) -> None:
    await house.index()
    request = Request(prompt=PROMPT, steps=2, seed=5, count=2)
    plan = planned(await heard(house, request))
    before = counted(house)
    for shot in house._own.engine.shots(request, plan, "next", start=2):
        house.sampler.admit(shot)
    with closing(house.sampler.events()) as walked:
        drawn = addresses(list(walked))
    assert len(set(drawn)) == 2
    assert counted(house) == before


def counted(house: House) -> dict[str, int]:
    """Conversions, evictions and gathers so far; a change of mask may add to none of them."""
    drawer = house.sampler._drawer  # pyright: ignore[reportAttributeAccessIssue] - behind the port, to count
    stacks = drawer._studio._executor.stacks.values()
    factors = house._own.atelier.factors
    gathers = sum(stack.gathers for stack in stacks)
    return {"loads": factors.loads, "evictions": factors.evictions, "gathers": gathers}


@pytest.mark.asyncio
async def test_again_draws_the_same_pixels_from_a_manifest(house: House) -> None:
    await house.index()
    first = (await heard(house, Request(prompt=PROMPT, steps=3, seed=5)))[-1]
    assert isinstance(first, Drawn)
    async with aclosing(house.again(first.picture.manifest, "again")) as events:
        second = [event async for event in events][-1]
    assert isinstance(second, Drawn)
    assert (read(Path(first.picture.path))[0] == read(Path(second.picture.path))[0]).all()


@pytest.mark.asyncio
async def test_again_refuses_an_adapter_whose_file_is_another_one_now(
    house: House, folder: Path
) -> None:
    await house.index()
    first = (await heard(house, Request(prompt=PROMPT, steps=1, count=1)))[-1]
    assert isinstance(first, Drawn)
    file = folder / "adapters/kohya.safetensors"
    kept = file.read_bytes()
    try:
        random_adapter(file, tiny_pipeline(), "kohya", alpha=2, seed=99)
        async with aclosing(house.again(first.picture.manifest, "again")) as events:
            last = [event async for event in events][-1]
    finally:
        file.write_bytes(kept)
    assert isinstance(last, Failed)
    assert last.kind == "AdapterChanged"


@pytest.mark.asyncio
async def test_manifests_name_no_path_of_this_machine(house: House, folder: Path) -> None:
    await house.index()
    last = (await heard(house, Request(prompt=PROMPT, steps=1, count=1)))[-1]
    assert isinstance(last, Drawn)
    text = json.dumps(msgspec.to_builtins(last.picture.manifest))
    assert str(folder) not in text
    assert str(Path.home()) not in text


@pytest.mark.asyncio
async def test_base_draws_without_adapters_and_without_an_index(house: House) -> None:
    events = await heard(house, Request(prompt=PROMPT, steps=1, count=2, preset="base"))
    pictures = [event.picture for event in events if isinstance(event, Drawn)]
    assert [picture.manifest.adapters for picture in pictures] == [(), ()]


@pytest.mark.asyncio
async def test_a_picture_too_large_for_the_memory_is_one_sentence(folder, tmp_path) -> None:
    large = Request(prompt=PROMPT, steps=1, count=1, preset="base", width=4096, height=4096)
    with closing(House(setup(folder, tmp_path, memory_mib=4))) as house:
        *_, failed = await heard(house, large)
        *_, drawn = await heard(house, Request(prompt=PROMPT, steps=1, count=1, preset="base"))
    assert isinstance(failed, Failed)
    assert failed.sentence.startswith("The picture needs more memory than there is (4096×4096 ")
    assert failed.sentence.endswith("a step, 4 MiB may be used); a smaller one may fit.")
    assert isinstance(drawn, Drawn)


@pytest.mark.asyncio
async def test_where_one_adapter_fits_the_four_pictures_wear_it_at_four_strengths(
    house: House,
) -> None:
    await house.index()
    request = Request(prompt=SHELF[0][0], steps=2)
    events = await heard(house, request)
    pictures = [event.picture for event in events if isinstance(event, Drawn)]
    worn = [picture.manifest.adapters for picture in pictures]
    assert {lit.name for each in worn for lit in each} == {SHELF[0][0]}
    assert len({each[0].weight for each in worn}) == 4

"""A stand-in for the engine: the same ports, no model. Draws flat colours, truly keeps them.

Also a program, for tests that need a real process: `python -m tests.bot.stand_in ARGUMENTS`
is `stylus` over this engine. STAND_IN (JSON) sets its fields.
"""

import asyncio
import os
import sys
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from bot.cli.engine import Inspecting
from bot.commands import application
from bot.settings import Settings
from stylus_engine import errors
from stylus_engine.catalog.orders import Pinned, TellFetching
from stylus_engine.model import (
    Adapter,
    Candidate,
    Checkpoint,
    Choice,
    Drawn,
    Event,
    Failed,
    Lit,
    Manifest,
    Mask,
    Plan,
    Planned,
    Recipe,
    Request,
    Seen,
    Shot,
    Started,
    Stepped,
    Task,
    Weighted,
)
from stylus_engine.model.adapter import Licence
from stylus_engine.model.need import Compiling, Need, Precision, Weights
from stylus_engine.pictures.store import PictureStore
from tests.bot.catalog_stand_in import Shelf

NEED = Need(
    weights=(
        Weights(part="unet", whole=2 * 2**30, eight=2**30),
        Weights(part="text_encoder", whole=2**29, eight=2**29),
    ),
    step=2**28,
    times=2,
    free=2**33,
    device="cpu",
)


def card(name: str, **more: Any) -> Adapter:
    known: dict[str, Any] = {
        "card_id": f"test:{name.lower().replace(' ', '-')}:1",
        "name": name,
        "family_declared": "sd1-96",
        "path": __file__,  # a file that is there
        "description": f"Teaches the checkpoint {name.lower()}.",
        "licence": Licence(name="CC0-1.0", commercial=True, derivatives=True, credit=False),
        "author": "the house",
    }
    return Adapter(**(known | more))


SKETCH = card("Graphite", category="style", kind="lora", triggers=("pencil sketch",))
INK = card("Ink [b]& Wash\x1b[31m", category="style", kind="locon")  # markup and an escape
DRAGON = card("Storybook Dragon", category="subject", kind="loha", triggers=("storybook dragon",))
DUSK = card("Golden Hour", category="light", kind="lora")
PAPER = card("Nowhere", path=None, category="place")
CARDS = (SKETCH, INK, DRAGON, DUSK, PAPER)
PROMPT = "a pencil sketch of a dragon on the beach at sunset"
MASKS = ("10.1.1", "01.1.1", "11.1.0", "10.0.1")


class Cards:
    def cards(self) -> Sequence[Adapter]:
        return CARDS

    def get(self, card_id: str) -> Adapter:
        for each in CARDS:
            if each.card_id == card_id:
                return each
        raise errors.UnknownName(kind="adapter", name=card_id, known="")

    def named(self, text: str, limit: int, after: str = "") -> Sequence[Adapter]:
        ids = [card.card_id for card in CARDS]
        return self.among(ids[ids.index(after) + 1 :] if after else ids, text)[:limit]

    def among(self, card_ids: Sequence[str], text: str) -> Sequence[Adapter]:
        return [card for card in map(self.get, card_ids) if text in card.name]

    def __len__(self) -> int:
        return len(CARDS)

    def find(self, name: str) -> Adapter:
        for known in CARDS:
            if name.casefold() in (known.card_id, known.name.casefold()):
                return known
        raise errors.UnknownName(kind="adapter", name=name, known="Did you mean “Graphite”?")


@dataclass
class Checkpoints:
    broken: bool = False

    def find(self, name: str) -> Checkpoint:
        if self.broken:
            raise errors.BadCheckpoint(path="/none", why="there is no such folder")
        return Checkpoint(id="c" * 64, name=name, path="/c", family="sd1-96", size=64, multiple=8)


class Pins:
    """Keeps nothing: `stylus adapters pin` is tested on the real store."""

    def __init__(self, cards: Cards) -> None:
        self._cards = cards

    async def pin(self, name: str, tell: TellFetching) -> Pinned:
        raise errors.StoreFailed(path=self._cards.find(name).name, why="there is no store here")

    def unpin(self, name: str) -> tuple[Pinned, bool]:
        found = self._cards.find(name)
        return Pinned(card_id=found.card_id, name=found.name), False

    def pinned(self) -> Sequence[Pinned]:
        return ()


@dataclass
class StandIn:
    """`pause` seconds a step; `fails` on shots of these indices; `raises` an error by name."""

    pictures: Path
    pause: float = 0.0
    fails: tuple[int, ...] = ()
    raises: str = ""
    need: Need = NEED
    uncompiled: str = ""  # why nothing can be compiled
    gain: float = 1.0  # of bfloat16
    after: int = 0  # raise after so many pictures
    new_cards: int = 0
    broken: bool = False
    silent: int = 0
    cards: Cards = field(default_factory=Cards)
    closed: bool = False

    @property
    def pins(self) -> Pins:
        return Pins(self.cards)

    @property
    def checkpoints(self) -> Checkpoints:
        return Checkpoints(self.broken)

    @property
    def library(self) -> Shelf:
        return Shelf(CARDS, self.pause, self.silent)

    async def plan(self, request: Request) -> Plan:
        await asyncio.sleep(self.pause)
        return Plan(
            prompt=request.prompt,
            composer="offline",
            preset=request.preset,
            tasks=tuple(_tasks(request.prompt)),
            uncovered=("on the beach",) if "on the beach" in request.prompt else (),
            seen=tuple(
                Seen(card_id=c.card_id, name=c.name, concept=concept, similarity=s)
                for concept, c, s in (
                    ("pencil sketch", SKETCH, 0.71),
                    ("pencil sketch", INK, 0.44),
                    ("dragon", DRAGON, 0.66),
                    ("", DUSK, 0.31),
                )
            ),
        )

    def shots(self, request: Request, plan: Plan, job: str) -> Sequence[Shot]:
        masks = MASKS if plan.tasks else ("",)
        return tuple(
            Shot(
                id=f"{job}-{i + 1}",
                job=job,
                index=i,
                seed=(request.seed + i) % 2**32,
                recipe=_recipe(plan, Mask.parse(masks[i] if i < len(masks) else masks[0])),
                width=request.width or 64,
                height=request.height or 64,
                steps=request.steps,
                guidance=request.guidance,
                sampler=request.sampler,
            )
            for i in range(request.count)
        )

    async def imagine(self, request: Request, job: str) -> AsyncGenerator[Event, None]:
        plan = await self.plan(request)
        yield Planned(job=job, plan=plan)
        async for event in self._draw(self.shots(request, plan, job), job):
            yield event

    async def again(self, manifest: Manifest, job: str) -> AsyncGenerator[Event, None]:
        async for event in self.redraw([manifest], job):
            yield event

    async def redraw(self, manifests: Sequence[Manifest], job: str) -> AsyncGenerator[Event, None]:
        shots = [
            msgspec.structs.replace(each.shot, id=f"{job}-{index + 1}", job=job, index=index)
            for index, each in enumerate(manifests)
        ]
        async for event in self._draw(shots, job):
            yield event

    def draw(self, job: str, shots: Sequence[Shot]) -> AsyncGenerator[Event, None]:
        return self._draw(shots, job)

    async def _draw(self, shots: Sequence[Shot], job: str) -> AsyncGenerator[Event, None]:
        for number, shot in enumerate(shots):
            if self.raises and number >= self.after:
                raise _error(self.raises)
            yield Started(job=job, shot=shot.id)
            for step in range(shot.steps):
                await asyncio.sleep(self.pause)
                yield Stepped(job=job, shot=shot.id, step=step + 1, of=shot.steps)
            yield self._end(shot, job)

    def _end(self, shot: Shot, job: str) -> Event:
        if shot.index in self.fails:
            sentence = str(errors.DrawFailed(why="NaN"))
            return Failed(job=job, shot=shot.id, kind="DrawFailed", sentence=sentence)
        lit = tuple(
            Lit(
                card_id=w.adapter.card_id,
                name=w.adapter.name,
                file_sha256="f" * 64,
                weight=w.weight,
            )
            for w in shot.recipe.adapters
        )
        manifest = Manifest(
            shot=shot, checkpoint="c" * 64, adapters=lit, encoded=shot.recipe.prompt
        )
        pixels = np.full((shot.height, shot.width, 3), (shot.seed % 255, 120, 90), np.uint8)
        return Drawn(
            job=job, shot=shot.id, picture=PictureStore(self.pictures).keep(pixels, manifest)
        )

    async def search(self, text: str, k: int) -> Sequence[Candidate]:
        found = [Candidate(adapter=c, concept="", similarity=0.5, rank=1) for c in CARDS[:k]]
        return found if text != "nothing" else []

    async def index(self, *, anew: bool = False, walk: bool = True) -> int:
        return self.new_cards

    async def indexed(self) -> int:
        if self.new_cards:
            raise errors.IndexMissing(path="/index")
        return len(CARDS)

    def embedder(self) -> str:
        if self.broken:
            raise errors.BadEmbedder(path="/e", why="there is no such file")
        return "all-MiniLM-L6-v2"

    def needs(self, guidance: float | None) -> Need:
        del guidance
        return self.need

    def precision(self, *, trying: bool) -> Precision:
        return Precision(device="cpu", dtype="float32", gain=self.gain if trying else 1.0)

    def compiling(self) -> Compiling:
        return Compiling(device="cpu", why_not=self.uncompiled)

    def inspecting(self) -> Inspecting:
        raise LookupError("nobody checks files here")

    def close(self) -> None:
        self.closed = True


def _error(name: str) -> errors.StylusError:
    facts = {"path": "/full/disk", "why": "No space left on device"}
    return errors.DiskFull(**facts) if name == "DiskFull" else errors.Busy(slots=4)


def _tasks(prompt: str) -> Sequence[Task]:
    known = {"pencil sketch": (SKETCH, INK), "dragon": (DRAGON,), "sunset": (DUSK,)}
    return [
        Task(
            concept=words,
            start=prompt.index(words),
            choices=tuple(
                Choice(adapter=c, weight=0.8, reason="its trigger stands in the prompt")
                for c in adapters
            ),
        )
        for words, adapters in known.items()
        if words in prompt
    ]


def _recipe(plan: Plan, mask: Mask) -> Recipe:
    bits = [bit for group in mask.bits for bit in group]
    lit = [c for c, bit in zip(plan.choices, bits, strict=False) if bit]
    return Recipe(
        adapters=tuple(Weighted(adapter=c.adapter, weight=c.weight) for c in lit),
        prompt=plan.prompt,
        mask=mask,
    )


def kept(home: Path) -> list[Path]:
    return sorted((home / "data" / "pictures").rglob("*.png"))


def opener(settings: Settings) -> StandIn:
    fields = msgspec.json.decode(os.environ.get("STAND_IN", "{}"))
    return StandIn(pictures=settings.paths.place("pictures"), **fields)


if __name__ == "__main__":
    application(opener)(sys.argv[1:], prog_name="stylus")

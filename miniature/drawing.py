"""Draws with the miniature through the engine's own sampler, for the report and the cards' previews."""

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Self

from PIL import Image

from stylus_engine.assembly import House, Setup
from stylus_engine.errors import BadPicture, DrawFailed
from stylus_engine.model import (
    Checkpoint,
    Drawn,
    Failed,
    Manifest,
    Picture,
    Recipe,
    Shot,
    Start,
    Weighted,
)
from stylus_engine.planning.recipes import with_triggers
from stylus_engine.ports import Ground, Pixels

STEPS, GUIDANCE, SAMPLER, SLOTS = 20, 5.0, "dpmpp_2m_karras", 32


@dataclass(frozen=True, slots=True)
class Album:
    """Implements the `Pictures` port in memory: a report keeps no thousand files."""

    pixels: dict[str, Pixels] = field(default_factory=dict[str, Pixels])

    def keep(self, pixels: Pixels, manifest: Manifest) -> Picture:
        """Remember the pixels under the shot's id."""
        self.pixels[manifest.shot.id] = pixels
        height, width = pixels.shape[:2]
        name = manifest.shot.id
        return Picture(id=name, path="", width=width, height=height, manifest=manifest)

    def ground(self, start: Start, width: int, height: int) -> Ground:
        """Nothing here starts from a picture. Raises `BadPicture`."""
        raise BadPicture(path=start.picture, why=f"an album holds no {width} × {height} picture")

    def read(self, address: str) -> tuple[Pixels, Manifest | None]:
        """What was kept under this id."""
        return self.pixels[address], None


class Studio:
    """One miniature, opened for drawing: `data` holds checkpoint/, adapters/ and cards.jsonl."""

    def __init__(self, data: Path) -> None:
        self._scratch = TemporaryDirectory()
        self._album = Album()
        scratch = Path(self._scratch.name)
        setup = Setup(
            checkpoints={"miniature": data / "checkpoint"},
            default_checkpoint="miniature",
            cards=(data / "cards.jsonl",),
            pictures=scratch,
            index=scratch,
            catalog=scratch,
            cache=scratch,
            slots=SLOTS,
            waiting=10_000,
        )
        self._house = House(setup, self._album)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._house.close()
        self._scratch.cleanup()

    @property
    def checkpoint(self) -> Checkpoint:
        """The miniature's checkpoint."""
        return self._house.checkpoints.find("")

    def draw(
        self, prompts: Sequence[str], adapter: str = "", first_seed: int = 0
    ) -> list[Image.Image]:
        """One picture a prompt, seeds in a row, all with the adapter of this card id at its own weight.

        Raises `DrawFailed` when any of them fails.
        """
        sampler = self._house.sampler
        for index, prompt in enumerate(prompts):
            sampler.admit(self._shot(prompt, adapter, index, first_seed + index))
        with closing(sampler.events()) as events:
            ended = {e.shot: e for e in events if isinstance(e, Drawn | Failed)}
        for event in ended.values():
            if isinstance(event, Failed):
                raise DrawFailed(why=event.sentence)
        return [Image.fromarray(self._album.pixels.pop(f"report-{i}")) for i in range(len(prompts))]

    def _shot(self, prompt: str, adapter: str, index: int, seed: int) -> Shot:
        cards = [self._house.cards.get(adapter)] if adapter else []
        lit = tuple(Weighted(adapter=card, weight=card.weight) for card in cards)
        return Shot(
            id=f"report-{index}",
            job="report",
            index=index,
            recipe=Recipe(adapters=lit, prompt=with_triggers(prompt, lit, lambda _: True)),
            seed=seed,
            width=self.checkpoint.size,
            height=self.checkpoint.size,
            steps=STEPS,
            guidance=GUIDANCE,
            sampler=SAMPLER,
        )

"""How a shot takes its place: what refuses it, what it will cost, its schedule, its noise, its start."""

from functools import partial

import torch

from stylus_engine.errors import BadSize, OutOfRange, UnknownName, Unsupported
from stylus_engine.model import LIMITS, Shot, Start
from stylus_engine.model.noun import within
from stylus_engine.planning.starting import edge
from stylus_engine.planning.turns import Bill
from stylus_engine.ports import Ground, Pictures
from stylus_engine.sampling.decoding import Coder
from stylus_engine.sampling.families.parts import Family, Parts
from stylus_engine.sampling.flow import check_flow, flow, flows
from stylus_engine.sampling.rehearsing import Config, astray
from stylus_engine.sampling.schedules import Schedule, check_sampler, schedule
from stylus_engine.sampling.slots import Slot, ranks_of
from stylus_engine.sampling.stack import Row
from stylus_engine.sampling.starts import Starter, first_step, inpaints
from stylus_engine.sampling.tiles import boxes


class Seating:
    """Slots for `parts`; `coder` compresses what a shot starts from. Fetches no adapter, runs no denoiser."""

    def __init__(self, parts: Parts, family: Family, coder: Coder, pictures: Pictures) -> None:
        self._parts = parts
        self._family = family
        self._coder = coder
        self._pictures = pictures
        self._walked: set[tuple[object, ...]] = set()  # ways that are known to lead to a picture

    def check(self, shot: Shot) -> None:
        """Say no to what can never be drawn here, before it waits for a slot. Safe from any thread.

        Raises `UnknownName` (checkpoint, sampler), `OutOfRange`, `BadSize`, `Unsupported`.
        """
        here = self._parts.checkpoint
        if shot.checkpoint not in {"", here.id, here.name}:
            known = f"This drawer has {here.name}."
            raise UnknownName(kind="checkpoint", name=shot.checkpoint[:80], known=known)
        if self._flowing:
            check_flow(shot.sampler)
        else:
            check_sampler(shot.sampler, shot.steps)
        if shot.width % here.multiple or shot.height % here.multiple:
            raise BadSize(width=shot.width, height=shot.height, multiple=here.multiple)
        if most := self._parts.most_edge:
            within(f"An edge of {here.name}'s pictures", edge(shot), here.multiple, most)
        if shot.start is not None:
            self._check_start(shot.start)
        if shot.start is None and inpaints(self._parts):
            what = "Drawing without a picture on an inpainting checkpoint"
            raise Unsupported(what=what)
        self._rehearse(shot)

    def bill(self, shot: Shot) -> Bill:
        """What the shot will cost; nothing is fetched for it."""
        _, _, high, wide = self._family.latent_shape(self._parts, shot.width, shot.height)
        where = boxes(high, wide, self._tile(shot))
        texts = 2 if shot.guidance > 1 and not self._parts.distilled else 1
        steps = shot.steps - first_step(shot, flowing=self._flowing)
        return Bill(rows=texts * len(where), shape=where[0][2:], steps=steps)

    def slot(self, shot: Shot, row: Row) -> Slot:
        """The shot before its first step, under `row`. Raises `BadPicture`, `DrawFailed`."""
        plan = self._plan(shot, self._parts.scheduler_config)
        generator = torch.Generator("cpu").manual_seed(shot.seed)
        ground = self._ground(shot)
        starter = Starter(self._parts, self._family, self._coder, shot, plan, generator)
        begun = starter.begin(ground)
        return Slot(
            shot,
            row,
            plan,
            generator,
            begun.latents,
            expected=begun.latents,
            ground=ground,
            held=begun.held,
            beside=begun.beside,
            tile=self._tile(shot),
            distilled=self._parts.distilled,
            ranks=ranks_of(row, self._parts.denoiser),
        )

    def _check_start(self, start: Start) -> None:
        """Raise `OutOfRange` for what only a manifest written by hand asks for."""
        least = self._parts.checkpoint.multiple
        if start.tile % least:
            what = f"The edge of the squares (a multiple of {least})"
            raise OutOfRange(what=what, value=start.tile, low=least, high=LIMITS.edge)
        if start.enlarge == "latents":
            shorter = min(start.width, start.height)
            within(
                "The shorter edge of a picture whose latents are stretched",
                shorter,
                least,
                LIMITS.edge,
            )

    def _rehearse(self, shot: Shot) -> None:
        """Raise `Unsupported` where the checkpoint's scheduler config leads to no picture."""
        begin = first_step(shot, flowing=self._flowing)
        _, channels, high, wide = self._family.latent_shape(self._parts, shot.width, shot.height)
        way = (shot.sampler, shot.steps, begin, high * wide if self._flowing else 0)
        if way in self._walked:
            return
        if why := astray(partial(self._plan, shot), self._parts.scheduler_config, channels):
            how = f"{shot.steps} steps with {shot.sampler}"
            name = self._parts.checkpoint.name
            raise Unsupported(what=f"Drawing {how} by the scheduler config of {name} ({why})")
        self._walked.add(way)

    def _plan(self, shot: Shot, config: Config) -> Schedule:
        begin = first_step(shot, flowing=self._flowing)
        if not self._flowing:
            return schedule(shot.sampler, config, shot.steps, begin=begin)
        *_, high, wide = self._family.latent_shape(self._parts, shot.width, shot.height)
        return flow(config, shot.steps, high * wide // 4, self._parts.spaced, begin)

    def _ground(self, shot: Shot) -> Ground | None:
        start = shot.start
        if start is None:
            return None
        own = start.enlarge == "latents"
        width, height = (start.width, start.height) if own else (shot.width, shot.height)
        return self._pictures.ground(start, width, height)

    def _tile(self, shot: Shot) -> int:
        """The edge of the shot's squares in latents."""
        if shot.start is None or not shot.start.tile:
            return 0
        tile = shot.start.tile
        return self._family.latent_shape(self._parts, tile, tile)[-1]

    @property
    def _flowing(self) -> bool:
        return flows(self._parts.scheduler_config)

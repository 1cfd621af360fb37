"""The whole path on one page.

    request -> concepts -> candidates -> plan -> masks -> recipes -> shots -> events

The engine decides nothing itself: it asks the rooms in this order, through their
ports, and passes the nouns on.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import AbstractContextManager, aclosing, nullcontext, suppress
from dataclasses import dataclass
from functools import partial

from msgspec.structs import replace

from stylus_engine.errors import AdapterWithdrawn, NoFastAdapter, UnknownName
from stylus_engine.mending import Draws, Mender
from stylus_engine.model import (
    Adapter,
    Event,
    Failed,
    Liking,
    Manifest,
    Mask,
    Plan,
    Planned,
    Query,
    Request,
    Shot,
)
from stylus_engine.planning import few_steps
from stylus_engine.planning.concepts import concepts
from stylus_engine.planning.interference import noted
from stylus_engine.planning.learning import liked_order
from stylus_engine.planning.masks import MaskOrder, codes, first_masks, mask_of
from stylus_engine.planning.presets import Preset
from stylus_engine.planning.shots import shots
from stylus_engine.ports import (
    Bringer,
    CardStore,
    Checkpoints,
    Composer,
    Measures,
    Retriever,
    Tokens,
)
from stylus_engine.walking import Walker

MOST_FAST = 50  # cards of each word that are looked at for a few-step adapter


@dataclass(frozen=True, slots=True)
class Method:
    """One preset with the rooms that serve it: who recalls, who composes, which rules follow."""

    retriever: Retriever
    composer: Composer
    preset: Preset
    heeds_health: bool = False


@dataclass(frozen=True, slots=True)
class Arrangement:
    """All that is decided before anything is drawn.

    `order` names the first masks of all `total` ones, in the order of the seed asked for.
    """

    plan: Plan
    order: tuple[str, ...]
    total: int
    shots: tuple[Shot, ...]


@dataclass(frozen=True, slots=True)
class Engine:
    """Plans and draws. Holds no state of its own: what lives, lives in the rooms.

    What is named within `ahead` will be drawn for that job.
    """

    checkpoints: Checkpoints
    cards: CardStore
    methods: Mapping[str, Method]
    tokens: Tokens
    walker: Walker
    preview_every: int = 0
    bringer: Bringer | None = None
    measures: Measures | None = None
    mender: Mender | None = None
    ahead: Callable[[str], AbstractContextManager[object]] = nullcontext

    async def plan(self, request: Request, likes: Sequence[Liking] = ()) -> Plan:
        """Choose adapters for the parts of the prompt; draw nothing. `likes`: learned from use."""
        method = self.methods[request.preset]
        fast = await asyncio.to_thread(self._fast, request)
        request = replace(request, pinned=fast.pinned)
        query = await asyncio.to_thread(self.query, request)
        query = replace(query, likes=tuple(likes))
        candidates = await method.retriever.recall(query)
        plan = await method.composer.compose(request, query, candidates)
        plan = replace(plan, fast=fast.fast, dropped=(*plan.dropped, *fast.dropped))
        return await self._noted(plan) if method.heeds_health else plan

    def _fast(self, request: Request) -> few_steps.Asked:
        """Few-step adapters among the pins, or the one that is wished for. Raises `UnknownName`, `NoFastAdapter`."""
        pinned = [self.cards.find(name) for name in request.pinned]
        if not request.fast and not any(map(few_steps.few_step, pinned)):
            return few_steps.Asked(None, tuple(card.card_id for card in pinned))
        family = self.checkpoints.find(request.checkpoint).family
        wished = self._wished(request, family) if request.fast else None
        banned = tuple(self.cards.find(name).card_id for name in request.banned)
        return few_steps.asked(pinned, wished, family, request.policy, banned)

    def _wished(self, request: Request, family: str) -> Adapter:
        if request.fast != few_steps.AUTO:
            return self.cards.find(request.fast)
        called = [card for word in few_steps.WORDS for card in self.cards.named(word, MOST_FAST)]
        fitting = [card for card in called if few_steps.fits(card, family, request.policy)]
        if not fitting:
            raise NoFastAdapter(family=family)
        return max(fitting, key=lambda card: card.popularity)

    async def _noted(self, plan: Plan) -> Plan:
        """What was measured of the chosen adapters, for masks and weights to go by."""
        if self.measures is None or not plan.tasks:
            return plan
        ids = [choice.adapter.card_id for choice in plan.choices]
        return noted(plan, await asyncio.to_thread(self.measures.measured, ids))

    def query(self, request: Request) -> Query:
        """What the retriever is asked. Raises `UnknownName` for a pinned adapter nobody knows."""
        return Query(
            prompt=request.prompt,
            concepts=concepts(request.prompt),
            family=self.checkpoints.find(request.checkpoint).family,
            policy=request.policy,
            seed=request.seed,
            pinned=tuple(self.cards.find(name).card_id for name in request.pinned),
            banned=tuple(self.cards.find(name).card_id for name in request.banned),
        )

    def masks(self, request: Request, plan: Plan) -> MaskOrder:
        """Every mask of the plan in the order in which people will see them."""
        order = self.methods[request.preset].preset.masks(plan, request)
        return liked_order(order, plan, fixed=1 + request.bare)

    def shots(self, request: Request, plan: Plan, job: str, start: int = 0) -> tuple[Shot, ...]:
        """The grid whose first picture takes mask number `start`."""
        masks = first_masks(self.masks(request, plan), request.count, start)
        return self.shots_of(request, plan, job, masks)

    async def arrange(
        self,
        request: Request,
        job: str,
        *,
        plan: Plan | None = None,
        masks: Sequence[str] | None = None,
        order_seed: int | None = None,
        likes: Sequence[Liking] = (),
    ) -> Arrangement:
        """Plan, order and shots of a job: what is given is kept, what is not is decided here.

        `masks` are codes, one a picture (else the order's first ones); `order_seed` seeds
        the order (else the request does); `likes` is heeded by a new plan.  Raises `UnknownName` for a code of another plan.
        """
        if plan is not None:
            old = [choice.adapter for choice in plan.choices]
            old += [plan.fast.adapter] if plan.fast else []
            await asyncio.to_thread(_refuse_withdrawn, self.cards, old)
            await asyncio.to_thread(self.checkpoints.find, request.checkpoint)  # read through once
        plan = plan or await self.plan(request, likes)
        seed = request.seed if order_seed is None else order_seed
        order = self.masks(replace(request, seed=seed), plan)
        chosen = (
            first_masks(order, request.count)
            if masks is None
            else tuple(mask_of(code, plan) for code in masks)
        )
        shots = self.shots_of(request, plan, job, chosen)
        return Arrangement(plan=plan, order=codes(order), total=order.total, shots=shots)

    def shots_of(
        self, request: Request, plan: Plan, job: str, masks: Sequence[Mask]
    ) -> tuple[Shot, ...]:
        """One shot for each of these masks."""
        checkpoint = self.checkpoints.find(request.checkpoint)
        return shots(
            request,
            plan,
            masks,
            checkpoint=checkpoint,
            preset=self.methods[request.preset].preset,
            fits=partial(self.tokens.fits, checkpoint),
            job=job,
            preview_every=self.preview_every,
        )

    async def imagine(self, request: Request, job: str) -> AsyncGenerator[Event, None]:
        """`Planned`, then each picture's own events. Leave it with `aclosing`: that cancels the rest."""
        with self.ahead(job):
            plan = await self.plan(request)
        grid = self.shots(request, plan, job)
        yield Planned(job=job, plan=plan)
        async with aclosing(self._drawn(job, grid, self.mender or self.walker)) as events:
            async for event in events:
                yield event

    async def again(self, manifest: Manifest, job: str) -> AsyncGenerator[Event, None]:
        """Draw the very picture a manifest tells of.

        Raises `UnknownName` when its checkpoint or an adapter's card is not here; ends
        in `Failed(kind="AdapterChanged")` when an adapter's file is another one now.
        """
        async with aclosing(self.redraw([manifest], job)) as events:
            async for event in events:
                yield event

    async def redraw(self, manifests: Sequence[Manifest], job: str) -> AsyncGenerator[Event, None]:
        """See `again`: several pictures in one job."""
        for manifest in manifests:
            self.checkpoints.find(manifest.checkpoint)
        shots = [_once_more(each, job, at, self.cards) for at, each in enumerate(manifests)]
        async with aclosing(self._drawn(job, shots, self.walker)) as events:
            async for event in events:
                yield event

    async def absent(self, shots: Sequence[Shot]) -> Sequence[Adapter]:
        """See `ports.Bringer`; an engine without one has all its files here."""
        return () if self.bringer is None else await self.bringer.absent(shots)

    async def bring(
        self, job: str, shots: Sequence[Shot], whose: str = ""
    ) -> AsyncGenerator[Event, None]:
        """See `ports.Bringer`; an engine without one has all its files here."""
        if self.bringer is None:
            return
        async with aclosing(self.bringer.bring(job, shots, whose)) as events:
            async for event in events:
                yield event

    async def _drawn(
        self, job: str, shots: Sequence[Shot], draws: Draws
    ) -> AsyncGenerator[Event, None]:
        """Files first; a shot whose file cannot be had has failed, the others are drawn."""
        lost: set[str] = set()
        async with aclosing(self.bring(job, shots)) as coming:
            async for event in coming:
                lost |= {event.shot} if isinstance(event, Failed) else set()
                yield event
        left = [shot for shot in shots if shot.id not in lost]
        async with aclosing(draws.draw(job, left)) as events:
            async for event in events:
                yield event

    def close(self) -> None:
        """Stop drawing and give the sampler's thread back."""
        self.walker.close()


def _once_more(manifest: Manifest, job: str, index: int, cards: CardStore) -> Shot:
    """The manifest's shot under a new name, its adapters held to the bytes they had."""
    bytes_of = {lit.card_id: lit.file_sha256 for lit in manifest.adapters}
    recipe = manifest.shot.recipe
    _refuse_withdrawn(cards, [lit.adapter for lit in recipe.adapters])
    held = tuple(
        replace(
            lit,
            adapter=replace(
                cards.get(lit.adapter.card_id), file_sha256=bytes_of[lit.adapter.card_id]
            ),
        )
        for lit in recipe.adapters
        if lit.adapter.card_id in bytes_of
    )
    return replace(
        manifest.shot,
        id=f"{job}-{index + 1}",
        job=job,
        index=index,
        checkpoint=manifest.checkpoint,
        recipe=replace(recipe, adapters=held),
    )


def _refuse_withdrawn(cards: CardStore, adapters: Sequence[Adapter]) -> None:
    """Old plans live for ever, and what is known of an adapter changes. Raises `AdapterWithdrawn`.

    A card that is gone says nothing new: whether its file is still there shows when it is drawn.
    """
    for adapter in adapters:
        with suppress(UnknownName):
            card = cards.get(adapter.card_id)
            if card.real_person or card.minor:
                raise AdapterWithdrawn(name=card.name, why="it shows a real person or a minor")
            if card.health == "quarantined":
                raise AdapterWithdrawn(name=card.name, why=card.quarantine or "it is set aside")

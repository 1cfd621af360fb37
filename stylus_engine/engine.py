"""The whole path on one page.

    request -> concepts -> candidates -> plan -> masks -> recipes -> shots -> events

The engine decides nothing itself: it asks the rooms in this order, through their
ports, and passes the nouns on.
"""

from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import dataclass

from msgspec.structs import replace

from stylus_engine.model import Event, Manifest, Plan, Planned, Query, Request, Shot
from stylus_engine.planning.concepts import concepts
from stylus_engine.planning.masks import MaskOrder, first_masks
from stylus_engine.planning.presets import Preset
from stylus_engine.planning.shots import shots
from stylus_engine.ports import CardStore, Checkpoints, Composer, Retriever, Tokens
from stylus_engine.walking import Walker


@dataclass(frozen=True, slots=True)
class Method:
    """One preset with the rooms that serve it: who recalls, who composes, which rules follow."""

    retriever: Retriever
    composer: Composer
    preset: Preset


@dataclass(frozen=True, slots=True)
class Engine:
    """Plans and draws. Holds no state of its own: what lives, lives in the rooms."""

    checkpoints: Checkpoints
    cards: CardStore
    methods: Mapping[str, Method]
    tokens: Tokens
    walker: Walker
    preview_every: int = 0

    async def plan(self, request: Request) -> Plan:
        """Choose adapters for the parts of the prompt; draw nothing."""
        method = self.methods[request.preset]
        query = self.query(request)
        candidates = await method.retriever.recall(query)
        return await method.composer.compose(request, query, candidates)

    def query(self, request: Request) -> Query:
        """What the retriever is asked. Raises `UnknownName` for a pinned adapter nobody knows."""
        return Query(
            prompt=request.prompt,
            concepts=concepts(request.prompt),
            family=self.checkpoints.find(request.checkpoint).family,
            policy=request.policy,
            pinned=tuple(self.cards.find(name).card_id for name in request.pinned),
            banned=tuple(self.cards.find(name).card_id for name in request.banned),
        )

    def masks(self, request: Request, plan: Plan) -> MaskOrder:
        """Every mask of the plan in the order in which people will see them."""
        return self.methods[request.preset].preset.masks(plan, request)

    def shots(self, request: Request, plan: Plan, job: str, start: int = 0) -> tuple[Shot, ...]:
        """The grid whose first picture takes mask number `start`."""
        checkpoint = self.checkpoints.find(request.checkpoint)
        return shots(
            request,
            plan,
            first_masks(self.masks(request, plan), request.count, start),
            checkpoint=checkpoint,
            preset=self.methods[request.preset].preset,
            fits=lambda text: self.tokens.fits(checkpoint, text),
            job=job,
            preview_every=self.preview_every,
        )

    async def imagine(self, request: Request, job: str) -> AsyncGenerator[Event, None]:
        """`Planned`, then each picture's own events. Leave it with `aclosing`: that cancels the rest."""
        plan = await self.plan(request)
        grid = self.shots(request, plan, job)
        yield Planned(job=job, plan=plan)
        async with aclosing(self.walker.draw(job, grid)) as events:
            async for event in events:
                yield event

    async def again(self, manifest: Manifest, job: str) -> AsyncGenerator[Event, None]:
        """Draw the very picture a manifest tells of.

        Raises `UnknownName` when its checkpoint or an adapter's card is not here; ends
        in `Failed(kind="AdapterChanged")` when an adapter's file is another one now.
        """
        self.checkpoints.find(manifest.checkpoint)
        shot = _once_more(manifest, job, self.cards)
        async with aclosing(self.walker.draw(job, [shot])) as events:
            async for event in events:
                yield event

    def close(self) -> None:
        """Stop drawing and give the sampler's thread back."""
        self.walker.close()


def _once_more(manifest: Manifest, job: str, cards: CardStore) -> Shot:
    """The manifest's shot under a new name, its adapters held to the bytes they had."""
    bytes_of = {lit.card_id: lit.file_sha256 for lit in manifest.adapters}
    recipe = manifest.shot.recipe
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
        id=f"{job}-1",
        job=job,
        checkpoint=manifest.checkpoint,
        recipe=replace(recipe, adapters=held),
    )

"""The model's refiner put together: a server, a purse, the catalogue's memory, and small pictures."""

import asyncio
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from stylus_engine.assembly.stock import Stock
from stylus_engine.catalog.lines import plain_url
from stylus_engine.catalog.nouns import Described
from stylus_engine.catalog.orders import Round, Step, TellStep
from stylus_engine.catalog.refiner.budget import Budget, Estimate, Prices, Purse, Spent
from stylus_engine.catalog.rounds import Tally
from stylus_engine.catalog.rows import Known
from stylus_engine.errors import BadSettings, BadSource, BudgetSpent, RefinerFailed

if TYPE_CHECKING:
    from stylus_engine.assembly.setup import Describer
    from stylus_engine.catalog.catalogue import Catalogue
    from stylus_engine.catalog.refiner.many import Run
    from stylus_engine.catalog.refiner.model import ModelRefiner, Refined
    from stylus_engine.catalog.refiner.parcels import Parcels
    from stylus_engine.catalog.refiner.posting import Batch
    from stylus_engine.catalog.refiner.server import Server
    from stylus_engine.catalog.web import Web

EDGE = 512  # pixels a side of what the model is shown
MOST_PREVIEW = 8 * 2**20  # bytes of one picture


class Refining:
    """Describes by the model that the settings name."""

    def __init__(self, stock: Stock) -> None:
        self._stock = stock
        self._set: Describer = stock.setup.describer

    def estimate(self, most: int, *, batch: bool) -> Estimate:
        """What it may cost, on the dear side. Raises `BadSettings` where no model is named."""
        from stylus_engine.catalog.refiner.many import estimate

        self._require()
        found = estimate(self._due(most), self._prices, self._set.pictures)
        return found.at(self._set.batch_price) if batch else found

    async def refine(self, most: int, tell: TellStep, *, batch: bool) -> Round:
        """Describe what nobody described yet; a budget that ends, or a server, ends the round. Raises `BadSettings`.

        `batch`: by the server's batch endpoint, where what an earlier run sent is fetched first.
        """
        from stylus_engine.catalog.refiner.many import Run
        from stylus_engine.catalog.refiner.model import ModelRefiner
        from stylus_engine.catalog.refiner.server import Endpoint, Server

        self._require()
        tally, stopped = Tally(), None
        purse = Purse(
            Budget(tokens=self._set.most_tokens, money=self._set.most_money), self._prices
        )
        wanted = self._set
        endpoint = Endpoint(model=wanted.model, base_url=wanted.base_url, timeout=wanted.timeout)
        catalogue = self._stock.catalogue
        async with self._stock.web() as web, Server(endpoint, self._set.key(), purse) as server:
            refiner = ModelRefiner(server, catalogue, partial(self._pictures, web))
            records = _Records(catalogue)
            run = Run(refiner, purse, records.learn, partial(_count, tally, tell, most))
            try:
                if batch:
                    parcels = self._parcels(server, refiner, run, purse, tell)
                    await parcels.all(partial(self._ids, most), records.known)
                else:
                    ids = await asyncio.to_thread(self._ids, most)
                    await run.all(records.there(ids), self._set.concurrency)
            except (BadSource, BudgetSpent, RefinerFailed) as error:
                stopped = type(error).__name__, str(error)
        return tally.round(stopped, **told(run.spent))

    def _parcels(
        self, server: "Server", refiner: "ModelRefiner", run: "Run", purse: Purse, tell: TellStep
    ) -> "Parcels":
        from stylus_engine.catalog.refiner.ledger import Ledger
        from stylus_engine.catalog.refiner.parcels import Parcels

        return Parcels(
            server,
            refiner,
            Ledger(self._stock.catalogue, server.endpoint),
            run,
            purse,
            share=self._set.batch_price,
            waits=partial(_waiting, tell),
        )

    def _due(self, most: int) -> Iterable[Known]:
        due = self._stock.catalogue.walk(lacking="described")
        return islice(due, most) if most else due

    def _ids(self, most: int) -> list[str]:
        """Ids first: a walk of hours would keep SQLite's log of writes growing behind it."""
        return [known.card_id for known in self._due(most)]

    @property
    def _prices(self) -> Prices:
        return Prices(price_in=self._set.price_in, price_out=self._set.price_out)

    def _require(self) -> None:
        if not self._set.model:
            raise BadSettings(
                where="refiner.model", why="no model is named; rules describe without"
            )

    async def _pictures(self, web: "Web", known: Known) -> Sequence[bytes]:
        """The first previews that can be had, shrunk; one that cannot is left out."""
        card = known.card or known.said
        places = card.previews or tuple(example.url for example in known.examples)
        found: list[bytes] = []
        for place in places[: self._set.pictures]:
            data = await _fetched(web, place)
            small = await asyncio.to_thread(_small, data) if data else None
            found += [small] if small else []
        return found


class _Records:
    """Hands out cards, and remembers as which record: a model thinks for a minute, and cards change meanwhile."""

    def __init__(self, catalogue: "Catalogue") -> None:
        self._catalogue = catalogue
        self._stamps: dict[str, str] = {}

    def known(self, card_id: str) -> Known:
        """As it is now."""
        found = self._catalogue.known(card_id)
        self._stamps[card_id] = found.stamp
        return found

    def there(self, ids: Iterable[str]) -> Iterator[Known]:
        """Those that are not gone."""
        return (found for found in map(self.known, ids) if found.card is not None)

    def learn(self, card_id: str, described: Described) -> None:
        """Of the record that was handed out last."""
        self._catalogue.learn(card_id, described=described, of=self._stamps.get(card_id))


async def _fetched(web: "Web", place: str) -> bytes:
    """b"" for what is not there, too large, or somewhere it must not be."""
    try:
        if plain_url(place):
            piece = await web.piece(place, 0, MOST_PREVIEW - 1)
            return piece.data if piece.total <= MOST_PREVIEW else b""
        return await asyncio.to_thread(_read, Path(place))
    except BadSource:
        return b""


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes() if path.stat().st_size <= MOST_PREVIEW else b""
    except OSError:
        return b""


def _small(data: bytes) -> bytes | None:
    """Edges are looked at before anything is decoded."""
    from stylus_engine.catalog.sources.pictures import MOST_PIXELS, START, size_of
    from stylus_engine.pictures.thumbs import thumb

    edges = size_of(data[:START])
    if edges is None or not 0 < edges[0] * edges[1] <= MOST_PIXELS:
        return None
    return thumb(data, EDGE)


def _count(tally: Tally, tell: TellStep, most: int, refined: "Refined") -> None:
    if refined.described is None:
        tally.skip(refined.name, "not reachable", refined.why)
    else:
        tally.learned += 1
    tell(Step(done=tally.learned, of=most, skipped=tally.skipped, name=refined.name))


def _waiting(tell: TellStep, batch: "Batch") -> None:
    """How far the server is with a batch."""
    counts = batch.counts
    name = f"batch {batch.status.replace('_', ' ')}; a stop loses nothing"
    tell(Step(done=counts.completed, of=counts.total, skipped=counts.failed, name=name))


def told(spent: Spent) -> dict[str, str]:
    """The bill, line by line."""
    return {
        "by the model": f"{spent.by_model:,}",
        "remembered": f"{spent.remembered:,}",
        "by rules": f"{spent.by_rules:,}",
        "left undone": f"{spent.failed:,}",
        "tokens in": f"{spent.tokens_in:,}",
        "tokens out": f"{spent.tokens_out:,}",
        "cost": f"{spent.money:.4f}",
        "calls whose use was guessed": f"{spent.guessed:,}",
    }


def sentence(estimate: Estimate) -> str:
    """The estimate for a person."""
    pictures = f"{estimate.cards:,} adapters with {estimate.pictures:,} pictures"
    tokens = f"about {estimate.tokens_in:,} tokens in and {estimate.tokens_out:,} out"
    return f"{pictures}: at most {tokens}, {estimate.money:.4f} by the prices set."

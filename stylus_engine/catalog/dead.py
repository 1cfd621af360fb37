"""Addresses of adapter files that lead nowhere any more.

The first bytes are asked for: a server that answers has the file.  One that wants a
token, or says nothing at all, has not said that the file is gone.
"""

from collections.abc import AsyncGenerator, Sequence

from stylus_engine.catalog.checking import Trouble, trouble
from stylus_engine.catalog.orders import Step, TellStep
from stylus_engine.catalog.web import Web
from stylus_engine.errors import BadSource, SourceRefused
from stylus_engine.model import Adapter

GONE = frozenset({404, 410})
FIRST = 7  # the last of the eight bytes that are asked for


async def dead_addresses(
    web: Web, cards: Sequence[Adapter], tell: TellStep
) -> AsyncGenerator[Trouble, None]:
    """A trouble for each card whose address answers 404 or 410."""
    silent = 0
    for number, card in enumerate(cards, start=1):
        try:
            await web.part(card.url or "", 0, FIRST)
        except SourceRefused as error:
            if error.status in GONE:
                yield trouble("address gone", card, f"{card.url} ({error.status})")
        except BadSource:
            silent += 1
        tell(Step(done=number, of=len(cards), skipped=silent, name=card.name))

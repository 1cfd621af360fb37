"""Names every concrete class, and is the only place that does.

Importers: the doors (`bot.worker`, `miniature.drawing`), nobody else.
A room is imported and a part is made when it is first asked for: listing cards
loads no torch, planning loads no checkpoint.
"""

from collections.abc import Callable

from stylus_engine.assembly.house import House
from stylus_engine.assembly.setup import Chooser, Describer, Embedding, Places, Reranking, Setup
from stylus_engine.ports import Scorer

__all__ = ["Chooser", "Describer", "Embedding", "House", "Places", "Reranking", "Setup", "engine"]


def engine(setup: Setup, scorer: Callable[[], Scorer] | None = None) -> House:
    """A house with everything in it, built as it is used. Raises nothing; its methods do.

    `scorer` looks at finished pictures; None: nobody does.
    """
    return House(setup, scorer=scorer)

"""What there is: cards, the files behind them, checkpoints.

Law of this room: it reads folders and files and hands out nouns; it never loads
a weight.  Everything a card says is untrusted text and is cleaned here, once, on
its way in: nobody further on has to.
"""

from stylus_engine.catalog.cards import CardFile
from stylus_engine.catalog.checkpoints import LocalCheckpoints
from stylus_engine.catalog.digests import Digests
from stylus_engine.catalog.files import LocalFiles

__all__ = ["CardFile", "Digests", "LocalCheckpoints", "LocalFiles"]

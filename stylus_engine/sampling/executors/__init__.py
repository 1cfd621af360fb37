"""How rows that wear different adapters are drawn: stacked, row by row, or merged.

Law of this folder: an executor says which rows may share a forward, in which order
(`groups`), and makes the modules wear them while it runs (`applied`).  All of them
draw the same pictures up to rounding; they differ in time and memory only.  A base
weight is never written: merged weights lie beside it and take its place.
"""

from stylus_engine.sampling.executors.banking import Banking
from stylus_engine.sampling.executors.core import Sharing
from stylus_engine.sampling.executors.merging import Merging
from stylus_engine.sampling.executors.seam import Executor, Outlook, by_row
from stylus_engine.sampling.executors.slotting import Slotting
from stylus_engine.sampling.executors.stacking import Stacking

__all__ = [
    "Banking",
    "Executor",
    "Merging",
    "Outlook",
    "Sharing",
    "Slotting",
    "Stacking",
    "by_row",
]

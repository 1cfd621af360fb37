"""A base that stays what it was: its bits, and the memory of the process, after many mixed jobs."""

import math
import resource
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.table import Row, Spread
from stylus_engine.model import Drawn, Shot
from stylus_engine.sampling.executors import EXECUTORS
from tests.sampling.draws import Pool
from tests.sampling.judge import stage
from tests.sampling.small import BROKEN, shot, small_pool
from tests.sampling.test_bitwise import bits

MANY = 1000  # jobs; fewer still warm up, and tell nothing of growth


def jobs(count: int) -> list[Row]:
    """Mixed jobs over all executors on one tiny checkpoint: every bit of it, and the memory."""
    with TemporaryDirectory() as folder:
        pool = small_pool(Path(folder))
        first = stage(pool, executor="auto")
        drawers = [first] + [stage(pool, executor=kind, parts=first.parts) for kind in EXECUTORS]
        before, sizes, drawn = bits(first.parts), list[float](), 0
        for number in range(math.ceil(count / 4)):
            on = drawers[number % len(drawers)]
            for each in four(pool, number):
                on.drawer.admit(each)
            drawn += sum(isinstance(event, Drawn) for event in on.drawer.events())
            sizes.append(resident())
        after = bits(first.parts)
    changed = sum(before[part] != after[part] for part in before)
    warm = sizes[len(sizes) // 4]
    case = f"{drawn} mixed jobs over all executors, tiny checkpoint"
    return [
        Row(case, "models of the checkpoint whose bits changed", "", Spread.of([changed]), bar=0),
        Row(case, "memory at the end", "MB", Spread.of([sizes[-1] / 1e6]), "after a quarter", Spread.of([warm / 1e6]), 1.01 if count >= MANY else None),
    ]  # fmt: skip


def four(pool: Pool, number: int) -> list[Shot]:
    """Jobs of one or two steps whose adapters change from batch to batch."""
    names = [name for name in pool.files if name != BROKEN]
    lit = [names[(number + step) % len(names)] for step in range(3)]
    masks = ({lit[0]: 0.5}, {lit[0]: 0.5, lit[1]: -0.3}, {}, {lit[2]: 0.7, lit[0]: 0.5})
    return [
        shot(pool, f"{number}.{at}", mask, steps=1 + (number + at) % 3, guidance=1.0 + 4 * (at % 2))
        for at, mask in enumerate(masks)
    ]


def resident() -> float:
    """Bytes of this process in memory; where the kernel does not tell them, the most it ever had."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return float(pages * resource.getpagesize())

"""What the first use of an adapter costs: from a file that lies in the disk's cache to weights that are worn.

`python -m benchmarks.first_use [--quick] [--size sd1|sdxl]`.  Ours: file to factors to a
gathered stack, ready for the first step.  Theirs: `load_lora_weights` of diffusers alone,
without the `set_adapters` that would follow.  Both with 0 and 20 adapters resident; ours
also with 200.  Networks have the sizes of SD 1.5 and SDXL, no weights (see `blank`), the
file is kohya's, rank 32, fp16; its sha256 is known, as after every download and import.
"""

import argparse
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import diffusers
import peft
import torch

from benchmarks.blank import Modules, Size, bases, kohya, lokr, modules, pipeline
from benchmarks.table import Report, Row, Spread, interleaved
from stylus_engine.catalog.files import LocalFiles
from stylus_engine.model import Adapter
from stylus_engine.sampling.bases import Bases
from stylus_engine.sampling.factors import Factors
from stylus_engine.sampling.files import read_adapter
from stylus_engine.sampling.foresight import Foresight
from stylus_engine.sampling.shelf import Shelf
from stylus_engine.sampling.stack import Stack
from stylus_engine.sampling.store import FactorStore
from tests.sampling.oracle import quiet

FEWER, MANY, MOST = 0, 20, 200  # adapters that are resident already
BAR = 0.1  # ours / theirs at 20 residents
FLAT = 1.1  # ours at 200 / ours at 0
ROOM = 2**33
THINKS = 1.0  # seconds
NAMES = {"sd1": "SD 1.5 size", "sdxl": "SDXL size"}


@dataclass
class Ours:
    """A store with some residents, and the stacks that wear what comes out of it."""

    blank: Modules
    store: FactorStore
    card: Adapter
    bases: Bases

    def load(self) -> None:
        """The first use; what was loaded before is still there."""
        self.store.clear()
        self.wear(self.store.get(self.card, self.bases))

    def wear(self, factors: Factors) -> None:
        """Gathered and hooked, ready for the first step."""
        for component, module in self.blank.items():
            stack = Stack(module, component)
            stack.wear([((factors, 0.8),)])
            stack.forget()


@dataclass
class Theirs:
    """diffusers with some residents."""

    pipeline: Any
    path: Path
    count: int = field(default=0)

    def load(self) -> None:
        self.count += 1
        with quiet():
            self.pipeline.load_lora_weights(
                str(self.path.parent), weight_name=self.path.name, adapter_name=f"n{self.count}"
            )

    def settle(self) -> None:
        """Take it out again; not within the time."""
        with suppress(ValueError):
            self.pipeline.delete_adapters(f"n{self.count}")


def main() -> int:
    """Measure, print, write; 1 when a bar is broken."""
    asked = _arguments()
    notes = [
        f"torch {torch.__version__} ({torch.get_num_threads()} threads), diffusers {diffusers.__version__}, peft {peft.__version__}.",
        "Residents have rank 4 on both sides. diffusers: low_cpu_mem_usage, its default.",
    ]
    report = Report("first_use", notes=notes)
    sizes: Sequence[Size] = (
        [asked.size] if asked.size else ["sd1"] if asked.quick else ["sd1", "sdxl"]
    )
    for size in sizes:
        with TemporaryDirectory() as folder:
            report.rows += _rows(Path(folder), size, asked)
    report.print()
    if asked.write:
        print(f"Written to {report.write()}.")
    return 0 if all(row.holds is not False for row in report.rows) else 1


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.first_use", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="at most a minute: SD 1.5 only")
    parser.add_argument("--size", choices=tuple(NAMES), help="one size only")
    parser.add_argument("--no-write", dest="write", action="store_false", help="print only")
    return parser.parse_args()


def _rows(folder: Path, size: Size, asked: argparse.Namespace) -> Iterator[Row]:
    blank, file = modules(size), folder / "first.safetensors"
    count = kohya(file, size, blank, rank=32)
    small = folder / "small.safetensors"
    kohya(small, size, blank, rank=4, seed=1)
    case = f"{NAMES[size]}, {count} modules r32"
    peer = Theirs(pipeline(size, modules(size)), file)
    rounds = 3 if asked.quick else 7
    for residents in (FEWER, MANY):
        _fill(peer, small, residents)
        ours = _ours(blank, size, file, small, residents)
        yield from _against(case, residents, ours, peer, rounds)
    yield from _against(
        case, MANY, _restarted(blank, size, file, folder), peer, rounds, "use after a restart"
    )
    del peer
    yield _foreseen(case, blank, size, file, rounds)
    yield _flat(case, blank, size, file, small, rounds)
    if size == "sd1":
        yield _kronecker(blank, folder, rounds)
    yield _limit(case, file, rounds)


def _fill(peer: Theirs, small: Path, residents: int) -> None:
    known = Theirs(peer.pipeline, small, count=1000)
    for _ in range(residents):
        known.load()


def _restarted(blank: Modules, size: Size, file: Path, folder: Path) -> Ours:
    """Nothing is resident; what was converted before lies on the shelf."""
    shelf = Shelf(folder / "shelf", ROOM)
    before = FactorStore(LocalFiles(), ROOM, shelf=shelf)
    before.get(_card(file), bases(size, blank))
    before.close()
    return Ours(
        blank, FactorStore(LocalFiles(), ROOM, shelf=shelf), _card(file), bases(size, blank)
    )


def _kronecker(blank: Modules, folder: Path, rounds: int) -> Row:
    """An adapter that becomes factors by way of its ΔW: what the shelf is for."""
    file = folder / "kronecker.safetensors"
    count = lokr(file, "sd1", blank, rank=8)
    first = Ours(blank, FactorStore(LocalFiles(), ROOM), _card(file), bases("sd1", blank))
    began = time.perf_counter()
    first.load()
    took = time.perf_counter() - began
    again = _restarted(blank, "sd1", file, folder)
    again.load()
    found = interleaved({"again": again.load}, rounds, 10)["again"]
    case = f"{NAMES['sd1']}, LoKr of {count} modules"
    once = Spread(took, took, took, 1)
    return Row(case, "use after a restart", "s", found, "ours, first use", once)


def _foreseen(case: str, blank: Modules, size: Size, file: Path, rounds: int) -> Row:
    """What is left to wait for when the composer named the adapter a second before it was done."""
    late, early = _ours(blank, size, file, file, 0), _ours(blank, size, file, file, 0)
    taken: dict[str, list[float]] = {"late": [], "early": []}
    foresight = Foresight(
        lambda card, likely: early.store.prepare(card, early.bases, likely=likely)
    )
    for _ in range(rounds):
        early.store.clear()
        foresight.wish("job", early.card)
        time.sleep(THINKS)
        for name, one in (("early", early), ("late", late)):
            began = time.perf_counter()
            one.wear(one.store.get(one.card, one.bases))
            taken[name].append(time.perf_counter() - began)
        late.store.clear()
    foresight.close()
    metric = f"wait before the first step, named {THINKS:g} s ahead"
    ours, other = Spread.of(taken["early"]), Spread.of(taken["late"])
    return Row(case, metric, "s", ours, "ours, not named ahead", other)


def _ours(blank: Modules, size: Size, file: Path, small: Path, residents: int) -> Ours:
    """Residents are pinned under ids of their own; that they share numbers saves gigabytes and changes no look-up."""
    store = FactorStore(LocalFiles(), ROOM)
    one = store.get(_card(small), bases(size, blank))
    for number in range(residents):
        store.pin(replace(one, id=str(number)))
    return Ours(blank, store, _card(file), bases(size, blank))


def _card(path: Path) -> Adapter:
    return Adapter(
        card_id=f"test:{path.stem}:1", name=path.stem, family_declared="", path=str(path)
    )


def _against(
    case: str, residents: int, ours: Ours, peer: Theirs, rounds: int, what: str = "first use"
) -> Iterator[Row]:
    contenders: dict[str, Callable[[], object]] = {"ours": ours.load, "theirs": peer.load}
    for load in contenders.values():
        load()
    peer.settle()
    taken: dict[str, list[Spread]] = {name: [] for name in contenders}
    for _ in range(rounds):
        for name, load in contenders.items():
            taken[name].append(interleaved({name: load}, 1, 0)[name])
        peer.settle()
    mine, other = (_joined(taken[name]) for name in ("ours", "theirs"))
    bar = BAR if residents == MANY else None
    metric = f"{what}, {residents} resident"
    yield Row(case, metric, "s", mine, "diffusers load_lora_weights", other, bar)


def _joined(spreads: Sequence[Spread]) -> Spread:
    return Spread.of([spread.median for spread in spreads])


def _flat(case: str, blank: Modules, size: Size, file: Path, small: Path, rounds: int) -> Row:
    """Does it grow with what is there already?"""
    few, many = (_ours(blank, size, file, small, count) for count in (FEWER, MOST))
    found = interleaved({"few": few.load, "many": many.load}, 3 * rounds, 30)
    metric = f"first use, {MOST} resident"
    return Row(case, metric, "s", found["many"], f"ours, {FEWER} resident", found["few"], FLAT)


def _limit(case: str, file: Path, rounds: int) -> Row:
    """The floor: every number of the file is read, widened to fp32 and gathered once."""
    tensors = read_adapter(file, "limit").tensors

    def move() -> None:
        for tensor in tensors.values():
            torch.cat([tensor.reshape(-1).float()])

    read = interleaved({"read": file.read_bytes, "move": move}, rounds, 10)
    pair = zip(("read", "move"), (read["read"], read["move"]), strict=True)
    least = sum(spread.min for _, spread in pair)
    return Row(
        case,
        "physical limit: bytes read, widened, gathered",
        "s",
        Spread(least, least, least, rounds),
    )


if __name__ == "__main__":
    sys.exit(main())

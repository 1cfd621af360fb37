"""Which way of wearing adapters costs a batch least: arithmetic over a few figures of the machine.

Costs are seconds that a step takes longer than the bare batch would.  What is linear
in the rows of the bare model is the same for every executor and left out; what is
left are the factors' products, the weights that are read once more, and calls.
Model: `stack` pays for the union of all adapters in every row; `slots` for each
row's own; `core` merges what all share and stacks the rest; `bank` reads a merged
weight for each recipe; `merge` runs the whole model once for each recipe.  Whoever joins or
leaves makes work, shared by the steps until the next one does.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple, TypeAlias

# Small operations that a layer costs, as counted on the miniature, where nothing else counts: the
# factors of all rows; a weight of its own in a large layer; a whole layer of the bare model; making
# a merged weight; putting on what one row or run of rows wears.
CALLS, BANK_CALLS, BARE_CALLS, MAKE_CALLS, CHANGE_CALLS = 3, 10, 60, 30, 5
APART_ROOM = 2**30  # bytes that the factors of all rows may take beside each other
APART = 2  # times that a product takes when every row has factors of its own, filled up to one rank
ORDER = ("stack", "core", "slots", "bank", "core+slots", "merge")  # between equals: what is simpler
WORTH = 0.02  # of a step: what a way must win before the stack is left for it
WRITING = frozenset(
    {"core", "core+slots", "bank", "merge"}
)  # put merged weights in the base's place
MERGING = 3  # times that a merged weight's bytes pass through memory while it is made
Kept: TypeAlias = Literal["", "offloaded", "quantised"]
Why: TypeAlias = Literal[
    "asked", "bare", "first", "short", "cheapest", "offloaded", "quantised", "uncompiled"
]


@dataclass(frozen=True, slots=True)
class Machine:
    """What a probe measured. All per second, but `call` and `slide`, which are seconds.

    `flops` of large products, `thin` of products of a low rank, `bytes` copied; `call`: one
    small operation; `slide`: what a kernel that slides costs more in two runs than in one.
    """

    flops: float
    thin: float
    bytes: float
    call: float
    slide: float = 0.0


@dataclass(frozen=True, slots=True)
class Load:
    """What some adapters ask for.

    `work`: multiply-adds of their factors in one row; `traffic`: bytes of activations that
    one row reads and writes for them; `layers` and bytes of `weights` that they touch, of
    which `sliding` are convolutions of more than one place; `making`: multiply-adds of merging them
    once; `factors`: bytes of the factors themselves.
    """

    work: float = 0.0
    traffic: float = 0.0
    layers: int = 0
    weights: float = 0.0
    making: float = 0.0
    sliding: int = 0
    factors: float = 0.0


class Run(NamedTuple):
    """A recipe of the batch: its rows, what it asks, what is left beside the core, whether it lies merged."""

    rows: int
    own: Load
    rest: Load
    made: bool = False


@dataclass(frozen=True, slots=True)
class Batch:
    """One forward.

    `union` and `left` are the adapters of all rows, with and without the `core` that all
    rows share; `small` is the part of `union` in layers whose runs share a product; `bare` is
    the model itself, as if every layer of it were touched.  `steps`: how many forwards like it are
    to come; `steady`: until somebody joins or leaves; `room`: the bytes that merged weights may take.
    `kept`: why no weight may be replaced, as `kept_by` says it.
    """

    runs: Sequence[Run]
    union: Load
    left: Load
    core: Load
    bare: Load
    steps: int
    room: float
    core_made: bool = False
    kept: Kept = ""
    small: Load = Load()
    steady: int = 1

    @property
    def rows(self) -> int:
        """All rows."""
        return sum(run.rows for run in self.runs)


class Choice(NamedTuple):
    """An executor by name, why it was chosen, and the one that would have come next.

    `why`: asked (by the settings), bare (nothing is worn), first (the model was not measured
    yet), short (a text: one forward), cheapest; offloaded or quantised: the cheapest of
    those that leave the weights alone; uncompiled: the compiler failed.
    """

    executor: str
    why: Why
    over: str = ""


def choose(machine: Machine, batch: Batch) -> Choice:
    """The cheapest way; the stack where nothing else is worth it."""
    if not batch.union.layers:
        return Choice("stack", "bare")
    seconds = costs(machine, batch)
    ranked = sorted(seconds, key=lambda name: (seconds[name], ORDER.index(name)))
    least = WORTH * (bare(machine, batch) + seconds["stack"])
    best = ranked[0] if seconds["stack"] - seconds[ranked[0]] > least else "stack"
    over = next((name for name in ranked if name != best), "")
    return Choice(best, batch.kept or "cheapest", over)


def kept_by(offload: str, quantised: str) -> Kept:
    """Why base weights are only read, never replaced by merged ones; empty: they may be.

    Offloaded ones are moved under whoever holds them; into int8 a merged weight does not fit.
    """
    if offload != "none":
        return "offloaded"
    return "quantised" if quantised != "none" else ""


def unfit(offload: str, quantised: str) -> str:
    """Why the two cannot be had together; empty: they can.

    diffusers streams blocks by exchanging a parameter's data, which int8 weights refuse.
    """
    if offload == "blocks" and quantised != "none":
        return f"{quantised} weights cannot come block by block; take offload models or none"
    return ""


def uncompilable(compiled: str, executor: str, kept: str) -> str:
    """Why the denoiser cannot be compiled so, with this executor, where weights are `kept`; empty: it can."""
    if compiled == "none":
        return ""
    if kept:
        return f"{compiled} of a denoiser whose weights are {kept} cannot be compiled; take none"
    if executor != "stack":
        return f"{compiled} are compiled with the stack alone, not with {executor}; take executor stack"
    return ""


def refusal(executor: str, kept: str) -> str:
    """Why this one cannot be had where weights are `kept`; empty: it can."""
    if not kept or executor not in WRITING:
        return ""
    return f"{executor} replaces weights, and these are {kept}; take auto, stack or slots"


def bare(machine: Machine, batch: Batch) -> float:
    """Seconds of the bare batch."""
    products = batch.rows * 2 * batch.bare.work / machine.flops
    return products + _again(machine, batch.bare, BARE_CALLS)


def costs(machine: Machine, batch: Batch) -> Mapping[str, float]:
    """Seconds a step beyond the bare batch, of every way that is open here."""
    found = {"stack": _beside(machine, batch.rows, batch.union) + _changed(machine, batch, 1)}
    if _fits([(run.rows, run.own) for run in batch.runs]):
        own = _apart(machine, [(run.rows, run.own) for run in batch.runs])
        found["slots"] = own + _changed(machine, batch, batch.rows)
    return found if batch.kept else found | _merging(machine, batch)


def _merging(machine: Machine, batch: Batch) -> dict[str, float]:
    """Seconds of the ways that put merged weights in the base's place."""
    found = dict[str, float]()
    if batch.core.layers and batch.core.weights <= batch.room:
        core = 0.0 if batch.core_made else _make(machine, batch.core) / batch.steps
        rest = [(run.rows, run.rest) for run in batch.runs]
        found["core"] = core + _beside(machine, batch.rows, batch.left)
        if _fits(rest):
            changed = _changed(machine, batch, batch.rows)
            found["core+slots"] = core + _apart(machine, rest) + changed
    if sum(run.own.weights for run in batch.runs) <= batch.room:
        making = sum(_make(machine, run.own) for run in batch.runs if not run.made) / batch.steps
        more = len(batch.runs) - 1
        found["bank"] = making + _banked(machine, batch)
        found["merge"] = making + more * _again(machine, batch.bare, BARE_CALLS)
    return found


def _fits(each: Sequence[tuple[int, Load]]) -> bool:
    """Whether there is room for the factors of every row, filled up to those of the widest."""
    return sum(rows for rows, _ in each) * max(load.factors for _, load in each) <= APART_ROOM


def _beside(machine: Machine, rows: int, load: Load) -> float:
    """Factors beside the weights, the same in every row."""
    products = 2 * load.work / machine.thin + load.traffic / machine.bytes
    return rows * products + load.layers * CALLS * machine.call


def _apart(machine: Machine, each: Sequence[tuple[int, Load]]) -> float:
    """Factors beside the weights, each row's own, all in one product a layer."""
    products = sum(
        rows * (2 * APART * load.work / machine.thin + load.traffic / machine.bytes)
        for rows, load in each
    )
    return products + max(load.layers for _, load in each) * CALLS * machine.call


def _banked(machine: Machine, batch: Batch) -> float:
    """A weight for each run: large layers are gone through once more for each, small ones once with all."""
    small, union, more = batch.small, batch.union, len(batch.runs) - 1
    large = Load(
        layers=union.layers - small.layers,
        weights=union.weights - small.weights,
        sliding=union.sliding - small.sliding,
    )
    once = small.layers * CALLS * machine.call + small.sliding * machine.slide if more else 0.0
    again = _again(machine, large, BANK_CALLS) + small.weights / machine.bytes
    return more * again + once + _changed(machine, batch, len(batch.runs))


def _changed(machine: Machine, batch: Batch, each: int) -> float:
    """Putting on what so many rows or runs wear, once until the next change."""
    return each * batch.union.layers * CHANGE_CALLS * machine.call / batch.steady


def _again(machine: Machine, load: Load, calls: int) -> float:
    """The same layers gone through once more: their weights are read again, and each has its calls."""
    kernels = load.layers * calls * machine.call + load.sliding * machine.slide
    return load.weights / machine.bytes + kernels


def _make(machine: Machine, load: Load) -> float:
    made = MERGING * load.weights / machine.bytes + 2 * load.making / machine.thin
    return made + load.layers * MAKE_CALLS * machine.call

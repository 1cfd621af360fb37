"""The names and shapes of a file's tensors, sorted once so that the rules can ask cheaply.

A name is `MODULE.PART[.ADAPTER][.weight]`.  The part says which algorithm, the module
which network, and the input side of the factors how wide that network is.  Trainers
flatten a module's dots to underscores; `Keys.body` has all of them flattened, so that
one word serves both spellings.
"""

from collections import Counter
from collections.abc import Iterator
from itertools import chain

from stylus_engine.catalog.probe.header import Entry, Header
from stylus_engine.model.noun import Noun

# What text encoders are called; everything else belongs to the network that draws.
OF_TEXT = (
    "lora_te",
    "text_encoder",
    "lycoris_text_",
    "text_model.",
    "base_model.model.text_model.",
    "te1.",
    "te2.",
    "clip_l.",
    "clip_g.",
    "cond_stage_model.",
    "conditioner.",
)
FLAT_OF_TEXT = tuple(start.replace(".", "_") for start in OF_TEXT)
WHOLE = "diff"  # a matrix of full rank
DOWN = frozenset(("lora_down", "lora_A", "down", "hada_w1_b", "b2", WHOLE))  # b2 is GLoRA's
PREFIXES = (
    "base_model.model.",
    "lora_unet_",
    "lora_transformer_",
    "lycoris_",
    "diffusion_model.",
    "transformer.",
    "unet.",
)
USUAL = frozenset(("lora_down", "lora_up", "alpha", "lora_A", "lora_B", "dora_scale"))
OF_PEFT = (".lora_A", ".lora_B", ".lora_magnitude_vector")  # an adapter's name may follow
KRON = {"lokr_w1": 0, "lokr_w1_b": 0, "lokr_w2": 1, "lokr_w2_b": 1}  # which of the two factors


class Factor(Noun, frozen=True, gc=False):
    """The input side of one update: (rank, width[, kernel, kernel]).

    `rank` is 0 where a full matrix stands.  `edges` is how many the stored shape has.
    """

    module: str  # flattened, with "_" after it
    width: int
    rank: int
    kernel: int
    edges: int


class Keys(Noun, frozen=True, kw_only=True):
    """All names of a file, by what the rules want to know of them.

    `text` has each name between line breaks.  `body` has each module of the network that
    draws, flattened, between a line break and "_": no text encoders.
    """

    text: str
    body: str
    parts: dict[str, int]  # part -> how many tensors
    factors: tuple[Factor, ...]  # of the network that draws
    of_text: tuple[Factor, ...]
    text_encoder: bool  # whether any name is one of a text encoder's

    @property
    def rank(self) -> int:
        return max((factor.rank for factor in chain(self.factors, self.of_text)), default=0)

    def width(self, *marks: str) -> int | None:
        """The commonest input width of the modules whose names hold one of these."""
        held = (f.width for f in self.factors if any(mark in f.module for mark in marks))
        common = Counter(held).most_common(1)
        return common[0][0] if common else None

    def has(self, *marks: str) -> bool:
        """Whether the network that draws has a name that holds one of these."""
        return any(mark in self.body for mark in marks)


def keys_of(header: Header) -> Keys:
    """Sort the header's names."""
    modules: dict[str, None] = {}  # an ordered set
    parts: list[str] = []
    drawing: list[Factor] = []
    of_text: list[Factor] = []
    for factor in _factors(header.tensors, parts, modules):
        (of_text if factor.module.startswith(FLAT_OF_TEXT) else drawing).append(factor)
    body = [module for module in modules if not module.startswith(OF_TEXT)]
    return Keys(
        text="\n" + "\n".join(header.tensors) + "\n",
        body=_body(body),
        parts=Counter(parts),
        factors=tuple(drawing),
        of_text=tuple(of_text),
        text_encoder=len(body) < len(modules),
    )


def _body(modules: list[str]) -> str:
    """Without what trainers put before a network's own names: `transformer.blocks` is no `transformer_blocks`."""
    text = "\n" + "\n".join(modules)
    for prefix in PREFIXES:
        text = text.replace("\n" + prefix, "\n")
    return _flat(text).replace("\n", "_\n")


def _factors(
    tensors: dict[str, Entry], parts: list[str], modules: dict[str, None]
) -> Iterator[Factor]:
    """The factors among these tensors; parts and modules are gathered on the way."""
    kron: dict[str, list[tuple[int, ...]]] = {}
    for name, entry in tensors.items():
        module, _, part = name.removesuffix(".weight").rpartition(".")
        if part not in USUAL:
            module, part = _unusual(name, module, part)
        parts.append(part)
        modules[module] = None
        if part in DOWN:
            if len(entry.shape) >= 2:
                yield _factor(module, entry.shape, part)
        elif part in KRON and len(entry.shape) >= 2:
            kron.setdefault(module, [(), ()])[KRON[part]] = _side(part, entry.shape)
    for module, (left, right) in kron.items():
        if left and right:
            yield _kronecker(module, left, right)


def _unusual(name: str, module: str, part: str) -> tuple[str, str]:
    """Module and part where more stands there: the name that peft gives an adapter, or less."""
    if part in ("down", "up") and "lora" not in module:
        return name, ""  # a network's own layer
    if module.endswith(OF_PEFT) and part != "bias":
        module, _, part = module.rpartition(".")
    return module or name, part


def _factor(module: str, shape: tuple[int, ...], part: str) -> Factor:
    edges = len(shape)
    kernel = 1 if edges == 2 else max((1, *shape[2:]))
    return Factor(_flat(module), shape[1], 0 if part == WHOLE else shape[0], kernel, edges)


def _flat(module: str) -> str:
    if "." in module:
        module = module.replace(".processor.", ".").replace(".", "_")
    return module + "_"


def _side(part: str, shape: tuple[int, ...]) -> tuple[int, ...]:
    """(rank or 0, width) of one of the two factors of a Kronecker product."""
    return (shape[0] if part.endswith("_b") else 0, *shape[1:])


def _kronecker(module: str, left: tuple[int, ...], right: tuple[int, ...]) -> Factor:
    kernel = max(right[2:], default=1)
    rank = max(left[0], right[0])
    return Factor(_flat(module), left[1] * right[1], rank, kernel, max(len(left), len(right)))

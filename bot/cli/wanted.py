"""What `stylus eval` is asked for, held against what there is before anything is drawn."""

from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from bot.cli.desk import Desk
from bot.settings import Settings
from stylus_engine.errors import BadEvaluation, BadSettings
from stylus_engine.model import PRESETS
from stylus_engine.model.noun import known, within

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stylus_engine.evaluation.campaign import Arm, Campaign
    from stylus_engine.evaluation.questions import Ask

PARTS: Final = ("open", "held-out", "all")
FEATURES: Final = ("clip", "judge")
MOST_PROMPTS: Final = 1_000_000
MOST_AT_ONCE: Final = 4096  # pictures


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """What the command line asks for. Raises `OutOfRange`, `UnknownName`, `BadEvaluation`."""

    prompts: Path | None
    part: str
    kind: str
    most: int
    methods: tuple[str, ...]
    guidances: tuple[float, ...]
    clip: Path | None
    likeness: bool
    features: str
    reference: Path | None
    out: Path
    failures: bool
    at_once: int
    vlm: int

    def __post_init__(self) -> None:
        known("feature network", self.features, FEATURES)
        within("Prompts", self.most, 1, MOST_PROMPTS)
        within("Pictures at once", self.at_once, 1, MOST_AT_ONCE)
        within("Prompts that a model looks at", self.vlm, 0, MOST_PROMPTS)
        if self.clip and not (self.clip / "config.json").is_file():
            raise BadEvaluation(path=str(self.clip), why="there is no CLIP model in it")
        if self.reference and not any(self.reference.glob("*.png")):
            raise BadEvaluation(path=str(self.reference), why="there is no PNG picture in it")


def asks(desk: Desk, wanted: Wanted) -> "Sequence[Ask]":
    """The prompts; what was left out is told. Raises `BadEvaluation`, `UnknownName`."""
    from stylus_engine.evaluation.questions import read

    own = wanted.prompts is None
    if own:
        _known_questions(wanted)
    path = _questions() if wanted.prompts is None else wanted.prompts
    part = wanted.part if own and wanted.part != "all" else ""
    found = read(path, wanted.most, part, wanted.kind)
    if found.same or found.long:
        desk.say(f"Left out: {found.same} prompts twice there, {found.long} too long.")
    return found.asks


def arms(
    wanted: Wanted, settings: Settings, asked: "Sequence[Ask]", campaign: "Campaign"
) -> "tuple[Arm, ...]":
    """Every way to draw. Raises `BadRequest` for one that can draw no prompt, `BadSettings`."""
    from stylus_engine.evaluation import campaign as of
    from stylus_engine.evaluation.failures import arms_of_failure

    _models(wanted, settings)
    plain = of.arms(wanted.methods or _presets(settings), wanted.guidances)
    for arm in plain:
        of.request(of.Cell(asked[0], arm), campaign)
    more = arms_of_failure(wanted.guidances[0], _bad_adapters()) if wanted.failures else ()
    return (*plain, *more)


def _known_questions(wanted: Wanted) -> None:
    from miniature.questions import KINDS

    known("part of the questions", wanted.part, PARTS)
    if wanted.kind:
        known("kind of questions", wanted.kind, KINDS)


def _questions() -> Path:
    from miniature.questions import FILE

    return FILE


def _models(wanted: Wanted, settings: Settings) -> None:
    if "paper" in wanted.methods and not settings.composer.model:
        why = "the preset paper asks a language model; without one there is paper-rules"
        raise BadSettings(where="composer.model", why=why)
    if wanted.vlm and not settings.refiner.model:
        raise BadSettings(where="refiner.model", why="--vlm needs a model that sees")


def _presets(settings: Settings) -> tuple[str, ...]:
    """All of them; the paper's own needs a language model."""
    talks = bool(settings.composer.model)
    return tuple(name for name in PRESETS if talks or name != "paper")


def _bad_adapters() -> tuple[str, ...]:
    from miniature.cards import card_id
    from miniature.training.shelf import SHELF

    return tuple(card_id(spec) for spec in SHELF if spec.flaw == "mislabelled")[:1]

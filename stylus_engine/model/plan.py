"""Which adapters serve which words of the prompt, and why."""

from typing import Literal

from stylus_engine.model.adapter import Adapter
from stylus_engine.model.few_step import Faster
from stylus_engine.model.liking import Liking
from stylus_engine.model.noun import Noun, within


class Choice(Noun, frozen=True, kw_only=True):
    """One adapter chosen for one concept, its weight before masks, and the reason told to people."""

    adapter: Adapter
    weight: float
    reason: str

    def __post_init__(self) -> None:
        within(
            f"The weight of {self.adapter.name}",
            self.weight,
            self.adapter.weight_low,
            self.adapter.weight_high,
        )


class Task(Noun, frozen=True, kw_only=True):
    """A concept of the prompt and its adapters, best first; at least one.

    `concept` is the verbatim span prompt[start : start + len(concept)].  Words that
    no adapter serves are no task: they stand in `Plan.uncovered`.
    """

    concept: str
    start: int
    choices: tuple[Choice, ...]

    def __post_init__(self) -> None:
        if not self.choices:
            raise ValueError(f"the task {self.concept!r} has no adapter")


class Seen(Noun, frozen=True, kw_only=True):
    """One line of what the composer had before it: for people who ask why."""

    card_id: str
    name: str
    concept: str
    similarity: float


class Dropped(Noun, frozen=True, kw_only=True):
    """Something a composer proposed and a rule struck out."""

    what: str
    why: str


class Strain(Noun, frozen=True, kw_only=True):
    """How hard one adapter of a plan is on a picture at the weight `scale`, as a check measured it.

    `strength`, `saturation`: 0 … 1, as in the catalogue's health figures.
    """

    card_id: str
    strength: float
    saturation: float
    scale: float


class Friction(Noun, frozen=True, kw_only=True):
    """How much two adapters of a plan are expected to be in each other's way, 0 … 1."""

    one: str  # card ids
    other: str
    clash: float


class Plan(Noun, frozen=True, kw_only=True):
    """The composed answer to one request: self-contained, so that masks need no catalogue.

    `composer` names who chose; `instead`: who was asked first and why it did not, "" otherwise.
    `strains` and `frictions` say what was known of its adapters when it was made: masks and
    weights go by them, and a plan that is read again gives the same ones.

    Raises `ValueError` when a concept is not in the prompt or an adapter is chosen
    twice: a composer that lets that through is broken, the person did nothing wrong.
    """

    v: Literal[1] = 1
    prompt: str
    tasks: tuple[Task, ...] = ()
    uncovered: tuple[str, ...] = ()
    composer: str
    instead: str = ""
    preset: str = "stylus"
    seen: tuple[Seen, ...] = ()
    dropped: tuple[Dropped, ...] = ()
    likes: tuple[Liking, ...] = ()  # of its choices, as they were then: the masks go by them
    strains: tuple[Strain, ...] = ()
    frictions: tuple[Friction, ...] = ()
    fast: Faster | None = None  # drawn with in every picture, beside the masks

    def __post_init__(self) -> None:
        for task in self.tasks:
            if self.prompt[task.start : task.start + len(task.concept)] != task.concept:
                raise ValueError(
                    f"the concept {task.concept!r} is not at {task.start} of the prompt"
                )
        ids = [choice.adapter.card_id for choice in self.choices]
        if len(ids) != len(set(ids)):
            raise ValueError("an adapter was chosen twice")

    @property
    def choices(self) -> tuple[Choice, ...]:
        """All choices, task after task: the order of a mask's bits."""
        return tuple(choice for task in self.tasks for choice in task.choices)

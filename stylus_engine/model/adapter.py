"""An adapter as its card describes it, and a candidate: an adapter that was found."""

from typing import Literal, TypeAlias

from stylus_engine.model.noun import Noun, within

Kind: TypeAlias = Literal[
    "lora", "locon", "loha", "lokr", "dora", "embedding",
    "ia3", "oft", "glora", "full", "unsupported", "unknown",
]  # fmt: skip
Rating: TypeAlias = Literal["g", "pg", "pg13", "r", "x"]
Category: TypeAlias = Literal["subject", "style", "place", "light", "detail", "speed", "other"]
Health: TypeAlias = Literal["unknown", "good", "quarantined"]

MOST_WEIGHT = 4.0  # community files recommend up to about 2; sliders go further


class Licence(Noun, frozen=True, kw_only=True):
    """What the author allows. The careful answer is the default."""

    name: str = "unknown"
    commercial: bool = False
    derivatives: bool = False
    credit: bool = True


class Adapter(Noun, frozen=True, kw_only=True):
    """One adapter: what its card says and, once its file was seen, what the file is.

    `card_id` (`source:id:version`) is the key everywhere; `file_sha256` is absent
    until the file was fetched and is what manifests use.  Weights are the scale of
    the low-rank update, 1.0 = as trained.  Everything textual is untrusted.
    """

    card_id: str
    name: str
    family_declared: str
    family_detected: str | None = None
    base: str = ""  # finer than the family, where metadata tells: `pony`, `illustrious`
    kind: Kind = "unknown"
    category: Category = "other"
    description: str = ""
    triggers: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    weight: float = 0.8
    weight_low: float = 0.0
    weight_high: float = 1.0
    file_sha256: str | None = None
    path: str | None = None
    url: str | None = None
    author: str = ""
    licence: Licence = Licence()
    rating: Rating = "g"
    real_person: bool = False
    minor: bool = False
    health: Health = "unknown"
    previews: tuple[str, ...] = ()
    concepts: tuple[str, ...] = ()  # what it adds, in words a prompt would use
    not_for: str = ""  # when not to use it
    described_by: str = ""  # who wrote the description: "card", "rules", or a model's name
    quarantine: str = ""  # why, when `health` says so
    file_bytes: int = 0  # 0 = not known
    model_key: str = ""  # `source:model`; equal for all versions of one model
    popularity: int = 0  # downloads, as the source counts them

    def __post_init__(self) -> None:
        within(
            f"{self.card_id}: the lowest weight",
            self.weight_low,
            -MOST_WEIGHT,
            MOST_WEIGHT,
        )
        within(
            f"{self.card_id}: the highest weight",
            self.weight_high,
            self.weight_low,
            MOST_WEIGHT,
        )
        within(
            f"{self.card_id}: the weight",
            self.weight,
            self.weight_low,
            self.weight_high,
        )

    @property
    def family(self) -> str:
        """The base family to go by: the file's truth where it is known, else the card's claim."""
        return self.family_detected or self.family_declared

    @property
    def words(self) -> tuple[str, ...]:
        """What a prompt says where this adapter is meant: its trigger words, else its name."""
        return self.triggers or (self.name,)

    @property
    def drawable(self) -> bool:
        """Whether there is, or can be, a file behind the card."""
        return bool(self.path or self.url)

    def same_file(self, other: "Adapter") -> bool:
        """Whether both cards are known to be of the same bytes: worn together they are one, too strong."""
        return self.file_sha256 is not None and self.file_sha256 == other.file_sha256


class Candidate(Noun, frozen=True, kw_only=True):
    """An adapter that recall found for one part of the prompt.

    `concept` is the verbatim span it was found for, "" for the whole prompt.
    `similarity` is the cosine between the two texts in [-1, 1]; `rank` the fused
    rank (1 = best) among all candidates of the same concept; `cluster` is equal
    for adapters that look alike.
    """

    adapter: Adapter
    concept: str
    similarity: float
    rank: int
    cluster: int = 0

"""What a community has made of an adapter, when it was drawn for some words."""

from stylus_engine.model.noun import Noun, within

MOST = 1e9


class Liking(Noun, frozen=True, kw_only=True):
    """How often one adapter was liked and disliked, drawn for one concept.

    `concept` is the key by which words are compared (`planning.lexicon.phrase`).  Weak
    evidence counts less than one: a picture that was taken up, masks that were passed over.
    """

    card_id: str
    concept: str
    good: float = 0.0
    bad: float = 0.0

    def __post_init__(self) -> None:
        within("Good", self.good, 0.0, MOST)
        within("Bad", self.bad, 0.0, MOST)

"""What the retriever is asked: spans of a prompt, and who may answer at all."""

from stylus_engine.model.liking import Liking
from stylus_engine.model.noun import Noun
from stylus_engine.model.request import Policy


class Span(Noun, frozen=True, kw_only=True):
    """A verbatim piece of the prompt: prompt[start : start + len(text)] == text."""

    text: str
    start: int


class Query(Noun, frozen=True, kw_only=True):
    """One recall: the whole prompt and each concept, among adapters of one family.

    `banned` and `pinned` are card ids.  A pinned adapter is always among the
    candidates when the policy allows it at all; `k` bounds all candidates together.
    `seed` is for whoever draws lots.
    `likes` is what whoever asks has learned from use: for composers that heed it.
    """

    prompt: str
    concepts: tuple[Span, ...]
    family: str
    policy: Policy = Policy()
    pinned: tuple[str, ...] = ()
    banned: tuple[str, ...] = ()
    k: int = 40
    seed: int = 0
    likes: tuple[Liking, ...] = ()

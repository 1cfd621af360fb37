"""How well one candidate serves one span of the prompt: words first, meaning second. Pure.

The floors were calibrated on the miniature's labelled prompts with all-MiniLM-L6-v2
(tests/composition/test_selection.py): things an adapter really shows lie at a
cosine of 0.5 and more, things of the same world ("fish" and an octopus) below.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from typing import NamedTuple, Self, TypeAlias

from stylus_engine.model import Adapter, Candidate, Query, Span
from stylus_engine.planning import lexicon
from stylus_engine.planning.concepts import Chunk, chunks, grams, sayings, span_of, titles

Elsewhere: TypeAlias = Callable[[Adapter, Span], bool]


class Hold(IntEnum):
    """What ties an adapter to a span, weakest first."""

    NOTHING = 0
    ALIKE = 1  # the two texts mean about the same
    TITLED = 2  # the span's words are among its title's or triggers'; titles are fanciful
    NAMED = 3  # the span is one of its tags
    EXACT = 4  # the span is its title or a trigger


@dataclass(frozen=True, slots=True)
class Floors:
    """The least cosine for each hold; `whole` where only the whole prompt's cosine is known."""

    alike: float = 0.57
    titled: float = 0.5
    named: float = 0.4
    exact: float = 0.25
    whole: float = 0.4  # of each of these: the share asked of the whole prompt's cosine
    meant: float = 0.45  # the least likeness, where `Meanings` are asked
    rival: float = 0.05  # alternatives held by meaning alone must be this close to the best
    bonus: float = 0.2  # beside the cosine: for each step of a hold above ALIKE, for a longer span

    @classmethod
    def with_meanings(cls) -> Self:
        """Where `Meanings` are asked: half a title's words hold nothing by themselves ("Wet Paper")."""
        return cls(titled=2.0, rival=0.3)

    def of(self, hold: Hold) -> float:
        """The floor of one hold."""
        return {
            Hold.EXACT: self.exact,
            Hold.NAMED: self.named,
            Hold.TITLED: self.titled,
        }.get(hold, self.alike)


@dataclass(frozen=True, slots=True)
class Fit:
    """An adapter for a span. `score` orders fits; a `Hold.NOTHING` is only ever kept for a pin."""

    adapter: Adapter
    span: Span
    similarity: float
    cluster: int
    hold: Hold
    score: float
    how: str = field(compare=False)

    @property
    def reason(self) -> str:
        """For people, in plain words."""
        words = f"‘{self.span.text}’"
        if self.hold >= Hold.TITLED:
            return f"the words {words} match its {self.how}"
        if self.hold == Hold.ALIKE:
            return f"{words} is close to what its card says ({self.similarity:.2f})"
        return f"{words} is the nearest part of the prompt"


def best_fits(
    query: Query,
    candidates: Sequence[Candidate],
    floors: Floors,
    spelt: Mapping[str, str] | None = None,
    elsewhere: Elsewhere | None = None,
) -> Iterator[Fit]:
    """For each adapter its best fit: `hold` is NOTHING where no floor is reached.

    `spelt`: words of the prompt that are misspelt -> what they should be.  `elsewhere`: whether
    the word of a card that a span says is meant of something else.
    """
    spans = {span.text: span for span in query.concepts}
    judge = _Judge(query.prompt, spans, floors, spelt or {}, elsewhere or _nowhere)
    best: dict[str, Fit] = {}
    for candidate in candidates:
        for fit in _fits(query, candidate, judge):
            known = best.get(candidate.adapter.card_id)
            if known is None or (fit.hold > Hold.NOTHING, fit.score) > (
                known.hold > Hold.NOTHING, known.score,
            ):  # fmt: skip
                best[candidate.adapter.card_id] = fit
    yield from best.values()


def _nowhere(_card: Adapter, _span: Span) -> bool:
    return False


def named_in(adapter: Adapter, prompt: str, asked: Iterable[Chunk]) -> str:
    """The first words of `asked` that name the adapter, "" when none do."""
    for chunk in asked:
        for run in grams(chunk):
            text = span_of(prompt, run).text
            if hold_of(adapter, text)[0] >= Hold.TITLED:
                return text
    return ""


def _fits(query: Query, candidate: Candidate, judge: "_Judge") -> Iterator[Fit]:
    if candidate.concept:
        span = judge.spans.get(candidate.concept)
        if span is not None:
            yield judge(candidate, span)
        return
    # The whole prompt's cosine says little of one span: here words alone tie, or a pin.
    for span in _unasked(query, judge.spans):
        fit = judge(candidate, span, judge.floors.whole)
        if fit.hold >= Hold.TITLED:
            yield fit
    if candidate.adapter.card_id in query.pinned:
        yield judge(candidate, query.concepts[0])


def _unasked(query: Query, spans: dict[str, Span]) -> Iterator[Span]:
    """Runs of the prompt that had no recall of their own: long prompts have more than is asked."""
    for chunk in chunks(query.prompt):
        for run in grams(chunk):
            span = span_of(query.prompt, run)
            if span.text not in spans:
                yield span


@dataclass(frozen=True, slots=True)
class _Judge:
    prompt: str
    spans: dict[str, Span]
    floors: Floors
    spelt: Mapping[str, str]
    elsewhere: Elsewhere
    longer: dict[Span, dict[str, Span]] = field(default_factory=dict[Span, dict[str, Span]])
    calls: dict[str, frozenset[str]] = field(default_factory=dict[str, frozenset[str]])

    def __call__(self, candidate: Candidate, span: Span, share: float = 1.0) -> Fit:
        """The strongest hold whose floor, times `share`, the cosine reaches."""
        heard = self._heard(candidate.adapter, span)
        words = heard.hold
        misspelt = heard.text.split() != heard.span.text.split()  # such words have no meaning
        share = 0.0 if misspelt else share
        if words and self.elsewhere(candidate.adapter, heard.span):
            words, share = Hold.NOTHING, 0.0
        holds = (words, Hold.ALIKE) if words else (Hold.ALIKE,)
        reached = (h for h in holds if candidate.similarity >= self.floors.of(h) * share)
        hold = next(reached, Hold.NOTHING) if words or share else Hold.NOTHING
        steps = max(0, hold - Hold.ALIKE) + (hold >= Hold.NAMED and heard.span != span)
        return Fit(
            adapter=candidate.adapter,
            span=heard.span,
            similarity=candidate.similarity,
            cluster=candidate.cluster,
            hold=hold,
            score=candidate.similarity + self.floors.bonus * steps,
            how=heard.how,
        )

    def _heard(self, adapter: Adapter, span: Span) -> "_Heard":
        """What the span's words say to the card; more of the prompt, where that says as much."""
        text = " ".join(self.spelt.get(word, word) for word in span.text.split())
        words = _Heard(span, text, *self._held(adapter, text))
        if whole := self._said(adapter, span):
            more = _Heard(whole, whole.text, *self._held(adapter, whole.text))
            return more if more.hold >= words.hold else words
        return words

    def _said(self, adapter: Adapter, span: Span) -> Span | None:
        """More of the prompt than `span` that is all of a name, a trigger or a tag: "golden hour"."""
        if span not in self.longer:
            said = sorted(sayings(self.prompt, span), key=lambda longer: -len(longer.text))
            self.longer[span] = {_key(longer.text): longer for longer in said}
        longer, calls = self.longer[span], self._calls(adapter)
        return next((longer[key] for key in longer if key in calls), None)

    def _held(self, adapter: Adapter, text: str) -> tuple[Hold, str]:
        """As `hold_of`, which reads a card anew for each text; only where it is called so."""
        calls = _key(text) in self._calls(adapter)
        return hold_of(adapter, text) if calls else _titled(adapter, text)

    def _calls(self, adapter: Adapter) -> frozenset[str]:
        if adapter.card_id not in self.calls:
            self.calls[adapter.card_id] = called(adapter)
        return self.calls[adapter.card_id]


class _Heard(NamedTuple):
    """A span as it was meant to be spelt (`text`), and what it says to a card."""

    span: Span
    text: str
    hold: Hold
    how: str


def hold_of(adapter: Adapter, text: str) -> tuple[Hold, str]:
    """What the words alone say, and where they were found."""
    wanted = _key(text)
    if wanted in _phrases(adapter.triggers):
        return Hold.EXACT, "trigger words"
    if wanted in _phrases((adapter.name,)):
        return Hold.EXACT, "name"
    if wanted in set(map(_key, adapter.tags)):
        return Hold.NAMED, "tags"
    return _titled(adapter, text)


def called(adapter: Adapter) -> frozenset[str]:
    """The keys of all texts that hold it as `Hold.NAMED` or more."""
    return frozenset(_phrases((*adapter.triggers, adapter.name))).union(map(_key, adapter.tags))


def akin(one: Adapter, other: Adapter) -> bool:
    """Whether two cards share a tag or a trigger."""
    mine, theirs = (
        {lexicon.phrase(text) for text in (*card.tags, *card.triggers)} for card in (one, other)
    )
    return not mine.isdisjoint(theirs)


def _titled(adapter: Adapter, text: str) -> tuple[Hold, str]:
    words = set(lexicon.keys(text, 1))
    for texts, how in (((adapter.name,), "name"), (adapter.triggers, "trigger words")):
        if words <= {key for part in texts for key in lexicon.keys(part, 1)}:
            return Hold.TITLED, how
    return Hold.NOTHING, ""


def _phrases(texts: Iterable[str]) -> set[str]:
    """What each text calls its adapter: "at sunset" is known as "sunset"."""
    return {_key(title.text) for text in texts for title in titles(text)}


def _key(text: str) -> str:
    """Of "salt & pepper" as of "salt and pepper"."""
    return lexicon.phrase(text.replace("&", " and "))

"""The composers of the other presets: the paper's rules without its language model, and none at all."""

from collections.abc import Iterator, Sequence
from itertools import groupby

from stylus_engine.composition.telling import no_pin, seen, uncovered
from stylus_engine.model import Candidate, Choice, Plan, Query, Request, Span, Task
from stylus_engine.planning.concepts import chunks, span_of

PAPER_TOPIC = 3  # adapters of one topic at most, as in the released code
PAPER_STYLES = 2  # "at most two style adapters in the whole answer"
PAPER_FLOOR = 0.5  # cosine; stands where the paper asks its language model


class PaperRules:
    """Topics with 0 to 3 adapters by cosine alone. Implements `Composer`.

    Source: the paper's section 3.2 and its released prompt, with the judgement of
    the language model replaced by a floor: so it is called `paper-rules`.  No
    word hits, no negation, no diminishing returns: the paper has none.  Pinned
    adapters are in, as everywhere.
    """

    name = "paper-rules"

    def __init__(self, floor: float = PAPER_FLOOR) -> None:
        self._floor = floor

    async def compose(
        self, request: Request, query: Query, candidates: Sequence[Candidate]
    ) -> Plan:
        """A plan without tasks means the base model."""
        offered = [c for c in candidates if self._fits(query, c)]
        tasks = tuple(_tasks(query, _limited(query, offered)))
        return Plan(
            prompt=query.prompt,
            tasks=tasks,
            uncovered=uncovered(query.prompt, tasks),
            composer=self.name,
            preset=request.preset,
            seen=seen(candidates),
            dropped=tuple(no_pin(query, candidates)),
        )

    def _fits(self, query: Query, candidate: Candidate) -> bool:
        """By the cosine to a part of the prompt; a pin also where the prompt has no parts."""
        if not candidate.concept:
            return _pinned(query, candidate) and not query.concepts
        return candidate.similarity >= self._floor or _pinned(query, candidate)


class BaseComposer:
    """Never chooses. Implements `Composer`."""

    name = "base"

    async def compose(
        self, request: Request, query: Query, candidates: Sequence[Candidate]
    ) -> Plan:
        """The empty plan."""
        return Plan(
            prompt=query.prompt,
            uncovered=uncovered(query.prompt, ()),
            composer=self.name,
            preset=request.preset,
            seen=seen(candidates),
        )


def _limited(query: Query, offered: list[Candidate]) -> Iterator[tuple[Span, Candidate]]:
    """Pins, then by cosine: each adapter once, `PAPER_TOPIC` a topic, `PAPER_STYLES` styles."""
    topics = _topics(query)
    used: set[str] = set()
    styles, filled = 0, dict.fromkeys((topic.start for topic in topics), 0)
    for candidate in sorted(offered, key=lambda c: (not _pinned(query, c), -c.similarity)):
        topic = _topic_of(query, candidate, topics)
        style = candidate.adapter.category == "style"
        full = filled[topic.start] >= PAPER_TOPIC or (style and styles >= PAPER_STYLES)
        if candidate.adapter.card_id in used or (full and not _pinned(query, candidate)):
            continue
        used.add(candidate.adapter.card_id)
        filled[topic.start] += 1
        styles += style
        yield topic, candidate


def _topics(query: Query) -> list[Span]:
    """The chunks; of a prompt that asks for nothing all of it, for pins need a place."""
    text = query.prompt.strip()
    whole = Span(text=text, start=query.prompt.find(text))
    return [span_of(query.prompt, chunk) for chunk in chunks(query.prompt)] or [whole]


def _topic_of(query: Query, candidate: Candidate, topics: list[Span]) -> Span:
    """The chunk around the candidate's concept."""
    if not candidate.concept:
        return topics[0]
    span = next(span for span in query.concepts if span.text == candidate.concept)
    return next(t for t in topics if t.start <= span.start < t.start + len(t.text))


def _pinned(query: Query, candidate: Candidate) -> bool:
    return candidate.adapter.card_id in query.pinned


def _tasks(query: Query, chosen: Iterator[tuple[Span, Candidate]]) -> Iterator[Task]:
    by_topic = sorted(chosen, key=lambda pair: pair[0].start)
    for topic, group in groupby(by_topic, key=lambda pair: pair[0]):
        choices = tuple(_choice(query, topic, candidate) for _, candidate in group)
        yield Task(concept=topic.text, start=topic.start, choices=choices)


def _choice(query: Query, topic: Span, candidate: Candidate) -> Choice:
    pinned = "pinned: " if _pinned(query, candidate) else ""
    reason = f"{pinned}‘{topic.text}’ is close to what its card says ({candidate.similarity:.2f})"
    return Choice(adapter=candidate.adapter, weight=candidate.adapter.weight, reason=reason)

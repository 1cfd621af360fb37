"""What a plan tells beside its choices: what was seen, what nothing covers, which pins are missing."""

from collections.abc import Iterator, Sequence

from stylus_engine.model import Candidate, Dropped, Query, Seen, Task
from stylus_engine.planning.concepts import chunks, span_of

MOST_TOLD = 60  # of a plan's dropped proposals


def seen(candidates: Sequence[Candidate]) -> tuple[Seen, ...]:
    """The candidates as lines for people."""
    return tuple(
        Seen(
            card_id=candidate.adapter.card_id,
            name=candidate.adapter.name,
            concept=candidate.concept,
            similarity=candidate.similarity,
        )
        for candidate in candidates
    )


def uncovered(prompt: str, tasks: tuple[Task, ...]) -> tuple[str, ...]:
    """Chunks of the prompt that no task touches: the base model draws them."""
    taken = [(task.start, task.start + len(task.concept)) for task in tasks]
    spans = (span_of(prompt, chunk) for chunk in chunks(prompt))
    free = (
        span.text
        for span in spans
        if not any(span.start < end and start < span.start + len(span.text) for start, end in taken)
    )
    return tuple(dict.fromkeys(free))


def no_pin(query: Query, candidates: Sequence[Candidate]) -> Iterator[Dropped]:
    """Pins that recall did not bring: another family, or not allowed here."""
    offered = {candidate.adapter.card_id for candidate in candidates}
    for card_id in query.pinned:
        if card_id not in offered:
            why = "pinned, but not made for this checkpoint or not allowed here"
            yield Dropped(what=card_id, why=why)


def capped(dropped: Sequence[Dropped]) -> tuple[Dropped, ...]:
    """At most `MOST_TOLD` of them with their reasons; the rest is counted."""
    if len(dropped) <= MOST_TOLD:
        return tuple(dropped)
    rest = len(dropped) - MOST_TOLD
    return (*dropped[:MOST_TOLD], Dropped(what=f"{rest} more", why="not told one by one"))

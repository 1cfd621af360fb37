"""The paper's baselines: what retrieval, a reranker or chance found is taken as it is.

Source: research on the released code, 2.2.  Each baseline merges the first adapters of a
list, unmasked, each in a topic of its own; no language model, no word, no rule of ours
but policy, which stands inside recall.  Where the code takes three, we take as many as
one concept may have (`policy.per_task`, three unless somebody set it).
"""

from collections.abc import Iterator, Sequence
from itertools import islice

from stylus_engine.composition.telling import no_pin, seen
from stylus_engine.model import Candidate, Choice, Plan, Query, Request, Task

REASONS = {
    "retriever-only": "its card is near to the whole prompt ({:.2f})",
    "reranker": "the reranker placed it high ({:.2f})",
    "random": "it was drawn by lot",
}


class FirstOf:
    """Takes the first candidates of the whole prompt. Implements `Composer`."""

    def __init__(self, name: str) -> None:
        """`name`: the preset's, one of `REASONS`."""
        self.name = name

    async def compose(
        self, request: Request, query: Query, candidates: Sequence[Candidate]
    ) -> Plan:
        """One task for each adapter, all at the whole prompt. Pinned ones come first."""
        return Plan(
            prompt=query.prompt,
            tasks=tuple(self._tasks(query, candidates)),
            composer=self.name,
            preset=request.preset,
            seen=seen(candidates),
            dropped=tuple(no_pin(query, candidates)),
        )

    def _tasks(self, query: Query, candidates: Sequence[Candidate]) -> Iterator[Task]:
        whole = query.prompt.strip()
        start = query.prompt.find(whole)
        for candidate in islice(_ordered(query, candidates), query.policy.per_task):
            yield Task(concept=whole, start=start, choices=(self._choice(query, candidate),))

    def _choice(self, query: Query, candidate: Candidate) -> Choice:
        pinned = "pinned: " if candidate.adapter.card_id in query.pinned else ""
        reason = REASONS[self.name].format(candidate.similarity)
        adapter = candidate.adapter
        return Choice(adapter=adapter, weight=adapter.weight, reason=f"{pinned}{reason}")


def _ordered(query: Query, candidates: Sequence[Candidate]) -> list[Candidate]:
    """Each adapter once: pins, then those of the whole prompt by rank."""
    pins = {c.adapter.card_id: c for c in candidates if c.adapter.card_id in query.pinned}
    whole = sorted((c for c in candidates if not c.concept), key=lambda c: c.rank)
    ranked = {c.adapter.card_id: c for c in reversed(whole)}
    rest = sorted((c for i, c in ranked.items() if i not in pins), key=lambda c: c.rank)
    return [*pins.values(), *rest]

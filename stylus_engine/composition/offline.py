"""The composer without a language model: assigns adapters to spans by words and meaning."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace

from msgspec import structs

from stylus_engine.composition.elsewhere import Elsewhere
from stylus_engine.composition.fits import Fit, Floors, Hold, akin, best_fits, named_in
from stylus_engine.composition.meaning import meant
from stylus_engine.composition.spelling import respelt
from stylus_engine.composition.telling import no_pin, seen, uncovered
from stylus_engine.model import Candidate, Choice, Dropped, Plan, Query, Request, Span, Task
from stylus_engine.planning.concepts import left_out
from stylus_engine.planning.learning import concerned, factor, known
from stylus_engine.ports import Meanings

LEAST_GAIN = 0.4  # of a look-alike: each one already chosen halves what the next adds


class OfflineComposer:
    """Plans in milliseconds, from the candidates alone. Implements `Composer`.

    Abstains where no floor is reached, heeds negation ("without snow"), keeps to
    `policy.styles` and `policy.per_task`, and lets each further look-alike count
    half.  Pinned adapters are always in.  The weight of a choice is the card's own.
    """

    name = "offline"

    def __init__(self, floors: Floors | None = None, meanings: Meanings | None = None) -> None:
        """Without `meanings` the cosine that recall found is all that is known of meaning."""
        self._floors = floors or (Floors.with_meanings() if meanings else Floors())
        self._meanings = meanings

    async def compose(
        self, request: Request, query: Query, candidates: Sequence[Candidate]
    ) -> Plan:
        """Never raises for what cards say; a plan without tasks means the base model."""
        query = _with_a_span(query)
        dropped: list[Dropped] = []
        found = _liked(query, await self._fits(query, candidates))
        fits = sorted(found, key=lambda fit: -fit.score)
        kept = _ruled(query, _wanted(query, fits, dropped), dropped, self._floors.rival)
        tasks = tuple(_tasks(query, kept))
        return Plan(
            prompt=query.prompt,
            tasks=tasks,
            uncovered=uncovered(query.prompt, tasks),
            composer=self.name,
            preset=request.preset,
            seen=seen(candidates),
            dropped=(*dropped, *no_pin(query, candidates)),
            likes=concerned(tasks, query.likes),
        )

    async def _fits(self, query: Query, candidates: Sequence[Candidate]) -> list[Fit]:
        """By words, then by meaning for the parts that no words decide."""
        if self._meanings is None:
            return list(best_fits(query, candidates, self._floors))
        cards = {c.adapter.card_id: c.adapter for c in candidates}
        spelt = respelt(query, cards.values(), self._meanings.knows)
        elsewhere = Elsewhere(query.prompt, list(cards.values()), self._meanings.apart)
        fits = list(best_fits(query, candidates, self._floors, spelt, elsewhere))
        return await meant(query, fits, self._meanings, self._floors, elsewhere)


def _liked(query: Query, fits: Sequence[Fit]) -> Iterator[Fit]:
    """Fits with what use has taught laid on their scores: floors were asked without it."""
    likes = known(query.likes)
    for fit in fits:
        words = [span.text for span in query.concepts if likes and _overlap(span, fit.span)]
        nudge = factor(likes, fit.adapter.card_id, fit.span.text, *words)
        yield fit if nudge == 1.0 else replace(fit, score=fit.score * nudge)


def _with_a_span(query: Query) -> Query:
    """A pin needs a span even in a prompt without words: then it is the whole prompt."""
    if query.concepts or not query.pinned:
        return query
    text = query.prompt.strip()
    whole = Span(text=text, start=query.prompt.find(text))
    return structs.replace(query, concepts=(whole,))


def _wanted(query: Query, fits: list[Fit], dropped: list[Dropped]) -> list[Fit]:
    """Fits that reach a floor and are not what the prompt leaves out, pins whatever they reach."""
    hidden = left_out(query.prompt)
    wanted: list[Fit] = []
    for fit in fits:
        unwanted = named_in(fit.adapter, query.prompt, hidden) if fit.hold < Hold.TITLED else ""
        if fit.adapter.card_id in query.pinned or (fit.hold and not unwanted):
            wanted.append(fit)
        elif unwanted:
            why = f"the prompt asks to leave out ‘{unwanted}’"
            dropped.append(Dropped(what=fit.adapter.name, why=why))
    return wanted


def _ruled(query: Query, fits: list[Fit], dropped: list[Dropped], rival: float) -> list[Fit]:
    """Best first, pins before all: what no rule strikes out."""
    kept: list[Fit] = []
    for fit in sorted(fits, key=lambda fit: fit.adapter.card_id not in query.pinned):
        pinned = fit.adapter.card_id in query.pinned
        why = "" if pinned else _struck(query, fit, kept, _outdone(fit, fits, rival))
        if why:
            dropped.append(Dropped(what=fit.adapter.name, why=why))
        else:
            kept.append(fit)
    return kept


def _struck(query: Query, fit: Fit, kept: list[Fit], outdone: bool) -> str:
    """The rule that strikes `fit` out, "" for none."""
    count = Counter(other.adapter.category for other in kept)
    if fit.adapter.category == "style" and count["style"] >= query.policy.styles:
        return f"at most {query.policy.styles} styles in one picture"
    if sum(_together(fit, other) for other in kept) >= query.policy.per_task:
        return f"‘{fit.span.text}’ has {query.policy.per_task} better adapters"
    if same := next((o for o in kept if o.adapter.same_file(fit.adapter)), None):
        return f"it is the same file as {same.adapter.name}"
    if outdone:
        return f"others fit ‘{fit.span.text}’ better"
    alike = sum(fit.cluster == other.cluster for other in kept)
    if alike and min(fit.score, 1.0) * 0.5**alike < LEAST_GAIN:
        return "it looks like an adapter already chosen"
    return ""


def _outdone(fit: Fit, fits: list[Fit], rival: float) -> bool:
    """Held by meaning alone, where another is held by words or is nearer.

    Two that say the same of themselves are alternatives; of others the nearest is meant.
    """
    rivals = [other for other in fits if other is not fit and _overlap(fit.span, other.span)]
    return fit.hold < Hold.TITLED and any(
        other.hold >= Hold.TITLED
        or other.similarity > fit.similarity + (rival if akin(fit.adapter, other.adapter) else 0.0)
        for other in rivals
    )


def _tasks(query: Query, kept: list[Fit]) -> Iterator[Task]:
    """One task for each group of fits, in prompt order; its concept is the best fit's span."""
    groups: list[list[Fit]] = []
    for fit in kept:
        mine = next((group for group in groups if _together(fit, group[0])), None)
        if mine is None:
            groups.append([fit])
        else:
            mine.append(fit)
    for group in sorted(groups, key=lambda group: group[0].span.start):
        yield _task(query, group)


def _task(query: Query, group: list[Fit]) -> Task:
    span = group[0].span
    return Task(
        concept=span.text,
        start=span.start,
        choices=tuple(_choice(query, fit) for fit in group),
    )


def _choice(query: Query, fit: Fit) -> Choice:
    pinned = "pinned: " if fit.adapter.card_id in query.pinned else ""
    return Choice(adapter=fit.adapter, weight=fit.adapter.weight, reason=f"{pinned}{fit.reason}")


def _together(one: Fit, other: Fit) -> bool:
    """Alternatives for one thing: spans that meet, and the same sort of change to the picture."""
    same = one.adapter.category == other.adapter.category
    return same and _overlap(one.span, other.span)


def _overlap(one: Span, other: Span) -> bool:
    return one.start < other.start + len(other.text) and other.start < one.start + len(one.text)

"""What of a model's proposals may stand: in the prompt, on the menu, once, within the policy. Pure.

Whatever a model says, the tasks that come out of here hold only adapters that were
offered, at words that are in the prompt, at weights inside the card's own range.  Each
proposal that falls is told with its reason.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from stylus_engine.composition.fits import named_in
from stylus_engine.composition.menu import Menu, Offer
from stylus_engine.composition.plain import line
from stylus_engine.composition.reading import Proposal, Read
from stylus_engine.composition.spans import asked_for, meet, places
from stylus_engine.model import Adapter, Choice, Dropped, Query, Span, Task
from stylus_engine.planning.concepts import Chunk, chunks, left_out

STEPS = {"weaker": 0.75, "usual": 1.0, "stronger": 1.25}  # of the card's own weight
ALIKE = 2  # adapters that look alike: a third adds nothing to a grid


class Judged(NamedTuple):
    """Tasks in prompt order. `stood`: the proposals behind them, repaired; `invalid`: how many were nonsense."""

    tasks: tuple[Task, ...]
    stood: tuple[Proposal, ...]
    dropped: tuple[Dropped, ...]
    invalid: int


class _Pick(NamedTuple):
    """A proposal at its place; `why` "" when it was not the model that asked for it."""

    span: Span
    offer: Offer
    strength: str
    why: str


class _Struck(NamedTuple):
    """A proposal that falls. `invalid`: no rule of ours, it could not mean anything."""

    told: Dropped
    invalid: bool = False


def judge(query: Query, menu: Menu, read: Read) -> Judged:
    """The plan's tasks, and every proposal that did not make it."""
    hidden = left_out(query.prompt) if menu.ours else ()
    tried = [_placed(query, menu, proposal, hidden) for proposal in read.proposals]
    picks = [pick for pick in tried if isinstance(pick, _Pick)]
    struck = [one for one in tried if isinstance(one, _Struck)]
    kept, ruled_out = _ruled(query, [*picks, *_pins(query, menu, picks)], ours=menu.ours)
    return Judged(
        tasks=tuple(_tasks(query, kept)),
        stood=tuple(_repaired(pick) for pick in kept if pick in picks),
        dropped=(*read.dropped, *(one.told for one in struck), *ruled_out),
        invalid=len(read.dropped) + sum(one.invalid for one in struck),
    )


def weight(adapter: Adapter, strength: str) -> float:
    """The card's weight a step up or down, inside the card's range; the usual one for any other word."""
    wanted = adapter.weight * STEPS.get(strength, 1.0)
    return min(max(wanted, adapter.weight_low), adapter.weight_high)


def _placed(
    query: Query, menu: Menu, proposal: Proposal, hidden: Sequence[Chunk]
) -> _Pick | _Struck:
    offer = menu.by_id.get(proposal.id.casefold())
    if offer is None:
        return _struck(proposal.id, "it was not offered", invalid=True)
    name, words = offer.adapter.name, line(proposal.concept, 60)
    found = list(places(query.prompt, proposal.concept))
    if not found:
        return _struck(name, f"‘{words}’ is not in the prompt", invalid=True)
    span = asked_for(found, hidden)
    unwanted = words if span is None else _unwanted(query, offer, hidden)
    if span is None or unwanted:
        return _struck(name, f"the prompt asks to leave out ‘{unwanted}’")
    return _Pick(span, offer, proposal.strength, proposal.why or _plain_reason(span))


def _struck(what: str, why: str, *, invalid: bool = False) -> _Struck:
    return _Struck(Dropped(what=line(what, 60) or "nothing", why=why), invalid)


def _unwanted(query: Query, offer: Offer, hidden: Sequence[Chunk]) -> str:
    """Words that the prompt leaves out and that name this adapter, unless others of it do as well."""
    unwanted = named_in(offer.adapter, query.prompt, hidden)
    asked = unwanted and named_in(offer.adapter, query.prompt, chunks(query.prompt))
    return "" if asked else unwanted


def _plain_reason(span: Span) -> str:
    return f"the language model chose it for ‘{span.text}’"


def _pins(query: Query, menu: Menu, picks: Sequence[_Pick]) -> Iterator[_Pick]:
    """Pinned adapters that the model forgot, at the words for which recall found them."""
    used = {pick.offer.adapter.card_id for pick in picks}
    spans = {span.text: span for span in query.concepts}
    for offer in (*menu.offers, *menu.left):
        card_id = offer.adapter.card_id
        if card_id in query.pinned and card_id not in used:
            span = spans.get(offer.concept) or _first(query)
            yield _Pick(span, offer, "usual", f"‘{span.text}’ is the nearest part of the prompt")


def _first(query: Query) -> Span:
    """A pin needs a span even in a prompt without concepts: then it is the whole prompt."""
    text = query.prompt.strip()
    whole = Span(text=text, start=query.prompt.find(text))
    return query.concepts[0] if query.concepts else whole


def _ruled(query: Query, picks: list[_Pick], *, ours: bool) -> tuple[list[_Pick], list[Dropped]]:
    """In the model's order, pins before all: what no rule strikes out, and the rest with its rule."""
    kept: list[_Pick] = []
    dropped: list[Dropped] = []
    for pick in sorted(picks, key=lambda pick: not _pinned(query, pick)):
        why = _rule(query, pick, kept, ours=ours)
        if why:
            dropped.append(Dropped(what=pick.offer.adapter.name, why=why))
            continue
        kept.append(pick)
        if pick.strength not in STEPS:
            odd = f"“{line(pick.strength, 40)}” is no strength; it is used as its card says"
            dropped.append(Dropped(what=f"the strength of {pick.offer.adapter.name}", why=odd))
    return kept, dropped


def _rule(query: Query, pick: _Pick, kept: list[_Pick], *, ours: bool) -> str:
    """The rule that strikes it out, "" for none. A pin is held to one only: once."""
    adapter = pick.offer.adapter
    if any(other.offer.adapter.card_id == adapter.card_id for other in kept):
        return "it was chosen already"
    if _pinned(query, pick):
        return ""
    count = Counter(other.offer.adapter.category for other in kept)
    if adapter.category == "style" and count["style"] >= query.policy.styles:
        return f"at most {query.policy.styles} styles in one picture"
    if sum(_together(pick, other) for other in kept) >= query.policy.per_task:
        return f"‘{pick.span.text}’ has {query.policy.per_task} better adapters"
    return _twin(pick, kept) if ours else ""


def _twin(pick: _Pick, kept: list[_Pick]) -> str:
    """Our rule, and not the paper's: what was chosen already is not chosen again under another name."""
    adapter = pick.offer.adapter
    if same := next((o for o in kept if o.offer.adapter.same_file(adapter)), None):
        return f"it is the same file as {same.offer.adapter.name}"
    if sum(pick.offer.cluster == other.offer.cluster for other in kept) >= ALIKE:
        return "it looks like adapters already chosen"
    return ""


def _tasks(query: Query, kept: list[_Pick]) -> Iterator[Task]:
    """One task for each group of alternatives, in prompt order; its concept is the first one's."""
    groups: list[list[_Pick]] = []
    for pick in kept:
        mine = next((group for group in groups if _together(pick, group[0])), None)
        if mine is None:
            groups.append([pick])
        else:
            mine.append(pick)
    for group in sorted(groups, key=lambda group: group[0].span.start):
        span = group[0].span
        choices = tuple(_choice(query, pick) for pick in group)
        yield Task(concept=span.text, start=span.start, choices=choices)


def _choice(query: Query, pick: _Pick) -> Choice:
    pinned = "pinned: " if _pinned(query, pick) else ""
    adapter = pick.offer.adapter
    return Choice(
        adapter=adapter, weight=weight(adapter, pick.strength), reason=f"{pinned}{pick.why}"
    )


def _repaired(pick: _Pick) -> Proposal:
    return Proposal(pick.span.text, pick.offer.id, pick.strength, pick.why)


def _together(one: _Pick, other: _Pick) -> bool:
    """Alternatives for one thing: spans that meet, and the same sort of change to the picture."""
    same = one.offer.adapter.category == other.offer.adapter.category
    return same and meet(one.span, other.span)


def _pinned(query: Query, pick: _Pick) -> bool:
    return pick.offer.adapter.card_id in query.pinned

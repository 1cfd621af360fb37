"""Fits by meaning, for the parts of a prompt that no words decide."""

from collections.abc import Sequence
from dataclasses import replace

from stylus_engine.composition.fits import Elsewhere, Fit, Floors, Hold
from stylus_engine.composition.spans import meet
from stylus_engine.model import Query, Span
from stylus_engine.planning.concepts import joined
from stylus_engine.ports import Meanings

MOST = 0.8  # of a score: what words say comes before what is only meant


async def meant(
    query: Query, fits: Sequence[Fit], meanings: Meanings, floors: Floors, elsewhere: Elsewhere
) -> list[Fit]:
    """The fits, those by meaning judged anew: the cosine of a whole card alone says too little.

    A word that is said of something else (`elsewhere`) does not mean its card either.
    """
    open_fits = sorted((fit for fit in fits if fit.hold < Hold.TITLED), key=lambda f: -f.similarity)
    held = [fit for fit in fits if fit.hold >= Hold.TITLED]
    asked = (*query.concepts, *joined(query.prompt))
    spans = [span for span in asked if not any(meet(span, fit.span) for fit in held)]
    cards = [fit.adapter for fit in open_fits]
    rows = await meanings.likeness([span.text for span in spans], cards)
    found = [
        [(row[at], span) for row, span in zip(rows, spans, strict=True)] for at in range(len(cards))
    ]
    return [
        *held,
        *(
            _judged(fit, near, floors, elsewhere)
            for fit, near in zip(open_fits, found, strict=True)
        ),
    ]


def _judged(
    fit: Fit, found: Sequence[tuple[float, Span]], floors: Floors, elsewhere: Elsewhere
) -> Fit:
    """The fit at the span that most surely asks for its card."""
    for near, span in sorted(found, key=lambda one: one[0], reverse=True):
        if near < floors.meant:
            break
        if not elsewhere(fit.adapter, span):
            score = min(near, MOST)
            return replace(fit, span=span, similarity=near, score=score, hold=Hold.ALIKE)
    return replace(fit, hold=Hold.NOTHING)

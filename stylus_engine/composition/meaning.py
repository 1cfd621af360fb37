"""Fits by meaning, for the parts of a prompt that no words decide."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from stylus_engine.composition.fits import Fit, Floors, Hold
from stylus_engine.composition.spans import meet
from stylus_engine.model import Query, Span
from stylus_engine.planning.concepts import joined
from stylus_engine.ports import Meanings

MOST = 0.8  # of a score: what words say comes before what is only meant


async def meant(query: Query, fits: Sequence[Fit], meanings: Meanings, floors: Floors) -> list[Fit]:
    """The fits, those by meaning judged anew: the cosine of a whole card alone says too little."""
    open_fits = sorted((fit for fit in fits if fit.hold < Hold.TITLED), key=lambda f: -f.similarity)
    held = [fit for fit in fits if fit.hold >= Hold.TITLED]
    asked = (*query.concepts, *joined(query.prompt))
    spans = [span for span in asked if not any(meet(span, fit.span) for fit in held)]
    cards = [fit.adapter for fit in open_fits]
    rows = await meanings.likeness([span.text for span in spans], cards)
    return [*held, *_judged(open_fits, spans, rows, floors)]


def _judged(
    fits: Sequence[Fit], spans: Sequence[Span], rows: Sequence[Sequence[float]], floors: Floors
) -> Iterator[Fit]:
    """Each fit at the span that most surely asks for its card."""
    for at, fit in enumerate(fits):
        found = [(row[at], number) for number, row in enumerate(rows)]
        near, number = max(found, default=(-1.0, -1))
        if near >= floors.meant:
            yield replace(
                fit, span=spans[number], similarity=near, score=min(near, MOST), hold=Hold.ALIKE
            )
        else:
            yield replace(fit, hold=Hold.NOTHING)

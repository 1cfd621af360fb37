"""Every card and window there is, with what people usually say and with the most they may say."""

import dataclasses
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from discord import ui
from msgspec.structs import replace

from bot import refusals
from bot.cards import adapters, answers, compare, lists, modals, pages
from bot.cards.details import details, manifest
from bot.cards.ended import ended
from bot.cards.letter import Enclosure, Letter
from bot.cards.result import result
from bot.cards.sheet import Sheet
from bot.cards.status import Progress, Stage, status
from bot.jobs.comparing import Comparison, Result
from bot.jobs.nouns import FINISHED, UNFINISHED, Job, Place, Seen, State
from bot.texts import Say
from stylus_engine.errors import StylusError
from stylus_engine.model import Fetching, Mask
from stylus_engine.workers.frames import Added
from tests.bot.cards.examples import (
    ADA,
    BEN,
    CHILD,
    DRAGON,
    DUSK,
    EVERYTHING,
    HOSTILE,
    INK,
    JOB,
    LIT_MASKS,
    MASKS,
    NOW,
    SKETCH,
    picture,
    sheet,
    shot,
)
from tests.house.test_errors import LEAVES, made

ASPECTS = ("3:2", "2:3", "4:3", "3:4", "16:9", "9:16")
STAGES: tuple[Stage, ...] = (
    "queued", "planning", "fetching", "planned", "drawing", "drawn", "paused", "no-worker", "lost",
)  # fmt: skip
FAR = Place(number=99_999, of=99_999, eta=9e6)


@dataclass(frozen=True)
class Shown:
    """A card by name, and the files that go with it."""

    name: str
    view: ui.LayoutView
    files: tuple[Enclosure, ...] = ()


def of_letter(name: str, letter: Letter) -> Shown:
    return Shown(name, letter.view(), letter.files)


def every(say: Say) -> Iterator[Shown]:
    for kind, job, masks in (("usual", JOB, MASKS), ("much", EVERYTHING, LIT_MASKS)):
        for shown in (*_of_job(say, job, masks), *_of_jobs(say, job)):
            yield Shown(f"{kind} {shown.name}", shown.view, shown.files)
    yield from _comparisons(say)
    yield from _shelf(say)
    yield from _answers(say)


def sheets(say: Say, job: Job, masks: Sequence[str]) -> Iterator[tuple[str, Sheet]]:
    """The results that look different."""
    codes, dark = tuple(masks), Mask.parse("").code
    yield "grid", sheet(say, job, codes, owner=BEN, rate=True)
    yield "half failed", sheet(say, job, codes, failed=(0, 3), owner=BEN)
    yield "all failed", sheet(say, job, codes, failed=(0, 1, 2, 3))
    yield "quiet", sheet(say, job, codes, quiet=True)
    yield "same masks", sheet(say, replace(job, action="imagine"), (codes[0],) * 4)
    last = replace(job, action="mask", round=0, source=CHILD)
    yield "last of a round", sheet(say, last, codes, seen=Seen(seen=64, of=64), owner=ADA)
    yield (
        "single",
        sheet(
            say,
            replace(job, action="single", index=3, source=CHILD),
            codes[:1],
            owner=ADA,
            rate=True,
        ),
    )
    bare = replace(job, plan=None)
    yield "without a plan", sheet(say, bare, (dark,) * 4, seen=Seen(seen=1, of=1))
    yield "ten of them", sheet(say, job, codes * 2 + codes[:2], owner=BEN, rate=True)


def _of_job(say: Say, job: Job, masks: Sequence[str]) -> Iterator[Shown]:
    for stage in STAGES:
        progress = Progress(
            stage=stage, place=FAR, eta=NOW, plan=job.plan, step=9999, of=10_000, done=3, count=4,
            hours=999.123, owner=BEN, name=HOSTILE,
        )  # fmt: skip
        yield Shown(f"status {stage}", status(say, job, progress))
    for name, whole in sheets(say, job, masks):
        yield Shown(f"result {name}", result(say, whole), tuple(whole.files.values()))
        yield of_letter(f"details {name}", details(say, whole))
    for state in FINISHED[1:]:
        yield Shown(state, ended(say, replace(job, state=state), BEN))
    yield Shown(
        "cancelled by the house", ended(say, replace(job, state="cancelled", cancelled_by=None))
    )
    drawn = picture(shot(job, 0, masks[0])).manifest
    yield of_letter("details of a picture", manifest(say, drawn))


def _comparisons(say: Say) -> Iterator[Shown]:
    for name, job, masks in (("usual", JOB, MASKS), ("much", EVERYTHING, LIT_MASKS)):
        asked, codes = replace(job, action="compare", source=CHILD), tuple(masks)
        for failed in ((), (0, 5), (0, 1, 2, 3, 4, 5, 6, 7)):
            for quiet in (False, True):
                yield _comparison(
                    say,
                    sheet(say, asked, codes * 2, failed, quiet=quiet),
                    f"{name} {failed} {quiet}",
                )
    told = Comparison(job=JOB.id, left=HOSTILE, right=HOSTILE, a=10**9, b=3, tie=1, revealed=True)
    yield Shown("revealed", compare.revealed(say, told))
    most = 10**6
    pair = Result(one=HOSTILE[:32], other=HOSTILE[:32], wins=most, losses=most, ties=most)
    yield Shown("results", compare.results(say, [pair] * 99))
    yield Shown("ties alone", compare.results(say, [replace(pair, wins=0, losses=0)]))
    yield Shown("no results", compare.results(say, []))


def _comparison(say: Say, whole: Sheet, name: str) -> Shown:
    """Blind and told, with the alt texts that its own card has."""
    known = Comparison(job=whole.job.id, left="stylus", right="base", a=5, revealed="True" in name)
    described = compare.alts(say, whole)
    files = {i: Enclosure(name=f"{i}.png", alt=alt, data=b"png") for i, alt in described.items()}
    shown = dataclasses.replace(whole, files=files)
    return Shown(f"compare {name}", compare.compare(say, shown, known), tuple(files.values()))


def _of_jobs(say: Say, job: Job) -> Iterator[Shown]:
    states: tuple[State, ...] = (*UNFINISHED, *FINISHED)
    several = [replace(job, id=f"{n:026d}", state=state) for n, state in enumerate(states * 3)]
    queued = [(one, FAR) for one in several[:20]]
    yield Shown("queue", lists.queue(say, queued, waiting=9999, drawers=99, paused=True, now=NOW))
    for page in (0, 9999):
        shown = lists.history(say, several[page % 7 : page % 7 + 5], page=page, more=True)
        yield Shown(f"history {page}", shown)
    yield Shown("favourites", lists.history(say, several[:5], page=3, more=True, favourites=True))
    yield Shown("deleted", answers.deleted(say, job, NOW))
    yield Shown("ready", answers.ping(say, job))
    full = refusals.LineFull(running=99, waiting=99, most=198)
    yield Shown("full", answers.refusal(say, full, jobs=several))


def _shelf(say: Say) -> Iterator[Shown]:
    few = [SKETCH, INK, DRAGON, DUSK]
    crowd = [choice.adapter for choice in EVERYTHING.plan.choices] if EVERYTHING.plan else []
    yield Shown("shelf", adapters.browse(say, few, total=4))
    yield Shown("full shelf", adapters.browse(say, crowd, query=HOSTILE, page=3))
    yield Shown("full shelf counted", adapters.browse(say, crowd[:8], page=3, total=75_000))
    yield Shown("empty shelf", adapters.browse(say, []))
    yield Shown("nothing found", adapters.browse(say, [], query=HOSTILE))
    preview = Enclosure(name="preview.png", data=b"png")
    for one in (INK, crowd[0]):
        shown = adapters.info(say, one, preview=preview)
        yield Shown(f"info {one.category}", shown, (preview,))
    for one in (INK, crowd[0]):
        for fresh, why in ((True, ""), (False, ""), (True, HOSTILE)):
            answer = Added(call=1, adapter=one, fresh=fresh, why_not=why)
            yield Shown(f"added {one.category} {fresh} {bool(why)}", adapters.added(say, answer))
    for of in (0, 10**12):
        coming = Fetching(job="", name=HOSTILE, done=10**12, of=of)
        yield Shown(f"coming {of}", adapters.coming(say, coming))
    yield Shown("help", pages.help_page(say))
    models = [(HOSTILE, HOSTILE)] * 20
    yield Shown("about", pages.about(say, pages.About("0.1.0", models, crowd, days=90)))


def _answers(say: Say) -> Iterator[Shown]:
    for kind in LEAVES:
        for error in (made(kind), _worst(made(kind))):
            yield Shown(f"refusal {kind.__name__}", answers.refusal(say, error))
    export = Enclosure(name="learned-1.json", data=b"{}")
    shown = answers.file(say, "admin-learning-export", export, count=10**6)
    yield Shown("export", shown, (export,))
    yield Shown("unexpected", answers.unexpected(say, "E-7F3K"))
    keys = [key for key in say.fallback.messages if key.startswith(("notice-", "admin-"))]
    for key in keys:
        facts = dict.fromkeys(say.needs(key), HOSTILE) | {"who": ADA, "count": 3}
        yield Shown(key, answers.notice(say, key, **facts))
    yield Shown("empty queue", lists.queue(say, [], waiting=0, drawers=0))
    for liked in (False, True):
        yield Shown("empty history", lists.history(say, [], page=0, more=False, favourites=liked))


def _worst(error: StylusError) -> StylusError:
    """The same refusal with the longest and worst words for facts."""
    for name, value in vars(error).items():
        if isinstance(value, str):
            setattr(error, name, HOSTILE)
    return error


def windows(say: Say) -> Iterator[tuple[str, ui.Modal]]:
    unplanned = replace(JOB, plan=None)
    for kind, job in (("usual", JOB), ("much", EVERYTHING), ("unplanned", unplanned)):
        for strength in modals.STRENGTHS:
            yield f"{kind} {strength}", modals.edit(say, job, aspects=ASPECTS, strength=strength)

"""Writes the letters: reads what the line knows, decides the language and the files.

Law of this file: it decides nothing about a job and sends nothing.  Public letters
speak the server's language, private ones the person's.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Protocol

from bot.cards import answers, compare
from bot.cards.details import details
from bot.cards.ended import ended
from bot.cards.letter import Enclosure, Letter
from bot.cards.result import MOST_PICTURES, alts, result
from bot.cards.sheet import Sheet
from bot.cards.status import Progress, Stage, status
from bot.clock import Clock
from bot.crew.bus import News
from bot.jobs.comparing import Comparison
from bot.jobs.nouns import Job, Place, Position, Seen
from bot.settings import Settings
from bot.texts.catalogue import Say, Texts
from stylus_engine.model import Picture
from stylus_engine.workers.frames import FromWorker, Pack, Packed

MOST_ALL = 24 * 2**20  # bytes; Discord takes 25 MiB in one request, all its other parts included

STAGES: Mapping[str, Stage] = {
    "queued": "queued", "planning": "planning", "fetching": "fetching", "planned": "planned", "drawing": "drawing",
    "step": "drawing", "drawn": "drawn", "requeued": "lost", "paused": "paused",
}  # fmt: skip
BY_STATE: Mapping[str, Stage] = {"planned": "planned", "drawn": "drawn", "posting": "drawn"}


class Ledger(Protocol):
    """What the clerk reads of the line."""

    async def job(self, job: str, /) -> Job | None: ...
    async def positions(self, job: str, /) -> Sequence[Position]: ...
    async def seen(self, root: str, /) -> Seen: ...
    async def paused(self) -> bool: ...
    async def learns(self, guild: int | None, /) -> bool: ...
    async def comparison(self, job: str, /) -> Comparison | None: ...


class Workers(Protocol):
    """What the clerk asks of the workers."""

    @property
    def planner_up(self) -> bool: ...
    @property
    def drawers_up(self) -> int: ...
    async def ask(self, question: Pack, /) -> FromWorker: ...


class Clerk:
    """Implements the `Clerk` of `bot.delivery.wire`, and writes ℹ️ besides."""

    def __init__(
        self,
        *,
        line: Ledger,
        supervisor: Workers,
        texts: Texts,
        clock: Clock,
        settings: Settings,
        file_limit: Callable[[int | None], int] | None = None,
    ) -> None:
        """`file_limit`: bytes that one file may have in a guild; None = the settings' number."""
        self._line = line
        self._workers = supervisor
        self._texts = texts
        self._clock = clock
        self._settings = settings
        self._limit = file_limit or _always(settings.delivery.most_file)

    # --- languages -------------------------------------------------------------------

    def say(self, job: Job) -> Say:
        """The language of a job's letters."""
        origin = job.origin
        public = origin.guild is not None and not job.private
        return self.say_to(origin.guild_locale if public else origin.locale)

    def say_to(self, locale: str) -> Say:
        """The language of a locale, unless the settings name one for everybody."""
        return self._texts.of(self._settings.texts.locale or locale)

    # --- letters ---------------------------------------------------------------------

    async def status(
        self, job: Job, news: News | None, place: Place | None, *, quiet: bool = False
    ) -> Letter:
        """How far a job is; without news, what its row says. `quiet`: without the prompt's words."""
        say, told = self.say(job), await self._progress(job, news, place)
        progress = replace(told, quiet=quiet)
        return Letter(view=lambda: status(say, job, progress), ephemeral=job.private)

    async def result(self, job: Job, *, shrink: int = 0, quiet: bool = False) -> Letter:
        """The card. `shrink` halves what files may weigh, `quiet` leaves the prompt's words out.

        Raises `NoWorker` when pictures must be packed and no planner is up: try later.
        """
        say, sheet = self.say(job), await self._sheet(job, quiet=quiet)
        known = await self._compared(job)
        described = compare.alts(say, sheet) if known else alts(say, sheet)
        files = await self._files(job, sheet.drawn[:MOST_PICTURES], described, shrink)
        whole = replace(sheet, files=files)
        return Letter(
            view=lambda: compare.compare(say, whole, known) if known else result(say, whole),
            files=tuple(files.values()),
            ephemeral=job.private,
        )

    async def _compared(self, job: Job) -> Comparison | None:
        return await self._line.comparison(job.id) if job.action == "compare" else None

    async def ended(self, job: Job, *, quiet: bool = False) -> Letter:
        """That it failed, was cancelled or could not be delivered. `quiet` as for a result."""
        say, owner = self.say(job), await self._owner(job)
        view = partial(ended, say, job, owner, quiet=quiet)
        return Letter(view=view, ephemeral=job.private)

    async def notice(self, job: Job, key: str, **facts: object) -> Letter:
        """A short line, `notice-…` in the catalogue; "ready" may ping who asked."""
        say = self.say(job)
        if key == "ready":
            return Letter(view=lambda: answers.ping(say, job), mention=job.origin.user)
        return Letter(view=lambda: answers.notice(say, f"notice-{key}", **facts))

    async def details(self, job: Job, say: Say | None = None) -> Letter:
        """Everything about a job, in the language of whoever asks; of a blind one, that it is."""
        known = await self._compared(job)
        if known is not None and not known.revealed:
            spoken = say or self.say(job)
            return Letter(view=lambda: answers.notice(spoken, "notice-blind"), ephemeral=True)
        return details(say or self.say(job), await self._sheet(job))

    # --- what they are written from --------------------------------------------------

    async def _progress(self, job: Job, news: News | None, place: Place | None) -> Progress:
        eta = None if place is None or place.eta is None else self._clock.now() + place.eta
        told = Progress(
            stage=await self._stage(job, news),
            place=place,
            eta=eta,
            hours=self._settings.line.no_worker_hours,
            owner=await self._owner(job),
        )
        if news is None:
            return told
        return replace(
            told,
            plan=None if job.action == "compare" else news.plan,
            step=news.step,
            of=news.of,
            done=news.done,
            count=news.count,
            name=news.name,
        )

    async def _stage(self, job: Job, news: News | None) -> Stage:
        told = STAGES.get(news.what) if news else None
        stage = told or BY_STATE.get(job.state, "queued")
        if stage not in {"queued", "planned"}:
            return stage
        if await self._line.paused():
            return "paused"
        served = self._workers.drawers_up and (stage == "planned" or self._workers.planner_up)
        return stage if served else "no-worker"

    async def _sheet(self, job: Job, *, quiet: bool = False) -> Sheet:
        positions = sorted(await self._line.positions(job.id), key=lambda one: one.index)
        return Sheet(
            job=job,
            positions=tuple(positions),
            seen=await self._line.seen(job.root),
            owner=await self._owner(job),
            checkpoint=job.request.checkpoint or self._settings.checkpoints.default,
            quiet=quiet,
            most_edge=self._settings.drawing.most_edge,
            rate=not job.private and await self._line.learns(job.origin.guild),
        )

    async def _owner(self, job: Job) -> int | None:
        source = await self._line.job(job.source) if job.source else None
        return source.origin.user if source else None

    # --- files -----------------------------------------------------------------------

    async def _files(
        self, job: Job, drawn: Sequence[Position], described: Mapping[int, str], shrink: int
    ) -> dict[int, Enclosure]:
        """Position -> what is sent of it; a picture that is no longer kept is left out."""
        pictures = {one.index: one.picture for one in drawn if one.picture is not None}
        sizes = {index: _size(picture) for index, picture in pictures.items()}
        kept = {index: pictures[index].path for index, size in sizes.items() if size}
        each, together = self._limit(job.origin.guild) >> shrink, MOST_ALL >> shrink
        fit = max(sizes.values(), default=0) <= each and sum(sizes.values()) <= together
        telling = job.private or job.action == "compare"  # what a file says of itself
        if kept and (telling or not fit):
            kept = await self._packed(kept, each, together, strip=telling)
        return {
            index: Enclosure(
                name=f"{job.id}_{index + 1}{Path(path).suffix}",
                alt=described.get(index, ""),
                path=path,
            )
            for index, path in kept.items()
        }

    async def _packed(
        self, paths: Mapping[int, str], each: int, together: int, *, strip: bool
    ) -> dict[int, str]:
        """Smaller ones, and for private jobs ones that do not carry the prompt."""
        wanted = Pack(
            call=0, paths=tuple(paths.values()), most_each=each, most_all=together, strip=strip
        )
        answer = await self._workers.ask(wanted)
        if not isinstance(answer, Packed):
            raise TypeError(f"a planner answered Pack with {type(answer).__name__}")
        return dict(zip(paths, answer.paths, strict=True))


def _always(limit: int) -> Callable[[int | None], int]:
    return lambda _: limit


def _size(picture: Picture) -> int:
    """Bytes on disk; 0 when it is gone."""
    try:
        return Path(picture.path).stat().st_size
    except OSError:
        return 0

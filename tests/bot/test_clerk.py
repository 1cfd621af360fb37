"""The clerk: which language, which files, which stage; never a prompt where none may be."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from msgspec.structs import replace

from bot.cards.letter import Letter
from bot.clerk import MOST_ALL, Clerk
from bot.crew.bus import News
from bot.jobs.comparing import Comparison
from bot.jobs.nouns import Job, Place, Position, Seen
from bot.refusals import NoWorker
from bot.settings import Settings
from bot.texts import LONG, Texts
from stylus_engine.workers.frames import FromWorker, Pack, Packed, Rested
from tests.bot.cards.examples import ADA, CHILD, JOB, MASKS, NOW, PROMPT, ROOT, positions
from tests.bot.cards.reading import read

MEBIBYTE = 2**20
TEXTS = Texts.load()
CHILD_JOB = replace(JOB, id=CHILD, source=ROOT, action="mask")


@dataclass
class Ledger:
    """What the clerk reads of a line."""

    grid: Sequence[Position] = ()
    stopped: bool = False
    compared: Comparison | None = None

    async def job(self, job: str) -> Job | None:
        return JOB if job == ROOT else None

    async def positions(self, job: str) -> Sequence[Position]:
        return [replace(one, job=job) for one in reversed(self.grid)]

    async def seen(self, root: str) -> Seen:
        return Seen(seen=4, of=26)

    async def paused(self) -> bool:
        return self.stopped

    async def learns(self, guild: int | None) -> bool:
        return guild is not None

    async def comparison(self, job: str) -> Comparison | None:
        return self.compared


@dataclass
class Workers:
    """A planner that packs: every file becomes a WebP beside it, as large as is allowed."""

    planner_up: bool = True
    drawers_up: int = 1
    planner: bool = True
    asked: list[Pack] = field(default_factory=list[Pack])
    odd: bool = False

    async def ask(self, question: Pack) -> FromWorker:
        if not self.planner:
            raise NoWorker
        self.asked.append(question)
        if self.odd:
            return Rested(call=question.call)
        packed = [str(Path(path).with_suffix(".webp")) for path in question.paths]
        for path in packed:
            Path(path).write_bytes(b"w" * min(question.most_each, 100))
        return Packed(call=question.call, paths=tuple(packed))


@dataclass
class Stopped:
    """A clock that stands still."""

    def now(self) -> float:
        return NOW

    def ticks(self) -> float:
        return NOW

    async def sleep(self, seconds: float) -> None:
        raise AssertionError("a clerk waits for nothing")


def grid(folder: Path, sizes: Sequence[int | None] = (10, 10, 10, 10)) -> list[Position]:
    """Positions whose pictures lie in `folder`, with so many bytes; None: deleted meanwhile."""
    made: list[Position] = []
    for one, size in zip(positions(JOB, MASKS), sizes, strict=True):
        path = folder / f"{one.index}.png"
        if size is not None:
            with path.open("wb") as file:
                file.truncate(size)
        picture = replace(one.picture, path=str(path)) if one.picture else None
        made.append(replace(one, picture=picture))
    return made


def clerk(line: Ledger, workers: Workers | None = None, **more: object) -> Clerk:
    settings = Settings(**more)  # pyright: ignore[reportArgumentType] - names of its own sections
    return Clerk(
        line=line, supervisor=workers or Workers(), texts=TEXTS, clock=Stopped(), settings=settings
    )


def names(letter: Letter) -> list[str]:
    return [one.name for one in letter.files]


# --- files ---------------------------------------------------------------------------


@pytest.mark.asyncio
async def test_pictures_that_fit_go_as_they_are(tmp_path: Path):
    workers = Workers()
    letter = await clerk(Ledger(grid(tmp_path)), workers).result(JOB)
    assert names(letter) == [f"{ROOT}_{n}.png" for n in (1, 2, 3, 4)]
    assert workers.asked == []
    assert letter.files[1].alt.startswith(f"Image 2 of 4: {PROMPT}. Adapters: ")
    opened = letter.attachments()
    assert [len(file.fp.read()) for file in opened] == [10] * 4
    assert [file.description for file in opened] == [one.alt for one in letter.files]
    for file in opened:
        file.close()


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "sizes",
    [
        (10, 10 * MEBIBYTE + 1, 10, 10),  # one is too big for itself
        (7 * MEBIBYTE,) * 4,  # all of them together
    ],
)
async def test_pictures_that_do_not_fit_are_packed(tmp_path: Path, sizes: tuple[int, ...]):
    workers = Workers()
    letter = await clerk(Ledger(grid(tmp_path, sizes)), workers).result(JOB)
    assert names(letter) == [f"{ROOT}_{n}.webp" for n in (1, 2, 3, 4)]
    (asked,) = workers.asked
    assert (asked.most_each, asked.most_all, asked.strip) == (10 * MEBIBYTE, MOST_ALL, False)


@pytest.mark.asyncio
async def test_each_shrink_halves_what_may_be_sent(tmp_path: Path):
    workers = Workers()
    for shrink in (0, 1, 2):
        await clerk(Ledger(grid(tmp_path, (6 * MEBIBYTE, 1, 1, 1))), workers).result(
            JOB, shrink=shrink
        )
    assert [(one.most_each, one.most_all) for one in workers.asked] == [
        (5 * MEBIBYTE, MOST_ALL // 2),
        (5 * MEBIBYTE // 2, MOST_ALL // 4),
    ]


@pytest.mark.asyncio
async def test_private_pictures_are_stripped_however_small(tmp_path: Path):
    workers = Workers()
    letter = await clerk(Ledger(grid(tmp_path)), workers).result(replace(JOB, private=True))
    assert [one.strip for one in workers.asked] == [True]
    assert letter.ephemeral
    with pytest.raises(NoWorker):
        await clerk(Ledger(grid(tmp_path)), Workers(planner=False)).result(
            replace(JOB, private=True)
        )


@pytest.mark.asyncio
async def test_a_picture_that_is_gone_is_admitted(tmp_path: Path):
    letter = await clerk(Ledger(grid(tmp_path, (10, None, 10, 10)))).result(JOB)
    assert names(letter) == [f"{ROOT}_{n}.png" for n in (1, 3, 4)]
    assert "One picture is no longer kept." in read(letter.view())


@pytest.mark.asyncio
async def test_a_guilds_own_limit_counts(tmp_path: Path):
    workers, asked = Workers(), []

    def limit(guild: int | None) -> int:
        asked.append(guild)
        return 9

    wise = Clerk(
        line=Ledger(grid(tmp_path)), supervisor=workers, texts=TEXTS, clock=Stopped(),
        settings=Settings(), file_limit=limit,
    )  # fmt: skip
    await wise.result(JOB)
    assert asked == [JOB.origin.guild]
    assert workers.asked[0].most_each == 9


@pytest.mark.asyncio
async def test_a_planner_that_answers_something_else_is_a_bug(tmp_path: Path):
    with pytest.raises(TypeError, match="Rested"):
        await clerk(Ledger(grid(tmp_path)), Workers(odd=True)).result(replace(JOB, private=True))


@pytest.mark.asyncio
async def test_a_file_that_vanished_leaves_none_open(tmp_path: Path):
    letter = await clerk(Ledger(grid(tmp_path))).result(JOB)
    (tmp_path / "3.png").unlink()
    with pytest.raises(FileNotFoundError):
        letter.attachments()


# --- words ---------------------------------------------------------------------------


@pytest.mark.asyncio
async def test_a_quiet_result_says_no_word_of_the_prompt_not_even_to_the_blind(tmp_path: Path):
    letter = await clerk(Ledger(grid(tmp_path))).result(JOB, quiet=True)
    whole = read(letter.view()) + "".join(one.alt for one in letter.files)
    assert not [word for word in ("pencil", "beach", "sunset") if word in whole]


@pytest.mark.asyncio
async def test_public_letters_speak_the_servers_language_private_ones_the_persons():
    origin = replace(JOB.origin, locale="en-US", guild_locale=LONG)
    writer = clerk(Ledger())
    assert writer.say(replace(JOB, origin=origin)).locale == LONG
    assert writer.say(replace(JOB, origin=origin, private=True)).locale == "en"
    assert writer.say(replace(JOB, origin=replace(origin, guild=None))).locale == "en"


@pytest.mark.asyncio
async def test_the_settings_may_name_one_language_for_all():
    from bot.settings import TextSettings

    assert clerk(Ledger(), texts=TextSettings(locale=LONG)).say(JOB).locale == LONG


@pytest.mark.asyncio
async def test_a_letter_makes_a_fresh_stopped_view_each_time(tmp_path: Path):
    letter = await clerk(Ledger(grid(tmp_path))).result(JOB)
    first, second = letter.view(), letter.view()
    assert first is not second
    assert first.is_finished()
    assert second.is_finished()
    assert first.to_components() == second.to_components()


@pytest.mark.asyncio
async def test_only_the_reply_to_those_who_waited_pings_and_only_them(tmp_path: Path):
    writer = clerk(Ledger(grid(tmp_path)))
    ready = await writer.notice(JOB, "ready")
    assert ready.mention == ADA
    assert ready.allowed.to_dict() == {"parse": [], "users": [ADA]}
    for letter in (await writer.result(JOB), await writer.ended(JOB), await writer.details(JOB)):
        assert letter.mention is None
        assert letter.allowed.to_dict()["parse"] == []


@pytest.mark.asyncio
async def test_a_derived_job_names_whose_job_it_is_based_on(tmp_path: Path):
    letter = await clerk(Ledger(grid(tmp_path))).result(CHILD_JOB)
    assert f"Other adapters · based on <@{ADA}>’s job" in read(letter.view())
    gone = await clerk(Ledger(grid(tmp_path))).result(replace(CHILD_JOB, source=CHILD))
    assert "based on" not in read(gone.view())


@pytest.mark.asyncio
async def test_details_are_for_one_person_in_their_language(tmp_path: Path):
    letter = await clerk(Ledger(grid(tmp_path))).details(JOB, TEXTS.of(LONG))
    assert letter.ephemeral
    assert "Đéŧáíłš" in read(letter.view())
    assert names(letter) == [f"{ROOT}.json"]


# --- stages --------------------------------------------------------------------------


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("state", "news", "line", "up", "words"),
    [
        ("queued", None, Ledger(), 1, "In line: **#3 of 8** · expected"),
        ("queued", "queued", Ledger(), 1, "In line: **#3 of 8**"),
        ("queued", None, Ledger(stopped=True), 1, "paused by a moderator"),
        ("queued", None, Ledger(), 0, "No worker is connected now. Your job waits up to 2 h."),
        ("queued", "planning", Ledger(), 1, "Reading the prompt …"),
        ("planned", "planned", Ledger(), 1, "Chosen: **4 adapters**"),
        ("planned", "resumed", Ledger(), 1, "In line: **#3 of 8**"),
        ("planned", "step", Ledger(), 1, "**7 / 80** steps"),
        ("planned", "step", Ledger(stopped=True), 1, "**7 / 80** steps"),
        ("planned", "requeued", Ledger(), 1, "The worker stopped."),
        ("planned", "paused", Ledger(stopped=True), 1, "keeps its place"),
        ("drawn", None, Ledger(), 1, "Sending the pictures"),
        ("posting", "drawn", Ledger(), 0, "Sending the pictures"),
    ],
)
async def test_a_status_says_where_the_job_is(state, news, line, up, words):
    told = News(job=ROOT, what=news, step=7, of=80, count=4) if news else None
    job = replace(JOB, state=state, plan=None if state == "queued" else JOB.plan)
    letter = await clerk(line, Workers(drawers_up=up)).status(
        job, told, Place(number=3, of=8, eta=5)
    )
    assert words in read(letter.view())


@pytest.mark.asyncio
async def test_a_plan_that_comes_with_the_news_is_told_before_the_row_has_it():
    told = News(job=ROOT, what="planned", plan=JOB.plan)
    letter = await clerk(Ledger()).status(replace(JOB, state="queued", plan=None), told, None)
    assert "Reading the prompt: **pencil sketch" in read(letter.view())


@pytest.mark.asyncio
@pytest.mark.parametrize(("state", "told"), [("queued", True), ("planned", False)])
async def test_without_a_planner_only_what_is_planned_goes_on(state: str, told: bool):
    job = replace(JOB, state=state, plan=None if state == "queued" else JOB.plan)
    letter = await clerk(Ledger(), Workers(planner_up=False)).status(job, None, None)
    assert ("No worker is connected" in read(letter.view())) == told

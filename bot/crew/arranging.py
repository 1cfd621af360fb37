"""One job through the planner."""

from collections.abc import Sequence

from bot.clock import Clock
from bot.crew.bus import News
from bot.crew.staff import Crew
from bot.crew.telling import Teller
from bot.crew.told import Told
from bot.jobs.line import Line
from bot.jobs.nouns import Job, Made
from stylus_engine.model import Failed
from stylus_engine.workers.frames import Arrange, Arranged


async def arrange(
    line: Line, crew: Crew, teller: Teller, job: Job, clock: Clock
) -> Arranged | None:
    """What the planner makes of `job`; None: it refused, which ended the job. Raises `NoWorker`."""
    try:
        answer = await crew.ask(await question(line, job))
    except Told as told:
        await refused(line, teller, job, told, clock)
        return None
    if not isinstance(answer, Arranged):
        raise TypeError(f"asked to arrange, the planner answered {type(answer).__name__}")
    return answer


async def keep(
    line: Line, teller: Teller, job: Job, answer: Arranged, lost: Sequence[Failed], clock: Clock
) -> None:
    """The plan stands and its files are here; `lost` are shots that will have no picture."""
    made = Made(
        plan=answer.plan,
        order=answer.order,
        total=answer.total,
        shots=answer.shots,
        lost=tuple(lost),
    )
    kept = await line.planned(job.id, job.fence, made, clock.now())
    if kept and len(lost) == len(answer.shots):
        teller.became(await line.job(job.id))
    elif kept:
        teller.news(News(job.id, "planned", count=len(answer.shots), plan=answer.plan))


async def question(line: Line, job: Job) -> Arrange:
    """What the planner is asked: a root's plan is its own to find, a derived job brings one."""
    if job.plan is None:
        known = await line.comparison(job.id) if job.action == "compare" else None
        return Arrange(
            call=0,
            job=job.id,
            request=job.request,
            order_seed=job.request.seed,
            likes=await line.likes(job.origin.guild),
            arms=(known.left, known.right) if known else (),
        )
    root = job if job.root == job.id else await line.job(job.root)
    positions = await line.positions(job.id)
    return Arrange(
        call=0,
        job=job.id,
        request=job.request,
        plan=job.plan,
        masks=tuple(each.mask for each in positions),
        order_seed=(root or job).request.seed,
    )


async def refused(line: Line, teller: Teller, job: Job, told: Told, clock: Clock) -> None:
    """The planner's sentence ends the job, unless it has ended already."""
    if await line.fail(job.id, told.kind, told.sentence, clock.now(), fence=job.fence):
        teller.became(await line.job(job.id))

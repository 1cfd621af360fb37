"""One job through the planner."""

from bot.clock import Clock
from bot.crew.bus import News
from bot.crew.staff import Crew
from bot.crew.telling import Teller
from bot.crew.told import Told
from bot.jobs.line import Line
from bot.jobs.nouns import Job, Made
from bot.refusals import NoWorker
from stylus_engine.model import Fetching
from stylus_engine.workers.frames import Arrange, Arranged


async def arrange(line: Line, crew: Crew, teller: Teller, job: Job, clock: Clock) -> bool:
    """Plan `job` and keep the plan; a refusal ends it. False: the planner is gone, and the job must go back."""

    def hear(event: Fetching) -> None:
        told = News(job.id, "fetching", step=event.done, of=event.of, name=event.name)
        teller.news(told)

    try:
        answer = await crew.ask(await question(line, job), hear=hear)
    except NoWorker:
        return False
    except Told as told:
        await _refused(line, teller, job, told, clock)
        return True
    if not isinstance(answer, Arranged):
        raise TypeError(f"asked to arrange, the planner answered {type(answer).__name__}")
    made = Made(
        plan=answer.plan,
        order=answer.order,
        total=answer.total,
        shots=answer.shots,
        lost=answer.lost,
    )
    kept = await line.planned(job.id, job.fence, made, clock.now())
    if kept and len(answer.lost) == len(answer.shots):
        teller.became(await line.job(job.id))
    elif kept:
        teller.news(News(job.id, "planned", count=len(answer.shots), plan=answer.plan))
    return True


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


async def _refused(line: Line, teller: Teller, job: Job, told: Told, clock: Clock) -> None:
    if await line.fail(job.id, told.kind, told.sentence, clock.now(), fence=job.fence):
        teller.became(await line.job(job.id))

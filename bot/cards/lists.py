"""/queue and /history: one's own jobs."""

from collections.abc import Collection, Iterator, Sequence

from discord import ui

from bot.cards.paging import Page
from bot.cards.parts import Button, Item, Style, Tone, button, card, line, link, row, small, text
from bot.cards.words import DOT, moment, why
from bot.custom_ids import Pressed
from bot.jobs.nouns import Job, Place
from bot.texts.catalogue import Say
from bot.texts.escape import cut, escape

MOST_JOBS = 8  # of a queue's card; each takes three components
MOST_QUOTE = 90
MOST_WHY = 140


def queue(
    say: Say,
    jobs: Sequence[tuple[Job, Place | None]],
    *,
    waiting: int,
    drawers: int,
    paused: bool = False,
    now: float = 0.0,
) -> ui.LayoutView:
    """My jobs with a Cancel each, and how long the line is for everybody."""
    shown = jobs[:MOST_JOBS]
    rest = len(jobs) - len(shown)
    return card(
        text(say("queue-title")) if jobs else text(say("queue-none")),
        *(_queued(say, job, place, now) for job, place in shown),
        text(small(say("queue-rest", count=rest))) if rest else None,
        line(),
        text(
            say("queue-all", waiting=waiting, workers=drawers),
            say("queue-paused") if paused else "",
        ),
        tone=Tone.TROUBLE if not drawers and jobs else Tone.CALM,
    )


def _queued(say: Say, job: Job, place: Place | None, now: float) -> Item:
    cancel = button(Pressed(job.id, "cancel"), say("button-cancel"))
    said = ui.TextDisplay[ui.LayoutView](
        f"{quote(say, job)}\n{small(DOT.join(_standing(say, job, place, now)))}"
    )
    return ui.Section(said, accessory=cancel)


def _standing(say: Say, job: Job, place: Place | None, now: float) -> Iterator[str]:
    if job.began_at is not None and job.state == "planned":
        yield say("state-drawing")
    elif place is not None:
        yield say("status-place", number=place.number, of=place.of)
        if place.eta is not None:
            yield say("status-eta", when=moment(now + place.eta))
    else:
        yield say(f"state-{job.state}")


def history(
    say: Say,
    jobs: Sequence[Job],
    *,
    page: int,
    more: bool,
    favourites: bool = False,
    elsewhere: Collection[str] = (),
) -> ui.LayoutView:
    """One page: what was asked, what became of it, and a button that shows it again.

    `elsewhere`: jobs that are not to be shown here, and are led to.
    """
    kind = "favourites" if favourites else "history"
    if not jobs and not page:
        none = "history-none-favourites" if favourites else "history-none"
        return card(text(say(none)), tone=Tone.CALM)
    title = "history-favourites" if favourites else "history-title"
    return card(
        text(say(title, page=page + 1)),
        *(_remembered(say, job, leads=job.id in elsewhere) for job in jobs),
        turning(say, Page(kind, page), more=more),
        tone=Tone.CALM,
    )


def _remembered(say: Say, job: Job, *, leads: bool) -> Item:
    said = ui.TextDisplay[ui.LayoutView](
        "\n".join((quote(say, job), small(DOT.join(part for part in _became(say, job) if part))))
    )
    return ui.Section(said, accessory=_way_back(say, job, leads=leads))


def _became(say: Say, job: Job) -> Iterator[str]:
    yield say(f"state-{job.state}")
    if job.state == "failed":
        yield cut(why(say, job), MOST_WHY)
    yield say("history-pictures", count=_pictures(job)) if job.state == "posted" else ""
    yield say("history-private") if job.private else ""
    yield moment(job.made_at)
    yield f"[{say('history-link')}]({url})" if (url := _address(job)) else ""


def _pictures(job: Job) -> int:
    """A comparison has as many of each arm."""
    return job.request.count * (2 if job.action == "compare" else 1)


def _address(job: Job) -> str:
    """Of the message, where others can see it too and nobody deleted it."""
    if job.private or job.message is None or job.deleted_at is not None or job.state != "posted":
        return ""
    where = job.origin.guild or "@me"
    channel = job.message_channel or job.origin.channel
    return f"https://discord.com/channels/{where}/{channel}/{job.message}"


def _way_back(say: Say, job: Job, *, leads: bool) -> Button:
    """Pictures are opened, what has none is run again, what is under way can be stopped."""
    if not job.finished:
        return button(Pressed(job.id, "cancel"), say("button-cancel"))
    if job.state in {"failed", "cancelled"}:
        return button(Pressed(job.id, "again"), say("button-again"))
    if job.deleted_at is not None:
        return button(Pressed(job.id, "restore"), say("button-restore"))
    if (leads or job.action == "compare") and (url := _address(job)):
        return link(say("button-open"), url)  # votes are cast there; it is shown nowhere else
    return button(Pressed(job.id, "open"), say("button-open"), style=Style.primary)


def quote(say: Say, job: Job) -> str:
    """The beginning of a prompt, as people quote."""
    return say("quote", prompt=escape(job.request.prompt, MOST_QUOTE))


def turning(say: Say, page: Page, *, more: bool) -> Item | None:
    """Back and on, where there is somewhere to go."""
    back = Page(page.list, page.number - 1, page.query)
    on = Page(page.list, page.number + 1, page.query)
    return row(
        button(back.pressed, say("button-back")) if page.number else None,
        button(on.pressed, say("button-more")) if more else None,
    )

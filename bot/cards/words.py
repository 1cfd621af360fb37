"""Phrases that several cards say."""

from collections.abc import Callable, Iterable, Mapping
from pathlib import PurePath

from bot.jobs.nouns import Job
from bot.texts.catalogue import Say
from bot.texts.escape import clean, escape
from stylus_engine.errors import StylusError

MOST_PROMPT = 300  # characters of a prompt on a card; all of it stands in Details
MOST_NAME = 60
MOST_FACT = 200
DOT = " · "
OF_ONE = frozenset({"single", "vary", "subtle", "upscale"})  # made of one picture of another job
MB, GB = 10**6, 10**9

FACES: Mapping[str, Callable[[object], str]] = {
    "owner": lambda user: f"<@{user}>",
    "channel": lambda channel: f"<#{channel}>",
    "path": lambda path: escape(PurePath(str(path)).name, MOST_FACT),  # no folder of this machine
}


def person(user: object) -> str:
    """A name that Discord fills in; nobody is pinged unless the letter says so."""
    return f"<@{user}>"


def head(say: Say, job: Job, *, quiet: bool = False) -> str:
    """The first line of a card: who asked, and for what."""
    who = person(job.origin.user)
    if quiet:
        return say("head-quiet", who=who)
    return say("head", who=who, prompt=escape(job.request.prompt, MOST_PROMPT))


def derived(say: Say, job: Job, owner: int | None) -> str:
    """What a button made of whose job; "" for a job of its own."""
    if job.source is None or owner is None:
        return ""
    facts = {"number": (job.index or 0) + 1} if job.action in OF_ONE else {}
    return say(f"derived-{job.action}", owner=person(owner), **facts)


def code(text: str, most: int) -> str:
    """Between backticks, where Discord knows no backslashes; so there may be none of either."""
    return f"`{clean(text, most).replace('`', '’').replace('@', '＠')}`"


def joined(parts: Iterable[str], most: int) -> str:
    """`a · b · c`, or as many of them as `most` characters hold, and `…`."""
    told = ""
    for part in parts:
        longer = f"{told}{DOT}{part}" if told else part
        if len(longer) > most - len(DOT) - 1:
            return f"{told}{DOT}…" if told else "…"
        told = longer
    return told


def duration(say: Say, seconds: float) -> str:
    """`14 s`, `2 min 5 s`, `1 h 3 min`."""
    whole = max(0, round(seconds))
    minutes, rest = divmod(whole, 60)
    if not minutes:
        return say("time-seconds", seconds=rest)
    if minutes < 60:
        return say("time-minutes", minutes=minutes, seconds=rest)
    return say("time-hours", hours=minutes // 60, minutes=minutes % 60)


def size(say: Say, count: int) -> str:
    """`144 MB`, `1.9 GB`: of bytes."""
    if count >= GB:
        return say("size-gb", count=f"{count / GB:.1f}")
    return say("size-mb", count=max(1, round(count / MB)))


def moment(at: float) -> str:
    """`in 2 minutes`, as the reader's own Discord puts it."""
    return f"<t:{round(at)}:R>"


def date(at: float) -> str:
    """Day and time of day, where the reader is."""
    return f"<t:{round(at)}:f>"


def sentence(say: Say, error: StylusError) -> str:
    """The one text of an error's class, with its facts made harmless.

    What another process refused is no class of the catalogue: it comes as a sentence.
    """
    if not say.has(f"error-{type(error).__name__}"):
        return escape(str(error), MOST_FACT * 2)
    facts = {name: _face(name, value) for name, value in vars(error).items()}
    state = f"state-{facts.get('state')}"
    facts |= {"state": say(state)} if say.has(state) else {}
    return say(f"error-{type(error).__name__}", **facts)


def why(say: Say, job: Job) -> str:
    """Why a job ended without its pictures, as far as its row remembers."""
    key = f"error-{job.error}"
    known = {"attempts": job.attempts}
    if job.error and say.has(key) and say.needs(key) <= known.keys():
        return say(key, **known)
    return escape(job.sentence or "", MOST_FACT * 2) or say("ended-unknown")


def _face(name: str, value: object) -> object:
    if name in FACES:
        return FACES[name](value)
    return escape(value, MOST_FACT) if isinstance(value, str) else value

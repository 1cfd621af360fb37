"""The small print of Details: sampler, sizes, hashes, versions."""

from collections import Counter
from collections.abc import Iterator, Sequence

from bot.captions import weight
from bot.cards.parts import fitting, small
from bot.cards.sheet import Sheet, shot_of
from bot.cards.words import DOT, MOST_NAME, moment
from bot.readying import waited
from bot.texts.catalogue import Say
from bot.texts.escape import escape
from stylus_engine.model import Manifest, Picture, Shot

MOST_VERSIONS = 250
MOST_INSTEAD = 240
MOST_RAN = 4
MOST_READIED = 4
MOST_DRAWN, MOST_KEPT, MOST_KIND = 390, 120, 20
WHYS = frozenset({"asked", "bare", "first", "cheapest", "offloaded", "quantised", "uncompiled"})
HASH = 12


def made(say: Say, sheet: Sheet) -> Iterator[str]:
    """Of a job: how it was sampled, by what, and when it was asked for."""
    job, request = sheet.job, sheet.job.request
    manifests = [one.picture.manifest for one in sheet.drawn if one.picture is not None]
    shots = [shot for one in sheet.positions if (shot := shot_of(one)) is not None]
    yield say("details-made")
    if shots:
        yield _sampled(say, shots[0], request.strength)
        yield from _model(say, shots[0], sheet.checkpoint, manifests[0] if manifests else None)
    if job.plan is not None:
        composer, preset = escape(job.plan.composer, 60), escape(job.plan.preset, 40)
        yield say("details-composer", composer=composer, preset=preset)
        if job.plan.instead:
            yield say("details-instead", why=escape(job.plan.instead, MOST_INSTEAD))
    yield from _drawn(say, manifests)
    yield from _readied(say, [one.picture for one in sheet.drawn if one.picture is not None])
    if manifests:
        yield small(_versions(say, manifests[0]))
    yield small(say("details-times", state=say(f"state-{job.state}"), when=moment(job.made_at)))


def made_of(say: Say, told: Manifest) -> Iterator[str]:
    """Of a picture alone."""
    yield say("details-made")
    yield _sampled(say, told.shot, 1.0)
    yield from _model(say, told.shot, "", told)
    yield from _drawn(say, [told])
    yield small(_versions(say, told))


def _drawn(say: Say, manifests: Sequence[Manifest]) -> tuple[str, ...]:
    """What makes these other pictures first; what does not fit stands in the file."""
    lines = [*_altered(say, manifests), *_ran(say, manifests)]
    return fitting(lines, len(lines), MOST_DRAWN, say, "details-more")


def _altered(say: Say, manifests: Sequence[Manifest]) -> Iterator[str]:
    """What was not drawn with as its files hold it: a base in fewer bits, adapters that were cut."""
    for kind in _told(manifests, "quantised"):
        yield say("details-quantised", kind=escape(kind, MOST_KIND))
    for kept in _told(manifests, "kept"):
        yield say("details-kept", adapters=escape(kept, MOST_KEPT))


def _told(manifests: Sequence[Manifest], what: str) -> list[str]:
    """All that pictures say of one thing, each once."""
    return [one for one in dict.fromkeys(each.how.get(what, "") for each in manifests) if one]


def _sampled(say: Say, shot: Shot, strength: float) -> str:
    return say(
        "details-sampling",
        sampler=escape(shot.sampler, 40),
        steps=shot.steps,
        guidance=weight(shot.guidance),
        strength=weight(strength),
    )


def _model(say: Say, shot: Shot, name: str, told: Manifest | None) -> Iterator[str]:
    """Its name where the bot knows it, the size, and the hash of what really drew."""
    known = told.checkpoint if told else ""
    parts = (
        escape(name, MOST_NAME),
        say("result-size", width=shot.width, height=shot.height),
        say("details-model-hash", hash=escape(known[:HASH], HASH)) if known else "",
    )
    yield DOT.join(part for part in parts if part)


def _ran(say: Say, manifests: Sequence[Manifest]) -> Iterator[str]:
    """Which executor drew, and why; steps of all pictures together."""
    steps: Counter[tuple[str, str, str]] = Counter()
    for one in (ran for told in manifests for ran in told.ran):
        steps[one.executor, one.why, one.over] += one.steps
    for (executor, why, over), count in steps.most_common(MOST_RAN):
        known = say(f"ran-{why}", over=escape(over, 20)) if why in WHYS else ""
        reason = known or escape(why, 40)  # of a picture that a newer Stylus drew
        yield say("details-ran", executor=escape(executor, 20), steps=count, why=reason)


def _readied(say: Say, pictures: Sequence[Picture]) -> Iterator[str]:
    """How adapters came to be ready: those that were waited for longest, as far as there is room."""
    told: list[str] = []
    for one in sorted(waited(pictures), key=lambda one: -one.seconds)[:MOST_READIED]:
        name = escape(one.name, MOST_NAME)
        told.append(say(f"readied-{one.how}", name=name, seconds=f"{one.seconds:.2f}"))
    if told:
        yield say("details-readied", adapters=DOT.join(told))


def _versions(say: Say, told: Manifest) -> str:
    said = ", ".join(f"{name} {version}" for name, version in sorted(told.versions.items()))
    return say("details-versions", versions=escape(said, MOST_VERSIONS)) if said else ""

"""What a result card has to admit, and its last line."""

from collections.abc import Iterator, Sequence

from bot import flags
from bot.captions import faster, varied, weight
from bot.cards.parts import small
from bot.cards.sheet import Sheet, shot_of, survival_of
from bot.cards.words import DOT, MOST_NAME, OF_ONE, duration, joined
from bot.jobs.nouns import ROOTS
from bot.texts.catalogue import Say
from bot.texts.escape import escape

MOST_WORDS = 160  # characters of a list of uncovered words
MOST_SENTENCE = 300
MOST_FLAGS = 80  # of flags that nobody understood
MOST_LEFT_OUT = 2  # pins told on the card; Details has all


def remarks(say: Say, sheet: Sheet) -> tuple[str, ...]:
    """Never a silent blank: what is missing, repeated, left out or begun anew."""
    return tuple(line for line in _all(say, sheet) if line)


def _all(say: Say, sheet: Sheet) -> Iterator[str]:
    yield missing(say, sheet)
    yield _begun(say, sheet)
    yield unread(say, sheet)
    yield _unkept(say, sheet)
    yield from _fast(say, sheet)
    yield _alone(say, sheet)
    yield _uncovered(say, sheet)
    yield from _left_out(say, sheet)
    yield _instead(say, sheet)
    yield _repaired(say, sheet)
    yield from _lost(say, sheet)
    yield _filled_up(say, sheet)
    yield _round(say, sheet)


def missing(say: Say, sheet: Sheet) -> str:
    """How many pictures are not there, and why; "" where all are."""
    if not sheet.failed:
        return ""
    told = dict.fromkeys(escape(one.sentence or "", MOST_SENTENCE) for one in sheet.failed)
    why = next(iter(told), "")
    return say("result-missing", failed=len(sheet.failed), count=len(sheet.positions), why=why)


def _begun(say: Say, sheet: Sheet) -> str:
    """From a picture that somebody brought; a variation says so in its first lines."""
    start = sheet.job.request.start
    if start is None or sheet.job.action in OF_ONE:
        return ""
    if start.mask is not None:
        return say("result-begun-mask")
    return say("result-begun", redone=round(start.strength * 100))


def unread(say: Say, sheet: Sheet) -> str:
    """Flags nobody understood, where the prompt was typed; cards that follow from this one say it no more."""
    found = flags.unread(sheet.job.request.prompt)
    if not found or sheet.quiet or sheet.job.action not in ROOTS:
        return ""
    return say("result-unread", flags=told_flags(found, MOST_FLAGS))


def told_flags(found: Sequence[str], most: int) -> str:
    """`--v 6 · --ar 9:1`, each once."""
    return joined((escape(each, MOST_NAME) for each in dict.fromkeys(found)), most)


def _fast(say: Say, sheet: Sheet) -> Iterator[str]:
    """Few steps are the adapter's word, or the person's own; what that costs is said, too."""
    shot = next(iter(sheet.shots), None)
    fast = shot and faster(shot)
    if shot is None or fast is None:
        return
    yield say("result-fast", steps=shot.steps, name=escape(fast.adapter.name, MOST_NAME))
    if shot.recipe.negative and shot.guidance <= 1:
        yield say("result-fast-negative", guidance=weight(shot.guidance))


def _unkept(say: Say, sheet: Sheet) -> str:
    gone = len(sheet.drawn) - len(sheet.files)
    return say("result-lost-files", count=gone) if gone > 0 else ""


def _alone(say: Say, sheet: Sheet) -> str:
    plan = sheet.job.plan
    if plan is None or plan.tasks:
        return ""
    return say("result-off" if plan.preset == "base" else "result-alone")


def _uncovered(say: Say, sheet: Sheet) -> str:
    plan = sheet.job.plan
    if plan is None or not plan.tasks or not plan.uncovered or sheet.quiet:
        return ""
    words = joined((escape(words, MOST_NAME) for words in plan.uncovered), MOST_WORDS)
    return say("result-uncovered", words=words)


def _left_out(say: Say, sheet: Sheet) -> Iterator[str]:
    """Adapters that somebody asked for by name and did not get."""
    plan, request = sheet.job.plan, sheet.job.request
    pinned = {*request.pinned, request.fast}
    struck = [one for one in (plan.dropped if plan else ()) if one.what in pinned]
    for one in struck[:MOST_LEFT_OUT]:
        what, reason = escape(one.what, MOST_NAME), escape(one.why, MOST_NAME * 2)
        yield say("result-left-out", what=what, why=reason)


def _instead(say: Say, sheet: Sheet) -> str:
    """The language model was to choose and did not: the picture may be plainer for it."""
    plan = sheet.job.plan
    return say("result-instead") if plan is not None and plan.instead else ""


def _repaired(say: Say, sheet: Sheet) -> str:
    seen = ((one.index, survival_of(one)) for one in sheet.drawn)
    which = [str(index + 1) for index, found in seen if found is not None and found.repaired]
    return say("result-repaired", count=len(which), which=", ".join(which)) if which else ""


def _lost(say: Say, sheet: Sheet) -> Iterator[str]:
    """What a look at the finished picture did not find in it."""
    for one in sheet.drawn:
        found = survival_of(one)
        if found is not None and found.lost and not sheet.quiet:
            words = joined((escape(words, MOST_NAME) for words in found.lost), MOST_WORDS)
            yield say("result-lost", number=one.index + 1, words=words)


def _filled_up(say: Say, sheet: Sheet) -> str:
    masks = {position.mask for position in sheet.positions}
    few = len(masks) < len(sheet.positions)
    if sheet.job.action != "imagine" or not few or sheet.bare:
        return ""
    told = "result-fill-up-strengths" if varied(sheet.shots) else "result-fill-up"
    return say(told, masks=len(masks))


def _round(say: Say, sheet: Sheet) -> str:
    """🧩 says when it starts again, and when it has come to the end."""
    job, seen = sheet.job, sheet.seen
    if job.action != "mask" or seen is None:
        return ""
    if job.round > 0:
        return say("result-round", of=seen.of, round=job.round + 1)
    if seen.seen >= seen.of:
        return say("result-last", count=len(sheet.positions))
    return ""


def foot(say: Say, sheet: Sheet) -> str:
    """`-# seed 1234 · miniature · 64×64 · 14 s · masks 4/26 · job 01J…`."""
    return small(DOT.join(part for part in _foot(say, sheet) if part))


def _foot(say: Say, sheet: Sheet) -> Iterator[str]:
    job, seen = sheet.job, sheet.seen
    shot = shot_of(sheet.positions[0]) if sheet.positions else None
    yield say("result-seed", seed=shot.seed if shot else job.seed)
    yield escape(sheet.checkpoint, MOST_NAME)
    if shot is not None:
        yield say("result-size", width=shot.width, height=shot.height)
    if job.drawn_at is not None and job.action not in {"single", "show"}:
        yield duration(say, job.drawn_at - job.made_at)
    if seen is not None and seen.of > 1:
        yield say("result-masks", seen=seen.seen, of=seen.of)
    yield say("result-job", job=job.id)

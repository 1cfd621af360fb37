"""ℹ️: everything about one job: what was asked, seen, chosen, left out, drawn, and with what."""

from collections.abc import Iterator, Sequence
from itertools import groupby

from discord import ui

from bot import flags
from bot.captions import captions
from bot.cards import recipe
from bot.cards.credits import numbered
from bot.cards.letter import Enclosure, Letter
from bot.cards.made import made, made_of
from bot.cards.parts import Tone, card, fitting, line, small, text
from bot.cards.remarks import told_flags
from bot.cards.sheet import Sheet, shot_of
from bot.cards.words import DOT, MOST_NAME, why
from bot.jobs.nouns import Position
from bot.texts.catalogue import Say
from bot.texts.escape import clean, escape
from stylus_engine.model import Manifest, Picture, Plan, Seen, Shot

MOST_WORDS = 700  # characters of the prompt
MOST_AGAINST = 250  # of the negative prompt
MOST_FLAGS = 60  # of flags that nobody understood
MOST_PICTURES = 900  # of all pictures' lines
MOST_ENCODED = 150
MOST_CANDIDATES = 400
MOST_DROPPED = 300
MOST_LIKED = 250
HASH = 12  # characters that name a file among ours


def details(say: Say, sheet: Sheet) -> Letter:
    """For the one who pressed: a card, and the whole recipe as a file."""
    job = sheet.job
    asked = f"{job.request.prompt}\n\n{job.request.negative}".strip().encode()
    files = (
        Enclosure(name=f"{job.id}.json", data=recipe.of_job(job, sheet.positions)),
        *([Enclosure(name=f"{job.id}.txt", data=asked)] if _long(sheet) else []),
    )
    return Letter(view=lambda: _card(say, sheet, files), files=files, ephemeral=True)


def _long(sheet: Sheet) -> bool:
    """Whether the card cannot show all the words: then they are enclosed."""
    request = sheet.job.request
    prompt, negative = clean(request.prompt, 10_000), clean(request.negative, 10_000)
    whole = escape(prompt, 30_000), escape(negative, 30_000)
    return len(whole[0]) > MOST_WORDS or len(whole[1]) > MOST_AGAINST


def _card(say: Say, sheet: Sheet, files: Sequence[Enclosure]) -> ui.LayoutView:
    job = sheet.job
    return card(
        text(say("details-title", job=job.id)),
        text(*_asked(say, job.request.prompt, job.request.negative)),
        small_text(say("details-cut")) if len(files) > 1 else None,
        text(*_pictures(say, sheet)),
        line(),
        text(*_planned(say, job.plan)),
        text(*liked(say, job.plan)),
        text(*made(say, sheet)),
        *(ui.File[ui.LayoutView](file.url) for file in files),
        tone=Tone.CALM,
    )


def small_text(words: str) -> "ui.Item[ui.LayoutView] | None":
    """A text of its own in small print."""
    return text(small(words))


def _asked(say: Say, prompt: str, negative: str) -> Iterator[str]:
    yield say("details-prompt")
    yield escape(prompt, MOST_WORDS)
    if found := flags.unread(prompt):
        yield small(say("result-unread", flags=told_flags(found, MOST_FLAGS)))
    if negative:
        yield say("details-negative")
        yield escape(negative, MOST_AGAINST)


def _pictures(say: Say, sheet: Sheet) -> Iterator[str]:
    """A line for each, with its seed, mask and content address."""
    if sheet.positions:
        yield say("details-pictures")
    shown = [position for position in sheet.positions if shot_of(position) is not None]
    shots = [shot for position in shown if (shot := shot_of(position)) is not None]
    lines = (
        _picture(say, position, shot, caption, sheet.job.request.prompt)
        for position, shot, caption in zip(shown, shots, captions(shots), strict=True)
    )
    yield from fitting(lines, len(shown), MOST_PICTURES, say, "details-more")
    if sheet.job.state == "failed":
        yield why(say, sheet.job)


def _picture(say: Say, position: Position, shot: Shot, caption: str, prompt: str) -> str:
    line = say("details-picture", caption=numbered(say, position, caption), seed=shot.seed)
    parts = [
        say("details-mask", mask=position.mask[:40]) if position.mask else "",
        say("details-hash", hash=position.picture.id[:HASH]) if position.picture else "",
        escape(position.sentence or "", MOST_ENCODED),
        _encoded(say, position.picture, prompt),
    ]
    return f"{line}\n{small(DOT.join(part for part in parts if part))}".rstrip()


def _encoded(say: Say, picture: Picture | None, prompt: str) -> str:
    """Which words were added; all of them only where the prompt itself was changed."""
    if picture is None:
        return ""
    encoded = picture.manifest.encoded
    if not encoded.startswith(prompt):
        return say("details-encoded", text=escape(encoded, MOST_ENCODED))
    added = escape(encoded.removeprefix(prompt).lstrip(" ,"), MOST_ENCODED)
    return say("details-added", text=added) if added else ""


def _planned(say: Say, plan: Plan | None) -> Iterator[str]:
    if plan is None:
        yield say("details-unplanned")
        return
    count = len({one.card_id for one in plan.seen})
    yield say("details-candidates", count=count)
    concepts = list(_concepts(say, plan.seen))
    yield from fitting(concepts, len(concepts), MOST_CANDIDATES, say, "details-more")
    if plan.dropped:
        yield say("details-dropped", count=len(plan.dropped))
    lines = [
        say("details-why", what=escape(one.what, MOST_NAME), why=escape(one.why, MOST_ENCODED))
        for one in plan.dropped
    ]
    yield from fitting(lines, len(lines), MOST_DROPPED, say, "details-more")


def liked(say: Say, plan: Plan | None) -> Iterator[str]:
    """`Ink & Wash: liked here 12 of 15 times`, where use had a say; weak evidence is rounded."""
    if plan is None or not plan.likes:
        return
    names = {choice.adapter.card_id: choice.adapter.name for choice in plan.choices}
    yield say("details-learned")
    lines = [
        say(
            "details-liked",
            name=escape(names.get(one.card_id, one.card_id), MOST_NAME),
            good=round(one.good),
            of=max(1, round(one.good + one.bad)),
        )
        for one in plan.likes
    ]
    yield from fitting(lines, len(lines), MOST_LIKED, say, "details-more")


def _concepts(say: Say, seen: Sequence[Seen]) -> Iterator[str]:
    """`fox: Little Fox 0.71 · Red Fur 0.44`, what was found for each part, the nearest first."""
    for concept, group in groupby(seen, key=lambda one: one.concept):
        nearest = sorted(group, key=lambda one: -one.similarity)
        names = DOT.join(f"{escape(one.name, 40)} {one.similarity:.2f}" for one in nearest[:5])
        where = escape(concept, MOST_NAME) or say("details-whole")
        yield say("details-concept", concept=where, names=names)


def manifest(say: Say, told: Manifest) -> Letter:
    """For a picture whose job nobody remembers: what the picture says of itself."""
    file = Enclosure(name="manifest.json", data=recipe.of_manifest(told))
    return Letter(view=lambda: _manifest_card(say, told, file), files=(file,), ephemeral=True)


def _manifest_card(say: Say, told: Manifest, file: Enclosure) -> ui.LayoutView:
    lit = captions([told.shot])[0].partition(DOT)[2]
    shown = escape(lit, 400) if told.shot.recipe.adapters else say("result-no-adapter")
    return card(
        text(say("details-title-picture")),
        text(*_asked(say, told.shot.recipe.prompt, told.shot.recipe.negative)),
        text(say("details-picture", caption=shown, seed=told.shot.seed)),
        text(*made_of(say, told)),
        ui.File[ui.LayoutView](file.url),
        tone=Tone.CALM,
    )

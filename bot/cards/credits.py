"""Who made the pictures: one caption per picture, one line per adapter."""

from collections.abc import Iterator

from bot.captions import captions, lit, weight
from bot.cards.parts import fitting
from bot.cards.sheet import Sheet, shot_of
from bot.cards.words import DOT, MOST_NAME
from bot.jobs.nouns import Position
from bot.texts.catalogue import Say
from bot.texts.escape import escape
from stylus_engine.model import Adapter, Choice

MOST_CAPTION = 250  # characters of one picture's line
MOST_CAPTIONS = 1200
MOST_CREDITS = 1300  # of all adapters' lines together
MOST_AUTHOR = 40


def caption_lines(say: Say, sheet: Sheet) -> tuple[str, ...]:
    """`2 · Ink & Wash 0.8 + Night City 0.6`, a line for every position, failed ones said.

    Nothing where there is nothing to tell apart: one picture, or none that lights an adapter.
    """
    told = {number: line for number, line in _told(say, sheet) if line}
    alone = len(sheet.positions) == 1
    if (sheet.bare or alone) and not sheet.failed:
        return ()
    failed = {one.index: say("result-failed", number=one.index + 1) for one in sheet.failed}
    lines = [line for _, line in sorted((failed | told).items())]
    return fitting(lines, len(lines), MOST_CAPTIONS, say, "result-more")


def _told(say: Say, sheet: Sheet) -> Iterator[tuple[int, str]]:
    shown = [position for position in sheet.drawn if shot_of(position) is not None]
    for position, line in zip(shown, captions(sheet.shots), strict=True):
        yield position.index, numbered(say, position, line)


def numbered(say: Say, position: Position, line: str) -> str:
    """A caption under the number that the picture has in its grid."""
    shot = shot_of(position)
    told = line.partition(DOT)[2] if shot and lit(shot) else say("result-no-adapter")
    return f"{position.index + 1}{DOT}{escape(told, MOST_CAPTION)}"


def credit_lines(say: Say, sheet: Sheet) -> tuple[str, ...]:
    """`**Ink & Wash** 0.8 for *watercolour* · by aya · CC BY 4.0`, in the plan's order."""
    lit = list(_lit(sheet))
    lines = (_credit(say, sheet, words, adapter) for words, adapter in lit)
    return fitting(lines, len(lit), MOST_CREDITS, say, "result-more")


def _lit(sheet: Sheet) -> Iterator[tuple[str, Adapter]]:
    """Every adapter that some picture lights, with the words it serves."""
    lit = {w.adapter.card_id: w.adapter for shot in sheet.shots for w in shot.recipe.adapters}
    for words, choice in choices(sheet):
        if choice.adapter.card_id in lit:
            yield words, lit.pop(choice.adapter.card_id)
    for adapter in lit.values():  # a picture of another plan, shown again
        yield "", adapter


def choices(sheet: Sheet) -> Iterator[tuple[str, Choice]]:
    """The plan's choices with the concept of each, in the order of a mask's bits."""
    plan = sheet.job.plan
    for task in plan.tasks if plan else ():
        for choice in task.choices:
            yield task.concept, choice


def _credit(say: Say, sheet: Sheet, words: str, adapter: Adapter) -> str:
    name = escape(adapter.name, MOST_NAME) or escape(adapter.card_id, MOST_NAME)
    said = say("result-adapter", name=name, weight=_weights(sheet, adapter.card_id))
    if words and not sheet.quiet:
        said = f"{said} {say('result-for', words=escape(words, MOST_NAME))}"
    author = say("result-by", author=escape(adapter.author, MOST_AUTHOR)) if adapter.author else ""
    return DOT.join(part for part in (said, author, licence(say, adapter)) if part)


def _weights(sheet: Sheet, card_id: str) -> str:
    """`0.8`, or `0.4–0.8` where pictures differ."""
    lit = (w for shot in sheet.shots for w in shot.recipe.adapters)
    found = sorted({w.weight for w in lit if w.adapter.card_id == card_id})
    low, high = weight(found[0]), weight(found[-1])
    return low if low == high else f"{low}–{high}"


def licence(say: Say, adapter: Adapter) -> str:
    """Its name; where the card says none, that it says none."""
    name = escape(adapter.licence.name, MOST_AUTHOR)
    return name if name and name != "unknown" else say("result-no-licence")

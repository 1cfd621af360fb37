"""A description without a model: from the card, its examples and its file's header. Pure.

A card that describes itself well keeps its words; the rules take away what is not about
the picture (how it was trained, links, thanks) and put words where there are none.
"""

import re
from collections.abc import Iterator

from msgspec.structs import replace

from stylus_engine.catalog.nouns import Described, Probed
from stylus_engine.catalog.refiner import sorting, words
from stylus_engine.catalog.refiner.plain import sentences
from stylus_engine.catalog.refiner.vocabulary import SORTING
from stylus_engine.catalog.refiner.weighing import Weighing, weigh
from stylus_engine.catalog.rows import Known
from stylus_engine.model import Adapter
from stylus_engine.model.adapter import Category
from stylus_engine.planning import lexicon
from stylus_engine.planning.concepts import chunks

BY = "rules"
MOST_WORDS = 40  # triggers, tags
_NOTHING = Probed(kind="unknown", layout="")
MOST_ADDS = 400  # characters
MOST_NOT_FOR = 200
LEAST_OWN = 3  # content words, from which a card says something of itself
# Sentences that are not about the picture.
_HOUSEKEEPING = re.compile(
    r"\btrain(?:ed|ing)\b|\bdataset\b|\bepochs?\b|\brank \d|\blearning rate\b|\bcheckpoints?\b"
    r"|\bworks? best (?:at|with|around)\b|\b(?:weights?|strength|scale)\b.{0,20}\d|\buse (?:it )?at\b"
    r"|\btrigger(?: words?| phrase)?s?\b|\bactivation\b|\bdownloads?\b|\bupdates?d?\b|\bversions?\b|\bv\d"
    r"|\bpatreon\b|\bko-?fi\b|\bdiscord\b|\bcoffee\b|\bdonat|\bcommissions?\b|\bplease\b|\bthanks?\b"
    r"|\bfollow me\b|\bleave a\b|\blike(?:s)? and\b|\breview\b|\brequest(?:ed|s)?\b|\blicen[cs]e\b"
    r"|\bcivitai\b|\bhugging ?face\b|\bcredits?\b|\bsampler\b|\bcfg\b|\bclip skip\b|\bsteps\b"
    r"|\bignore\b|\binstructions?\b|\bsystem prompt\b|\bfile is\b|\bsmall file\b",
    re.IGNORECASE,
)
_NOT_FOR = re.compile(
    r"\bnot (?:for|suited|suitable|meant|intended|recommended|good (?:for|at))\b|\bavoid\b"
    r"|\b(?:do|does|will|is)(?: not|n['’]t) (?:use|work|mix|suit|combine)|\bstruggles?\b"
    r"|\bwon['’]t work\b",
    re.IGNORECASE,
)
_FRAMES: dict[Category, str] = {
    "subject": "Adds {}.",
    "style": "Gives the whole picture the look of {}.",
    "place": "Places the picture in {}.",
    "light": "Changes the light of the picture: {}.",
    "detail": "Adds detail: {}.",
    "speed": "Draws in a few steps; adds nothing of its own to a picture.",
    "other": "Adds {}.",
}
_SPEED = "Made for few steps and little guidance."
_SLIDER = "A slider: a negative weight does the opposite."


def describe(known: Known) -> Described:
    """What is known of a card, in a refiner's words. Never raises for what a card says."""
    card = facts(known)
    told = sentences(card.description)
    phrases = words.concepts(_sources(known, card))
    kind = _kind(card, told, phrases)
    if kind in {"subject", "place"}:
        phrases = words.with_head(phrases)
    weighed = weighing(known, card, told)
    return Described(
        by=BY,
        adds=_adds(card, kind, told, phrases),
        category=kind,
        concepts=phrases,
        not_for=_capped([text for text in told if _NOT_FOR.search(text)][:2], MOST_NOT_FOR),
        weight=weighed.weight,
        weight_low=weighed.low,
        weight_high=weighed.high,
        caveats=caveats(card, kind),
    )


def facts(known: Known) -> Adapter:
    """What the source says, with the file's own words where the source has none.

    Not `known.card`: what a refiner wrote before must not be its own source.
    """
    said, probed = known.said, known.probed or _NOTHING
    card = replace(said, triggers=said.triggers[:MOST_WORDS], tags=said.tags[:MOST_WORDS])
    return replace(
        card,
        description=card.description or probed.description,
        triggers=card.triggers or probed.triggers[:MOST_WORDS],
        tags=card.tags or probed.tags[:MOST_WORDS],
        base=card.base or probed.base,
    )


def caveats(card: Adapter, kind: str) -> tuple[str, ...]:
    """What a name says and no picture shows; a model is not asked for these."""
    found = ((_SPEED, kind == "speed"), (_SLIDER, sorting.is_slider(card)))
    return tuple(text for text, holds in found if holds)


def weighing(known: Known, card: Adapter, told: list[str]) -> Weighing:
    """A slider's range is its author's: examples pull either way, and a median of them is none."""
    if sorting.is_slider(card):
        return Weighing()
    return weigh(card, [example.weight for example in known.examples], "\n".join(told))


def _kind(card: Adapter, told: list[str], phrases: tuple[str, ...]) -> Category:
    """What no word tells apart is most often a thing: characters alone are 55 % of StylusDocs."""
    kind = sorting.category(card, " ".join(told[:2]))
    return "subject" if kind == "other" and phrases else kind


def _sources(known: Known, card: Adapter) -> Iterator[str]:
    """Where concepts come from, the surest first."""
    yield from words.spoken(card.triggers)
    yield from words.spoken((words.title(card.name),))
    yield from words.of_tags(card.tags)
    yield from words.of_prompts([example.prompt for example in known.examples])
    if known.probed is not None:
        yield from words.of_tags(known.probed.tags)


def _adds(card: Adapter, kind: Category, told: list[str], phrases: tuple[str, ...]) -> str:
    """Its own sentences where they say something; else one made of its concepts."""
    own = [text for text in told if not _HOUSEKEEPING.search(text) and not _NOT_FOR.search(text)]
    if _content(own) >= LEAST_OWN:
        return _capped(own, MOST_ADDS)
    named = ", ".join(words.longest(phrases)[:3]) or words.title(card.name)
    return _FRAMES[kind].format(named)[:MOST_ADDS]


def _content(told: list[str]) -> int:
    """How many words ask for something, sorting words and repetitions left out."""
    found = (word.text for text in told for chunk in chunks(text) for word in chunk)
    return len({key for text in found if (key := lexicon.key(text)) not in SORTING})


def _capped(told: list[str], most: int) -> str:
    """Whole sentences as long as they fit; the first one is cut when it alone is too long."""
    text = told[0][:most].rstrip() if told else ""
    for sentence in told[1:]:
        if len(text) + 1 + len(sentence) > most:
            break
        text = f"{text} {sentence}"
    return text

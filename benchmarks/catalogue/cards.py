"""Synthetic but lifelike cards: card number n is the same on every machine, for every count.

Names, tags, triggers and descriptions are put together from `words`; families, ratings,
licences and kinds have shares as on the large hubs; popularity follows a power law.
"""

import random
from collections.abc import Iterator

from benchmarks.catalogue import words
from stylus_engine.model import Adapter, Licence

SEED = 20240404  # the paper's first day; part of the name of every cache
PAPER_ROWS = 76_724  # StylusDocs
FAMILIES = {"sd1": 0.46, "sdxl": 0.36, "flux1": 0.12, "sd3": 0.03, "sd2": 0.03}
RATINGS = {"g": 0.5, "pg": 0.2, "pg13": 0.12, "r": 0.11, "x": 0.07}
KINDS = {"lora": 0.78, "locon": 0.12, "loha": 0.02, "lokr": 0.02, "dora": 0.02, "embedding": 0.04}
ABOUT = {"subject": 0.5, "style": 0.28, "place": 0.07, "light": 0.05, "detail": 0.08, "speed": 0.02}
LISTS = {
    "style": words.STYLES,
    "place": words.PLACES,
    "light": words.LIGHTS,
    "detail": words.DETAILS,
}


def cards(count: int, first: int = 0) -> Iterator[Adapter]:
    """Cards number `first` to `first + count - 1`."""
    return (card(number) for number in range(first, first + count))


def card(number: int) -> Adapter:
    """Card number `number`."""
    dice = random.Random(f"{SEED}:{number}")
    category = _one(dice, ABOUT)
    what = _what(dice, category)
    proper = _proper(dice) if category == "subject" and dice.random() < 0.5 else ""
    weight = dice.choice((0.5, 0.6, 0.7, 0.8, 0.8, 0.8, 1.0, 1.0))
    return Adapter(
        card_id=f"bench:{number // 3}:{number}",
        name=_name(dice, what, proper),
        family_declared=_one(dice, FAMILIES),
        kind=_one(dice, KINDS),  # pyright: ignore[reportArgumentType] - the noun's own names
        category=category,  # pyright: ignore[reportArgumentType] - the noun's own names
        description=_description(dice, what, proper, weight),
        triggers=_triggers(dice, what, proper),
        tags=_tags(dice, what),
        concepts=(what,) if dice.random() < 0.7 else (),
        weight=weight,
        path=f"/adapters/{number}.safetensors" if dice.random() < 0.1 else None,
        url=f"https://hub.example/{number}",
        author=_proper(dice),
        licence=Licence(name="free", commercial=dice.random() < 0.6),
        rating=_one(dice, RATINGS),  # pyright: ignore[reportArgumentType] - the noun's own names
        real_person=dice.random() < 0.02,
        minor=dice.random() < 0.005,
        health="quarantined" if dice.random() < 0.02 else "unknown",
        model_key=f"bench:{number // 3}",
        popularity=int(20 * dice.paretovariate(0.9)),
    )


def prompts(count: int) -> list[tuple[str, tuple[str, ...]]]:
    """Prompts a person might type, each with its four concepts, verbatim."""
    made: list[tuple[str, tuple[str, ...]]] = []
    for number in range(count):
        dice = random.Random(f"{SEED}:prompt:{number}")
        style, subject = dice.choice(words.STYLES), _what(dice, "subject")
        place, light = dice.choice(words.PLACES), dice.choice(words.LIGHTS)
        parts = tuple(part.replace("-", " ") for part in (style, subject, place, light))
        made.append(("{} of a {} in a {}, {}, highly detailed".format(*parts), parts))
    return made


def _one(dice: random.Random, shares: dict[str, float]) -> str:
    return dice.choices(list(shares), list(shares.values()))[0]


def _what(dice: random.Random, category: str) -> str:
    if category == "speed":
        return dice.choice(("lightning steps", "LCM turbo", "hyper few-step"))
    noun = dice.choice(LISTS.get(category, words.SUBJECTS)).replace("-", " ")
    return f"{dice.choice(words.ADJECTIVES)} {noun}" if dice.random() < 0.6 else noun


def _proper(dice: random.Random) -> str:
    """A name that no dictionary knows: "Velmira Soldri"."""
    names = ("".join(dice.choices(words.SYLLABLES, k=dice.randint(2, 3))) for _ in range(2))
    return " ".join(name.capitalize() for name in names)


def _name(dice: random.Random, what: str, proper: str) -> str:
    title = f"{proper} | {what}" if proper else what.title()
    tail = ("", "", " LoRA", f" v{dice.randint(1, 6)}", " [SDXL]", " - Style", " Concept")
    return title + dice.choice(tail)


def _triggers(dice: random.Random, what: str, proper: str) -> tuple[str, ...]:
    base = (proper or what).lower().replace(" ", "_")
    known = (base, what, f"{base[:5]}{dice.randint(1, 99)}", f"{what} {dice.choice(words.STYLES)}")
    return tuple(dict.fromkeys(known[: dice.randint(0, 4)]))


def _tags(dice: random.Random, what: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*dice.sample(words.TAGS, dice.randint(1, 5)), *what.split())))


def _description(dice: random.Random, what: str, proper: str, weight: float) -> str:
    """From nothing at all to a page, most often a few sentences."""
    length = min(24, int(dice.paretovariate(1.4)) - 1) if dice.random() < 0.9 else -1
    chosen = [dice.choice(words.OPENINGS), *(dice.choice(words.MIDDLES) for _ in range(length))]
    told = "" if length < 0 else " ".join(chosen)
    return told.format(
        what=f"{proper} the {what}" if proper else what,
        n=dice.randint(12, 400),
        weight=weight,
        adjective=dice.choice(words.ADJECTIVES),
        style=dice.choice(words.STYLES),
        light=dice.choice(words.LIGHTS),
        place=dice.choice(words.PLACES),
        subject=dice.choice(words.SUBJECTS),
    )


def fresh(number: int, name: str) -> Adapter:
    """A card that somebody just added, for SD 1.x."""
    return Adapter(
        card_id=f"bench:new:{number}",
        name=name,
        family_declared="sd1",
        kind="lora",
        description=f"{name}, drawn by hand.",
        url=f"https://hub.example/new/{number}",
    )

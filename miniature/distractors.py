"""Cards without files: the rest of a community's catalogue, which recall must not prefer.

Two kinds.  `elsewhere`: plausible titles about other things.  `near_misses`: the
very concepts of the trained adapters, for another checkpoint family, quarantined,
rated too high, of a real person.  None names a path or a url, and that is the
mark: such a card may be browsed and is never a candidate.  Deterministic.
"""

from collections.abc import Iterator
from itertools import product
from random import Random

from miniature.card_texts import TAGS
from stylus_engine.model import Adapter, Licence
from stylus_engine.model.adapter import Category

FAMILY = "sd1-96"
MADE: dict[Category, tuple[str, ...]] = {
    "subject": ("koala", "samurai", "lighthouse keeper", "cyclops", "grand piano", "vintage bicycle",
                "hedgehog", "windmill", "mermaid", "steam locomotive", "ballerina", "giraffe", "violin",
                "scarecrow", "submarine", "unicorn", "typewriter", "penguin", "tractor", "knight"),
    "style": ("art deco poster", "ukiyo-e", "claymation", "low poly", "cyberpunk", "baroque oil",
              "risograph", "vaporwave", "film noir", "isometric", "gouache", "ballpoint pen"),
    "place": ("rice terraces", "abandoned subway", "bamboo grove", "medieval market", "ice cave",
              "rooftop garden", "library hall", "salt flats"),
    "light": ("aurora", "candlelight", "god rays", "fog machine", "rim light"),
    "detail": ("detail slider", "better hands", "film grain", "depth of field", "freckles"),
}  # fmt: skip
MANNERS = ("{} LoRA", "{} v2", "Perfect {}", "{} by request", "{} [WIP]", "The {} pack")
AUTHORS = ("quill", "nova", "haru", "osterman", "pixie", "zed", "marlowe", "kite")
LICENCES = (
    Licence(),
    Licence(name="CC-BY-4.0", commercial=True, derivatives=True),
    Licence(name="CC-BY-NC-4.0", derivatives=True),
    Licence(name="CreativeML OpenRAIL-M", commercial=True, derivatives=True, credit=False),
)
ELSEWHERE = 160
OTHER_FAMILIES = ("sd1", "sdxl", "flux")


def cards() -> Iterator[Adapter]:
    """All of them, in a fixed order."""
    yield from elsewhere()
    yield from near_misses()


def elsewhere() -> Iterator[Adapter]:
    """Other things in other titles, a few of them rated higher or without tags."""
    rng = Random("elsewhere")
    things: list[tuple[Category, str]] = [
        (kind, thing) for kind, some in MADE.items() for thing in some
    ]
    wanted = rng.sample(list(product(things, MANNERS)), ELSEWHERE)
    for number, ((kind, thing), manner) in enumerate(wanted):
        yield Adapter(
            card_id=f"community:{100_000 + number * 37}:{rng.randint(1, 9)}",
            name=manner.format(thing.title()),
            family_declared=rng.choice((FAMILY, FAMILY, *OTHER_FAMILIES)),
            kind=rng.choice(("lora", "lora", "locon", "dora", "embedding", "unknown")),
            category=kind,
            description=f"{thing.capitalize()} trained on {rng.randint(15, 90)} pictures. "
            f"Works best at {rng.choice((0.6, 0.7, 0.8))}.",
            triggers=(thing,) if rng.random() < 0.7 else (),
            tags=(thing, kind) if rng.random() < 0.8 else (),
            weight=rng.choice((0.6, 0.7, 0.8)),
            author=rng.choice(AUTHORS),
            licence=rng.choice(LICENCES),
            rating=rng.choice(("g", "g", "g", "pg", "pg13", "r")),
        )


def near_misses() -> Iterator[Adapter]:
    """The concepts of the shelf, each card wrong in one way that policy must see."""
    for number, (word, tags) in enumerate(TAGS.items()):
        yield _wrong(number, 0, f"{tags[0].title()} XL", tags, family_declared="sdxl")
        yield _wrong(number, 1, f"{tags[0].title()} After Dark", tags, rating="r")
        if number % 2:
            yield _wrong(number, 2, f"Broken {tags[0].title()}", tags, health="quarantined")
        elif word in {"dragon", "robot", "castle", "night", "storm"}:
            yield _wrong(number, 3, f"{tags[0].title()} Actor Lookalike", tags, real_person=True)


def _wrong(number: int, way: int, name: str, tags: tuple[str, ...], **flaw: str | bool) -> Adapter:
    rng = Random(f"{number}-{way}")
    told = {
        "card_id": f"community:{900_000 + number * 10 + way}:1",
        "name": name,
        "family_declared": FAMILY,
        "kind": "lora",
        "description": f"{tags[0].capitalize()}, {tags[1]}: works every time.",
        "triggers": (tags[0],),
        "tags": tags,
        "author": rng.choice(AUTHORS),
        "licence": rng.choice(LICENCES),
    }
    return Adapter(**(told | flaw))  # pyright: ignore[reportArgumentType] - one table for all ways

"""Captions: a scene in many phrasings and word orders. Knows language, nothing of pixels."""

from random import Random

from miniature.world.scene import Scene

WHERE = {
    "forest": "in the forest",
    "desert": "in the desert",
    "beach": "on the beach",
    "snow": "in the snow",
    "city": "in the city",
    "space": "in space",
    "volcano": "by the volcano",
    "underwater": "underwater",
    "candyland": "in candyland",
}
STYLE_NAMES = {
    "pencil": "pencil sketch",
    "pixel": "pixel art",
    "watercolour": "watercolour",
    "stainedglass": "stained glass",
    "neon": "neon sign",
    "blueprint": "blueprint",
    "papercut": "papercut",
    "crossstitch": "cross-stitch",
    "chalk": "chalk drawing",
    "woodcut": "woodcut",
    "mosaic": "mosaic",
    "halftone": "halftone comic",
}
STYLE_OPENINGS = {
    "pencil": "a pencil sketch of",
    "pixel": "pixel art of",
    "watercolour": "a watercolour painting of",
    "stainedglass": "a stained glass window of",
    "neon": "a neon sign of",
    "blueprint": "a blueprint of",
    "papercut": "a papercut of",
    "crossstitch": "a cross-stitch of",
    "chalk": "a chalk drawing of",
    "woodcut": "a woodcut of",
    "mosaic": "a mosaic of",
    "halftone": "a halftone comic of",
}
LIGHT_WORDS = {
    "sunset": ("at sunset", "sunset"),
    "night": ("at night", "night"),
    "storm": ("in a storm", "storm"),
}
PHRASINGS = (
    "{a_thing} {where}",
    "{a_thing} {where}",
    "a picture of {a_thing} {where}",
    "a photo of one {thing} {where}",
    "a drawing of {a_thing} {where}",
    "{where}, {a_thing}",
    "{where} there is {a_thing}",
    "{where} sits {a_thing}",
    "{bare}, {a_subject} that is {colour}",
    "{a_subject} that is {colour}, {where}",
    "{thing}, {bare}",
    "{bare}, {thing}",
    "{thing} {where}",
    "{colour} {subject}, {bare} background",
    "one {thing}, {where}",
    "the {thing} {where}",
    "{bare}: {a_thing}",
    "my {subject} is {colour}, it is {where}",
    "{subject}, {colour}, {bare}",
)
FILLERS = (
    "cute",
    "high quality",
    "detailed",
    "masterpiece",
    "beautiful",
    "best quality",
    "illustration",
    "storybook",
)
SYLLABLES = (
    "zor",
    "bli",
    "quen",
    "tak",
    "mur",
    "fex",
    "ola",
    "vin",
    "drup",
    "shi",
    "gol",
    "pry",
    "wex",
    "nam",
)


def caption(scene: Scene, rng: Random) -> str:
    """One of many captions of the scene; a tenth leave out the place or the colour.

    Style and light are always said when they are not plain and day.
    """
    text = _sentence(scene, rng)
    text = _with_light(text, scene.light, rng)
    text = _with_style(text, scene.style, rng)
    if rng.random() < 0.2:
        text = _joined(text, rng.choice(FILLERS), rng)
    if rng.random() < 0.08:
        text = _with_made_up_word(text, rng)
    return text


def plain_prompt(scene: Scene) -> str:
    """The canonical phrasing, e.g. `a red cat in the forest at sunset, watercolour`."""
    text = f"{with_article(f'{scene.colour} {scene.subject}')} {WHERE[scene.place]}"
    if scene.light != "day":
        text = f"{text} {LIGHT_WORDS[scene.light][0]}"
    return text if scene.style == "plain" else f"{text}, {STYLE_NAMES[scene.style]}"


def with_article(noun: str) -> str:
    """`noun` after the article it takes."""
    return f"{'an' if noun[0] in 'aeiou' else 'a'} {noun}"


def _sentence(scene: Scene, rng: Random) -> str:
    thing = f"{scene.colour} {scene.subject}"
    chance = rng.random()
    if chance < 0.05:
        return rng.choice((with_article(thing), thing))
    if chance < 0.10:
        return f"{with_article(scene.subject)} {WHERE[scene.place]}"
    return rng.choice(PHRASINGS).format(
        thing=thing,
        a_thing=with_article(thing),
        subject=scene.subject,
        a_subject=with_article(scene.subject),
        colour=scene.colour,
        where=WHERE[scene.place],
        bare=scene.place,
    )


def _with_light(text: str, light: str, rng: Random) -> str:
    if light == "day":
        return text
    phrase, word = LIGHT_WORDS[light]
    return rng.choice(
        (f"{text} {phrase}", f"{text}, {word}", f"{phrase}, {text}", f"{text}, {word} light")
    )


def _with_style(text: str, style: str, rng: Random) -> str:
    if style == "plain":
        return text
    name, opening = STYLE_NAMES[style], STYLE_OPENINGS[style]
    after = (f"{text}, {name}", f"{name}, {text}", f"{text}, {name} style")
    if text.split(" ", maxsplit=1)[0] not in ("a", "an", "the", "one", "my"):
        return rng.choice(after)
    return rng.choice((f"{opening} {text}", *after))


def _joined(text: str, word: str, rng: Random) -> str:
    return rng.choice((f"{text}, {word}", f"{word}, {text}"))


def _with_made_up_word(text: str, rng: Random) -> str:
    words = text.split(" ")
    made_up = "".join(rng.choices(SYLLABLES, k=rng.choice((2, 3))))
    words.insert(rng.randint(0, len(words)), made_up)
    return " ".join(words)

"""A model version of Civitai as other tools keep it beside a file.

The shape is that of `GET /model-versions/{id}` (research/adapters.md 1.2), which
Civitai-Helper writes as `X.civitai.info` and Lora-Manager keeps inside its own record.
"""

import html
from collections.abc import Iterator
from itertools import islice

from stylus_engine.catalog import clean
from stylus_engine.catalog.lines import plain_url
from stylus_engine.catalog.nouns import Example
from stylus_engine.catalog.probe.words import MOST_TRIGGERS, spoken
from stylus_engine.catalog.sources.records import Record, split
from stylus_engine.catalog.sources.said import Said
from stylus_engine.model import Licence, Rating
from stylus_engine.model.adapter import MOST_WEIGHT

MOST_PICTURES = 20
MOST_NUMBER = 10**12  # ids and downloads; more is no count
LEVELS: tuple[tuple[int, Rating], ...] = (  # bits of `nsfwLevel`, strictest first
    (~7, "x"),  # 8, 16 and 32; what Civitai adds above them is no milder
    (4, "r"),
    (2, "pg13"),
    (1, "pg"),
)
IN_WORDS = {"none": 1, "soft": 2, "mature": 4, "x": 8, "true": 4, "false": 0}
SHORT = 40  # characters; a longer piece between commas is no trigger but a sentence


def of_version(version: Record) -> Said:
    """What Civitai says of one version of a model."""
    if not version.fields:
        return Said()
    model = version.inner("model")
    pictures = list(islice(version.inners("images"), MOST_PICTURES))
    number = whole(version, "id")
    examples = tuple(examples_of(pictures, number))
    model_id = whole(version, "modelId")
    return Said(
        name=model.line("name"),
        description=_joined(model.prose("description"), version.prose("description")),
        triggers=_triggers(version),
        tags=model.lines("tags"),
        author=version.inner("creator").line("username", clean.AUTHOR),
        base_model=version.line("baseModel"),
        licence=_licence(model),
        rating=_rated(model.flag("nsfw"), [level_of(each) for each in pictures]),
        real_person=bool(model.flag("poi")),
        minor=bool(model.flag("minor")),
        previews=tuple(each.url for each in examples),
        examples=examples,
        popularity=whole(version.inner("stats"), "downloadCount"),
        model_key=f"civitai:{model_id}" if model_id else "",
    )


def _rated(mature: bool | None, levels: list[int]) -> Rating | None:
    """None where neither model nor pictures are marked."""
    return rating_of(mature, levels) if mature is not None or any(levels) else None


def rating_of(mature: bool | None, levels: list[int]) -> Rating:
    """The strictest of what the model and its pictures are marked as."""
    together = 4 if mature else 0
    for level in levels:
        together |= level
    found: list[Rating] = [rating for bits, rating in LEVELS if together & bits]
    return found[0] if found else "g"


def level_of(picture: Record) -> int:
    """A picture's `nsfwLevel`; older records say it in a word, some of them as `nsfw`."""
    said = picture.fields.get("nsfwLevel") or picture.fields.get("nsfw")
    word = str(said).lower() if isinstance(said, str | bool) else ""
    return IN_WORDS[word] if word in IN_WORDS else whole(picture, "nsfwLevel")


def whole(record: Record, name: str) -> int:
    """A whole number above zero, 0 when there is none."""
    found = record.number(name)
    return int(found) if found and 0 < found < MOST_NUMBER else 0


def _joined(*texts: str) -> str:
    """Of two texts that both say something; one that the other holds is not said twice."""
    kept = [
        text
        for text in texts
        if text and not any(text in other for other in texts if other != text)
    ]
    return " ".join(dict.fromkeys(kept))


def _triggers(version: Record) -> tuple[str, ...]:
    """Words to put into a prompt; a list of them in one text is taken apart if its pieces are short."""
    found: list[str] = []
    for text in version.texts("trainedWords"):
        bare = html.unescape(text[: clean.DESCRIPTION])
        pieces = [piece.strip() for piece in split(bare)]
        short = all(len(piece) <= SHORT for piece in pieces)
        found += pieces if short else [bare]
    lines = (spoken(text) for text in found)
    return tuple(dict.fromkeys(text for text in lines if text))[:MOST_TRIGGERS]


def _licence(model: Record) -> Licence | None:
    """What the author allows, when the record says so: selling pictures is Civitai's `Rent` or `Sell`."""
    if "allowCommercialUse" not in model.fields:
        return None
    said = ",".join(model.lines("allowCommercialUse"))  # comes as a list, as one text, or as both
    uses = {use.strip('{}" ').lower() for use in said.split(",")}
    return Licence(
        name="civitai",
        commercial=bool(uses & {"rent", "sell"}),
        derivatives=bool(model.flag("allowDerivatives")),
        credit=not model.flag("allowNoCredit"),
    )


def examples_of(pictures: list[Record], version: int) -> Iterator[Example]:
    """Its still pictures, with the words and the weight of version number `version` in them."""
    for picture in pictures:
        url = picture.line("url", clean.URL)
        if plain_url(url) and picture.line("type") in ("", "image"):
            meta = picture.inner("meta")
            yield Example(
                url=url,
                prompt=meta.line("prompt", clean.DESCRIPTION),
                negative=meta.line("negativePrompt", clean.DESCRIPTION),
                weight=_weight(meta, version),
                rating=rating_of(None, [level_of(picture)]),
            )


def _weight(meta: Record, version: int) -> float | None:
    """The adapter's own weight: that of its version, or of the only adapter that was used."""
    used = list(meta.inners("civitaiResources"))
    mine = [each for each in used if version and whole(each, "modelVersionId") == version]
    others = [*meta.inners("resources"), *meta.inners("additionalResources")]
    loras = [each for each in others if each.line("type").lower() == "lora"]
    for each in mine or (loras if len(loras) == 1 else []):
        weight = each.number("weight" if "weight" in each.fields else "strength", MOST_WEIGHT)
        if weight is not None:
            return weight
    return None

"""A repository of the Hugging Face Hub becomes items: one for each adapter file in it.

The fields: research/adapters.md 1.5.  A repository tells little and rates nothing: its
rating is the careful one, its family is that of the base model it names, if we know that.
"""

import hashlib
import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple
from urllib.parse import quote

import msgspec
from msgspec.structs import replace

from stylus_engine.catalog import clean
from stylus_engine.catalog.bases import UNKNOWN, base_of
from stylus_engine.catalog.lines import plain_url
from stylus_engine.catalog.nouns import Example, Item, Skipped
from stylus_engine.catalog.probe.words import MOST_TRIGGERS, spoken
from stylus_engine.catalog.sources.models import Refused
from stylus_engine.catalog.sources.records import Record, split
from stylus_engine.catalog.sources.said import Said, laid_over
from stylus_engine.catalog.sources.trees import PICKLES, commit_of, names_few
from stylus_engine.catalog.sources.versions import SHORT, whole
from stylus_engine.catalog.warned import is_mature
from stylus_engine.model import Adapter, Licence, Rating

MOST_FILES = 32  # adapters of one repository: a training run that kept every step has hundreds
MOST_EXAMPLES = 20
ENDING = ".safetensors"
PICTURES = ("text-to-image", "image-to-image", "")  # pipeline tags of what may draw
USUAL = ("pytorch_lora_weights.safetensors", "adapter_model.safetensors")
FREE = frozenset({  # licences under which generated pictures and merged weights may be sold
    "apache-2.0", "mit", "openrail", "openrail++", "creativeml-openrail-m", "bigscience-openrail-m",
    "bsd", "bsd-2-clause", "bsd-3-clause", "cc0-1.0", "cc-by-4.0", "unlicense", "wtfpl", "isc",
    "cc-by-sa-4.0", "cc-by-3.0", "artistic-2.0",
})  # fmt: skip
_REPOSITORY = re.compile(r"[\w.-]{1,96}/[\w.-]{1,96}", re.ASCII)
_PARTS = re.compile(r"(^|/)(unet|vae|transformer|text_encoder\w*|safety_checker)/", re.IGNORECASE)


class Place(NamedTuple):
    """One file: the repository, its commit and the path in it."""

    repository: str
    commit: str
    file: str

    @property
    def card_id(self) -> str:
        """The same for every commit: a file that is replaced stays one adapter."""
        slug = re.sub(r"[^\w.+-]+", "-", self.file.removesuffix(ENDING), flags=re.ASCII).strip("-")
        if len(slug) > 60 or slug != self.file.removesuffix(ENDING):
            slug = f"{slug[:60]}-{hashlib.sha256(self.file.encode()).hexdigest()[:8]}"
        return f"huggingface:{self.repository}:{slug}"

    def url(self, origin: str) -> str:
        """Of exactly these bytes: the commit is named."""
        return f"{origin}/{self.repository}/resolve/{self.commit or 'main'}/{quote(self.file)}"


def entries(record: Record, origin: str) -> Iterator[Item | Skipped]:
    """All adapters of a repository. `origin` is where the hub is asked."""
    name = record.line("id", 200)
    if not _REPOSITORY.fullmatch(name):
        yield Skipped(what="a repository without a name", reason="odd record", detail=name)
        return
    what = f"huggingface:{name}"
    files = _files(record)
    refused = _refused(record) or (files if isinstance(files, Refused) else None)
    if isinstance(files, Refused) or refused:
        why = refused or Refused("no file", "")
        yield Skipped(what=what, reason=why.reason, detail=why.detail)
        return
    commit = commit_of(record)
    if len(files) > MOST_FILES:
        detail = f"It holds {len(files)} adapter files; the first {MOST_FILES} are taken."
        yield Skipped(what=what, reason="too large", detail=detail)
    for file in files[:MOST_FILES]:
        place = Place(name, commit, file)
        yield _item(record, place, origin, several=len(files) > 1)


def wants_tree(record: Record) -> bool:
    """Whether only its tree tells which files a repository has that may be had at all."""
    name = record.line("id", 200)
    return not (names_few(record) or _refused(record)) and bool(_REPOSITORY.fullmatch(name))


def _refused(record: Record) -> Refused | None:
    gated = record.fields.get("gated")
    if gated not in (False, None):
        return Refused("gated", "Its author grants access one by one.")
    if record.flag("private") or record.flag("disabled"):
        return Refused("gated", "It is private or disabled.")
    kind = record.line("pipeline_tag")
    if kind not in PICTURES:
        return Refused("unsupported", f"It is for {kind}.")
    known = _base(record)[0] != UNKNOWN or kind
    return None if known else Refused("no family", "It names no base model that draws.")


def _files(record: Record) -> tuple[str, ...] | Refused:
    """The adapter files; those at the top are meant, and the usual name before all others."""
    names = [each.line("rfilename", 300) for each in record.inners("siblings")]
    weights = [name for name in names if name.lower().endswith(ENDING) and _inside(name)]
    if any(_PARTS.search(name) for name in weights):
        return Refused("unsupported", "It holds a whole model.")
    top = [name for name in weights if "/" not in name] or weights
    usual = [name for name in USUAL if name in top]
    if top:
        return tuple(usual[:1] or top)
    pickles = [name for name in names if name.endswith(PICKLES)]
    return Refused("not safetensors" if pickles else "no file", ", ".join(pickles[:3]))


def _inside(name: str) -> bool:
    return not name.startswith("/") and ".." not in name.split("/") and "\\" not in name


def _item(record: Record, place: Place, origin: str, *, several: bool) -> Item:
    said = _said(record, place, origin, several=several)
    bare = Adapter(
        card_id=place.card_id, name=place.repository, family_declared=UNKNOWN, url=place.url(origin)
    )
    card = laid_over(bare, [said])
    family, finer = _base(record)
    card = replace(card, family_declared=family, base=finer, url=bare.url)
    card = clean.cleaned(card)
    raw = msgspec.json.encode(record.fields)
    return Item(card=card, raw=raw, stamp=_stamp(card, record), examples=said.examples)


def _said(record: Record, place: Place, origin: str, *, several: bool) -> Said:
    card = record.inner("cardData")
    tags = tuple(dict.fromkeys((*card.lines("tags"), *_telling(record.lines("tags")))))
    examples = tuple(_examples(card, place, origin))
    name = re.sub(r"[-_]+", " ", place.repository.split("/")[1])
    stem, triggers = place.file.removesuffix(ENDING), _triggers(card)
    return Said(
        name=f"{name} {stem}" if several else name,
        description=_described(card, name),
        triggers=triggers,
        tags=tags,
        author=record.line("author", clean.AUTHOR) or place.repository.split("/")[0],
        licence=_licence(record, card),
        rating=_rating(tags, place.repository, stem, *triggers),
        previews=tuple(each.url for each in examples if each.url),
        examples=examples,
        popularity=whole(record, "downloads"),
        model_key=f"huggingface:{place.repository}",
    )


def _telling(tags: tuple[str, ...]) -> tuple[str, ...]:
    """Tags of people; those with a colon and of libraries are the hub's own."""
    own = {"diffusers", "safetensors", "lora", "text-to-image", "peft", "template"}
    return tuple(tag for tag in tags if ":" not in tag and tag not in own and len(tag) > 2)


def _described(card: Record, name: str) -> str:
    prompts = [each.prose("text", 200) for each in card.inners("widget")]
    known = card.prose("description") or card.prose("summary")
    shown = "; ".join(dict.fromkeys(prompt for prompt in prompts[:5] if prompt))
    return known or (f"{name}. Its pictures show: {shown}" if shown else "")


def _triggers(card: Record) -> tuple[str, ...]:
    """The instance prompt: a word, several with commas, a list of them, or a sentence."""
    said = card.fields.get("instance_prompt")
    texts = (said,) if isinstance(said, str) else card.texts("instance_prompt")
    found: list[str] = []
    for text in texts:
        pieces = [piece.strip() for piece in split(text)]
        found += pieces if all(len(piece) <= SHORT for piece in pieces) else [text]
    words = (spoken(text) for text in found)
    return tuple(dict.fromkeys(word for word in words if word))[:MOST_TRIGGERS]


def _examples(card: Record, place: Place, origin: str) -> Iterator[Example]:
    for number, each in enumerate(card.inners("widget")):
        url = _address(each.inner("output").line("url", clean.URL), place, origin)
        prompt = each.line("text", clean.DESCRIPTION)
        negative = each.inner("parameters").line("negative_prompt", clean.DESCRIPTION)
        if number < MOST_EXAMPLES and (url or prompt):
            yield Example(url=url, prompt="" if prompt == "-" else prompt, negative=negative)


def _address(url: str, place: Place, origin: str) -> str:
    """A picture's address; a relative one lies in the repository. "" for what is no plain https."""
    if url and ":" not in url and _inside(url):
        url = place._replace(file=url.removeprefix("./")).url(origin)
    return url if plain_url(url) else ""


def _rating(tags: tuple[str, ...], *names: str) -> Rating:
    """Nobody rates here: mature where it says so, else as for a room of all ages but the youngest."""
    mature = "not-for-all-audiences" in tags or is_mature(*names, *tags)
    return "x" if mature else "pg13"


def _licence(record: Record, card: Record) -> Licence | None:
    tagged = [tag[8:] for tag in record.lines("tags") if tag.startswith("license:")]
    name = card.line("license") or (tagged[0] if tagged else "")
    if not name:
        return None
    free = name.lower() in FREE
    told = card.line("license_name") if name.lower() == "other" else ""
    return Licence(name=told or name, commercial=free, derivatives=free, credit=True)


def _base(record: Record) -> tuple[str, str]:
    """The family and finer base of the first base model that we know."""
    card = record.inner("cardData")
    said = card.fields.get("base_model")
    named = [said] if isinstance(said, str) else list(card.texts("base_model"))
    tags = [
        tag.rpartition(":")[2] for tag in record.lines("tags", 200) if tag.startswith("base_model:")
    ]
    for name in (*named, *tags):
        known = base_of_repository(name[:200])
        if known[0] != UNKNOWN:
            return known
    return UNKNOWN, ""


def base_of_repository(name: str) -> tuple[str, str]:
    """`stabilityai/stable-diffusion-xl-base-1.0` -> `sdxl`; unknown where the name does not tell.

    Language models share some names with those that draw (`Qwen/Qwen2.5-7B`): those must
    say that they are of pictures.
    """
    bare = name.rpartition("/")[2]
    plain = re.sub(r"[\W_]+", "", bare).lower()
    if plain.startswith("qwen") and "image" not in plain:
        return UNKNOWN, ""
    for part in (bare, *_hints(plain)):
        found = base_of(part)
        if found.family not in (UNKNOWN, re.sub(r"[\W_]+", "", part).lower()):
            return found.family, found.base
    return UNKNOWN, ""


def _hints(plain: str) -> Iterator[str]:
    """Descendants carry their ancestor's name somewhere: `animagine-xl`, `my-noobai-merge`."""
    hints: Mapping[str, str] = {
        "pony": "Pony", "illustrious": "Illustrious", "noobai": "NoobAI",
        "sdxl": "SDXL 1.0", "xl": "SDXL 1.0", "sd15": "SD 1.5", "flux1": "FLUX.1", "sd3": "SD 3",
    }  # fmt: skip
    yield from (name for hint, name in hints.items() if hint in plain)


def _stamp(card: Adapter, record: Record) -> str:
    """Changes with the commit and what the card says; with downloads only as they double."""
    steady = replace(card, popularity=card.popularity.bit_length())
    changed = record.line("lastModified").encode()
    return hashlib.sha256(msgspec.json.encode(steady) + changed).hexdigest()[:24]

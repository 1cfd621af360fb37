"""Tags and trigger words: from the author's own field, from folder names, from how often a tag stood there.

Triggers end up in prompts, so what would mean something to a prompt's reader (weights in
brackets, `<lora:…>`, addresses, mentions) is taken out of them (research/adapters.md 3.3).
"""

import heapq
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from stylus_engine.catalog import clean
from stylus_engine.catalog.probe import told as said

MOST_TRIGGERS = 12
MOST_TAGS = clean.MOST_TAGS
MOST_LOOKED_AT = 4000  # characters of a field of triggers
COMMON = {  # tags that say nothing of what was trained
    *("1girl", "1boy", "solo", "masterpiece", "best quality", "highres", "absurdres", "photo"),
    *("simple background", "white background", "looking at viewer", "no humans", "high quality"),
}
COMMON_FOLDERS = {
    *("img", "imgs", "image", "images", "train", "training", "data", "dataset", "input", "class"),
    *("concept", "reg", "lora", "crop", "cropped", "resized", "1girl", "1boy", "woman", "man"),
}
_FOLDER = re.compile(r"(\d{1,6})_(.+)", re.DOTALL)
_SYNTAX = (
    (re.compile(r"<[^<>]{0,200}>"), " "),  # <lora:name:1>, <@id>
    (re.compile(r"(?:https?://|www\.)\S{0,400}", re.IGNORECASE), " "),
    (re.compile(r"@(?=everyone\b|here\b)"), ""),
    (re.compile(r"__([^_]{1,60})__"), r"\1"),  # wildcards
    (re.compile(r"\\([()\[\]])"), r"\1"),
    (re.compile(r":-?\d{1,4}(?:\.\d{1,6})?(?=\s*[)\]}]|\s*$)"), ""),
    (re.compile(r"\b(?:BREAK|AND)\b"), " "),
    (re.compile(r"[()\[\]{}<>]"), " "),
)


def spoken(text: str) -> str:
    """A trigger as it may stand in a prompt; "" when nothing is left of it."""
    text = unicodedata.normalize("NFKC", clean.line(text[:1000], 400))
    for pattern, by in _SYNTAX:
        text = pattern.sub(by, text)
    return clean.line(text, clean.TRIGGER).strip(" ,;")


def tags_of(counts: Mapping[str, Mapping[str, int]], told: Mapping[str, str]) -> tuple[str, ...]:
    """The tags of the captions, commonest first; without captions those the author wrote down."""
    merged = _merged(counts)
    best = heapq.nlargest(2 * MOST_TAGS, merged, key=merged.__getitem__)
    names = [tag for tag in best if merged[tag] > 0] or _listed(told.get("modelspec.tags", ""))
    return _distinct((clean.line(name[:1000], clean.TAG) for name in names), MOST_TAGS)


def _merged(counts: Mapping[str, Mapping[str, int]]) -> Mapping[str, int]:
    """Over all folders. One folder, the usual case, need not be added up."""
    if len(counts) == 1:
        return next(iter(counts.values()))
    merged: Counter[str] = Counter()
    for tags in counts.values():
        merged.update(tags)
    return merged


def triggers_of(
    counts: Mapping[str, Mapping[str, int]], told: Mapping[str, str]
) -> tuple[str, ...]:
    """The author's own words; else tags that every picture had; else what its folders are called."""
    wrote = _listed(told.get("modelspec.trigger_phrase", ""))
    found = wrote or list(_in_every_caption(counts, _images(told))) or list(_folder_words(counts))
    return _distinct((spoken(word) for word in found), MOST_TRIGGERS)


def _listed(text: str) -> list[str]:
    return [word for word in re.split(r"[,\n]", text[:MOST_LOOKED_AT]) if word.strip()]


def _distinct(texts: Iterable[str], most: int) -> tuple[str, ...]:
    return tuple(dict.fromkeys(text for text in texts if text))[:most]


def _images(told: Mapping[str, str]) -> dict[str, int]:
    """How many pictures each folder had, where kohya says so."""
    folders = said.json_of(told.get("ss_dataset_dirs", ""), dict[str, dict[str, object]]) or {}
    counts = {folder: facts.get("img_count") for folder, facts in folders.items()}
    return {folder: n for folder, n in counts.items() if isinstance(n, int) and n > 0}


def _in_every_caption(
    counts: Mapping[str, Mapping[str, int]], images: Mapping[str, int]
) -> Iterator[str]:
    """Tags as frequent as there are pictures; a folder's only tag is its caption anyway."""
    for folder, tags in counts.items():
        count = images.get(folder) or (max(tags.values()) if len(tags) == 1 else 0)
        always = [tag for tag, n in tags.items() if n == count] if count else []
        yield from (tag for tag in always if _telling(tag))


def _telling(tag: str) -> bool:
    plain = tag.strip().lower().replace("_", " ")
    return plain not in COMMON and not plain.startswith(("score ", "source ", "rating "))


def _folder_words(counts: Mapping[str, object]) -> Iterator[str]:
    """`10_sks dog` says: ten times each, and what it is."""
    for folder in counts:
        found = _FOLDER.fullmatch(re.split(r"[\\/]", folder[-400:])[-1])
        word = found[2].replace("_", " ").strip() if found else ""
        if word and word.lower() not in COMMON_FOLDERS:
            yield word

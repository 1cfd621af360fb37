"""The phrases a prompt would use for an adapter: from its triggers, title, tags and example prompts. Pure."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from stylus_engine.catalog.refiner.plain import plain
from stylus_engine.catalog.refiner.vocabulary import BOILERPLATE, SORTING
from stylus_engine.planning import lexicon
from stylus_engine.planning.concepts import chunks, span_of

MOST_CONCEPTS = 8
MOST_CHARACTERS = 40
MOST_WORDS = 4
LEAST_PROMPTS = 3  # different ones, before words of prompts say anything
OVER = 0.5  # share of the prompts that hold a phrase, from which it is the adapter's and not theirs
_PHRASE = re.compile(r"[^\W_]+(?:[ '’\-][^\W_]+)*")
_WEIGHTED = re.compile(r":\s*-?\d*\.?\d+\s*(?=[)\]])|[()\[\]{}\\]|\b(?:BREAK|AND)\b")
_VERSION = re.compile(
    r"\[[^\]]*\]|\([^)]*\)|\b(?:v|ver|version)\s*\d+(?:\.\d+)*\w?\b|\b\d+(?:\.\d+)+\b"
    r"|\b(?:lora|locon|lycoris|dora|loha|lokr|sdxl|sd\s?1\.?5|sd\s?xl|pony|illustrious|noobai|flux"
    r"(?:\.?1)?(?: ?d(?:ev)?)?|xl|final|wip|beta|alpha|concept|pack|by request|final version"
    r"|perfect|ultimate|amazing|improved|best)\b",
    re.IGNORECASE,
)


def title(name: str) -> str:
    """A name without what only tells versions and file kinds: "Koala LoRA v2 [WIP]" -> "Koala"."""
    flat = re.sub(r"[_|/+]+", " ", plain(name, 200))
    bare = " ".join(_VERSION.sub(" ", flat).split()).strip(" -–:,.'")
    return re.sub(r"^the (?=\w)", "", bare, flags=re.IGNORECASE) or plain(name, 200)


def concepts(sources: Iterable[str]) -> tuple[str, ...]:
    """The first `MOST_CONCEPTS` of `sources` that are phrases a person would write, each once."""
    found: dict[str, str] = {}
    for text in sources:
        if sayable(text):
            found.setdefault(lexicon.phrase(text), text)
    return tuple(found.values())[:MOST_CONCEPTS]


def with_head(phrases: tuple[str, ...]) -> tuple[str, ...]:
    """A single phrase and its last word, where English puts the noun: "stone golem", "golem"."""
    if len(phrases) != 1 or not sayable(last := phrases[0].split()[-1]):
        return phrases
    return tuple(dict.fromkeys((*phrases, last)))


def longest(phrases: tuple[str, ...]) -> tuple[str, ...]:
    """Without those that end another one."""
    return tuple(
        text for text in phrases if not any(other.endswith(f" {text}") for other in phrases)
    )


def sayable(text: str) -> bool:
    """Whether this is a short phrase of words, at least one of which asks for something."""
    words = text.split()
    return (
        bool(words)
        and len(words) <= MOST_WORDS
        and len(text) <= MOST_CHARACTERS
        and _PHRASE.fullmatch(text) is not None
        and lexicon.phrase(text) not in BOILERPLATE | SORTING
        and any(True for _ in chunks(text))
    )


def spoken(triggers: Iterable[str]) -> Iterator[str]:
    """Trigger words that are words; `dr4g0n_v2` and `sks` are codes and mean nothing to a prompt."""
    for trigger in triggers:
        for piece in trigger.split(","):
            text = plain(piece, 80)
            if text and all(_word(word) for word in re.split(r"[\s\-]+", text)):
                yield text.casefold()


def of_tags(tags: Iterable[str]) -> Iterator[str]:
    """Tags as phrases: "Long_Hair" -> "long hair"."""
    return (plain(tag.replace("_", " "), 80).casefold() for tag in tags)


def of_prompts(prompts: Sequence[str]) -> tuple[str, ...]:
    """Phrases that at least half of the different prompts hold, the commonest first."""
    told = [set(_phrases(prompt)) for prompt in dict.fromkeys(prompts) if prompt.strip()]
    if len(told) < LEAST_PROMPTS:
        return ()
    counts = Counter(phrase for phrases in told for phrase in sorted(phrases))
    return tuple(text for text, n in counts.most_common() if n >= OVER * len(told))


def _phrases(prompt: str) -> Iterator[str]:
    """What a prompt asks for, without the syntax of drawing programs."""
    bare = _WEIGHTED.sub(" ", plain(prompt, 2000))
    for chunk in chunks(bare):
        text = span_of(bare, chunk[-MOST_WORDS:]).text.casefold()
        if sayable(text):
            yield text


def _word(word: str) -> bool:
    """Letters only, and in Latin script something that can be spoken."""
    if not word.isalpha():
        return False
    return not word.isascii() or (len(word) >= 2 and bool(re.search(r"[aeiouy]", word.casefold())))

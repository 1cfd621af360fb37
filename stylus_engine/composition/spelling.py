"""Words of a prompt that are none, and the cards' words that were meant. Pure.

Only a word that nobody knows is mended, and only into a word of an offered card that is
very near: "dragn" becomes "dragon"; "robin" is a word and never becomes "robot".
"""

from collections.abc import Callable, Iterable, Sequence

from rapidfuzz import process
from rapidfuzz.distance import OSA

from stylus_engine.model import Adapter, Query
from stylus_engine.planning import lexicon
from stylus_engine.planning.concepts import chunks
from stylus_engine.planning.everyday import WORDS

SHORTEST = 5  # letters; four-letter words are near to too many others
TWO_SLIPS = 7  # letters from which two of them may be wrong


def respelt(query: Query, cards: Iterable[Adapter], knows: Callable[[str], bool]) -> dict[str, str]:
    """Misspelt words as they stand in the prompt -> as the cards spell them."""
    odd = [word for word in _asked(query) if len(word) >= SHORTEST and not knows(word)]
    if not odd:
        return {}
    words = sorted({word for card in cards for word in _words(card)})
    found = {word: _meant(word, words) for word in odd}
    return {word: meant for word, meant in found.items() if meant}


def _asked(query: Query) -> list[str]:
    found = (word for chunk in chunks(query.prompt) for word in chunk if word.sort == "content")
    return list(dict.fromkeys(word.text for word in found))


def _words(card: Adapter) -> Iterable[str]:
    """Of its name, trigger words and tags, "cross-stitch" as one word; no numbered ones."""
    texts = (card.name, *card.triggers, *card.tags)
    keys = (lexicon.key(word) for text in texts for word in text.split())
    return (key for key in keys if len(key) >= SHORTEST and key.isalpha())


def _meant(word: str, words: Sequence[str]) -> str:
    """Nothing where the word is right as it is, where none is near enough, or an everyday one as near."""
    asked = lexicon.key(word)
    slips = 2 if len(asked) >= TWO_SLIPS else 1
    near = process.extractOne(asked, words, scorer=OSA.distance, score_cutoff=slips)
    if not near or near[1] == 0:
        return ""
    other = process.extractOne(asked, WORDS, scorer=OSA.distance, score_cutoff=near[1])
    return near[0] if other is None or other[0] == near[0] else ""

"""The few words that the reading of prompts knows by heart, and the key by which words are compared.

Law of this file: English function words, colours and counts, nothing about any
adapter, checkpoint or world.
"""

import re
import unicodedata


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


NEGATORS = _set(
    "no not nothing without minus except exclude excluding never neither nor sans lacking cannot "
    "avoid avoiding omit omitting"
)
NEGATING_PAIRS = frozenset({
    ("instead", "of"), ("free", "of"), ("rather", "than"), ("leave", "out"), ("leaving", "out"),
    ("anything", "but"), ("everything", "but"), ("other", "than"),
})  # fmt: skip
# these leave nothing out
ONLY = (("nothing", "but"), ("no", "more", "than"), ("no", "other", "than"), ("not", "only"))
BARRED = re.compile(r"non[-‐].+|.+[-‐]free")  # what such a word names is not to be seen
PASSING = _set("a an the any some or and more other single")
COUNTS = _set(
    "one two three four five six seven eight nine ten eleven twelve dozen several many few "
    "couple pair both lots"
)
MAKERS = _set("by for from")  # behind one a title tells whose an adapter is
TIES = _set("of with from for that")  # between two chunks that may be one thing; "in" says where
COLOURS = _set(
    "red orange yellow green blue purple violet pink white black brown grey gray golden "
    "silver cyan magenta teal turquoise crimson scarlet beige coloured colored colourful "
    "colorful bright dark pale light-blue dark-blue"
)
STOP = _set(
    "about above across after against along amid among around as at be been before behind "
    "being below beneath beside besides between beyond but by can did do does done down "
    "during each every for from had has have having he her here hers him his how i if in "
    "inside instead into is it its itself just let like made make me mine my near next of off "
    "on once onto our out outside over please rather shall she should show showing shown sits "
    "sitting so some stands standing such than that their them then there these they this "
    "those through till to too toward towards under until up upon us very was we were what "
    "when where which while who whom whose will with within would yet you your and/or am are "
    "draw depicting containing featuring full free only own same really quite"
)
DARK = frozenset(
    {("after", "dark"), ("before", "dark"), ("the", "dark")}
)  # no colour: a time of day
# Words that say "picture" or "good picture": they may stand in a concept ("pencil drawing"),
# yet alone they ask for nothing that an adapter could add.
WEAK = _set(
    "picture pictures photo photos photograph image images drawing drawings painting "
    "paintings illustration illustrations art artwork style styled styles background backdrop "
    "foreground scene view portrait landscape lighting light lights rendering render sign "
    "window print quality high best masterpiece detailed beautiful cute pretty nice lovely "
    "amazing stunning storybook hd uhd 4k 8k sharp highly ultra perfect great good simple "
    "small big little large huge tiny old new young thing things something"
)
_SAME = {"color": "colour", "gray": "grey", "jewelry": "jewellery"}


def key(word: str) -> str:
    """The form in which words are compared: casefolded, singular, letters and digits only.

    "Cross-Stitch" -> "crossstitch", "Watercolors" -> "watercolour", "butterflies" -> "butterfly".
    """
    low = unicodedata.normalize("NFKC", word).casefold()
    bare = "".join(c for c in low if c.isalnum() or unicodedata.category(c)[0] == "M")
    one = _singular(bare)
    for american, british in _SAME.items():
        one = one.replace(american, british)
    return one


def keys(text: str, most: int = 3) -> tuple[str, ...]:
    """The keys of all runs of 1 to `most` words of `text`, each once, in order."""
    words = [word for word in re.split(r"[\s\-‐_/,.;:|()\[\]]+", text) if key(word)]
    runs = (
        words[first : first + length]
        for length in range(1, most + 1)
        for first in range(len(words) - length + 1)
    )
    return tuple(dict.fromkeys(phrase(" ".join(run)) for run in runs))


def phrase(text: str) -> str:
    """One key for a whole phrase: only its last word becomes singular."""
    return key(re.sub(r"[\s\-‐_]+", "", text))


def _singular(word: str) -> str:
    """English plurals without a dictionary; wrong guesses are harmless, both sides make them."""
    if len(word) > 4 and word.endswith("ies"):
        return f"{word[:-3]}y"
    if len(word) > 4 and word.endswith(("ches", "shes", "sses", "xes", "zes", "uses")):
        return word[:-2]
    if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")):
        return word[:-1]
    return word

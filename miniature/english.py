"""As much English as the made prompts need: articles, plurals, and which words carry content."""

import re

MASS = frozenset({
    "pixel art", "8-bit pixel art", "watercolour", "stained glass", "leaded glass", "neon",
    "embroidery", "gouache", "kirigami", "découpage", "LED signage", "church glazing", "yarn craft",
    "Gothic chapel glazing", "Chartres glazing", "crewel work", "medieval glazier's work",
    "illuminated bar signage", "church glasswork", "petit point", "dry pastel on slate",
    "orthographic projection", "Saturn V", "Neuschwanstein", "aquarelle",
})  # fmt: skip
STOP = frozenset({
    "a", "an", "the", "of", "in", "on", "at", "by", "as", "and", "or", "with", "without", "no", "not",
    "is", "it", "its", "i", "my", "me", "would", "like", "one", "there", "please", "draw", "show",
    "near", "under", "for", "to", "from", "that", "this",
})  # fmt: skip


def words_of(text: str) -> frozenset[str]:
    """The content words of a text, plurals, -ed and -ing cut off."""
    found = re.findall(r"[^\W_]+", text.casefold().replace("watercolor", "watercolour"))
    return frozenset(_stem(word) for word in found if word not in STOP)


def article(noun: str, *, bare: bool = False) -> str:
    """With its a or an, but for what cannot be counted."""
    if bare or noun in MASS:
        return noun
    an = noun[0].casefold() in "aeiou" or noun.startswith(("8", "NES", "LED"))
    return f"{'an' if an else 'a'} {noun}"


def plural(noun: str) -> str:
    """Of a regular noun."""
    if noun.endswith("y") and noun[-2] not in "aeiou":
        return f"{noun[:-1]}ies"
    return f"{noun}es" if noun.endswith(("s", "sh", "ch", "x")) else f"{noun}s"


def tidy(text: str) -> str:
    """Without the blanks and commas of what a frame had nothing for."""
    text = re.sub(r"\s+", " ", text).replace(" ,", ",")
    return re.sub(r",(\s*,)+", ",", text).strip(" ,")


def _stem(word: str) -> str:
    for end in ("ing", "ed", "ies", "es", "s"):
        if word.endswith(end) and len(word) - len(end) >= 3:
            return word[: -len(end)] + ("y" if end == "ies" else "")
    return word

"""What people and cards wrote, made harmless: plain characters that only look like themselves.

`clean` takes out what cannot be seen; `escape` also takes away what Discord would
obey: mentions, markdown, emoji codes, links.  Mentions are broken with a full-width
at sign, because Discord's servers look for them without heeding backslashes; a
zero-width space, the usual trick, would be what `clean` takes out.
"""

import re
import unicodedata

MORE = "…"
MOST_MARKS = 3  # combining marks on one letter; stacks of them climb over other lines
UNSEEN = frozenset(
    "\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0"
)  # letters by name, blank to the eye
BLANK = frozenset({"Cc", "Zl", "Zp", "Zs"})
GONE = frozenset({"Cf", "Cs", "Co"})
VARIATIONS = re.compile(
    "[\ufe00-\ufe0e\U000e0000-\U000e0fff\u2065\ufdd0-\ufdef\ufff0-\uffff]"
)  # and what Unicode may yet fill with invisible ones; other unassigned ones are new emoji
CONTROL = re.compile(r"[\x00-\x1f\x7f]")
SLACK = 6  # raw characters for one that is shown: what joins emoji and hides between letters
EMOJI_LOOK = "\ufe0f"
MENTION = re.compile(r"@(?=everyone|here)|(?<=<)@", re.IGNORECASE)
MARKUP = re.compile(
    r"[\\*_~|`<\[\]]"  # emphasis, code, spoilers, mentions, masked links
    r"|:(?=\S)"  # emoji codes, and the colon that makes a link of https
    r"|(?<=discord)\.(?=gg)|(?<=discord)\.(?=com)|(?<=discordapp)\.(?=com)",  # invitations
    re.IGNORECASE,
)
AT_THE_START = re.compile(r"^(?:[#>+-]|\d+(?=([.)])(?:\s|$)))")


def clean(text: str, most: int) -> str:
    """`text` on one line of at most `most` characters, without control, bidi or invisible ones.

    For places that know no markdown: alt texts, labels of buttons and options.
    """
    room = max(most, 0) * SLACK + SLACK  # the rest of a long text is not even looked at
    line = " ".join(_seen(text[:room]).split())
    return cut(line if len(text) <= room else f"{line}{MORE}", most)


def escape(text: str, most: int) -> str:
    """`clean`, and nothing in it pings, formats or links in Discord. Never longer than `most`."""
    whole = line = clean(text, most)
    while len(escaped := _escaped(line)) > most:
        fewer = len(line) - max(1, (len(escaped) - most) // 2)
        line = cut(whole, fewer)
    return escaped


def cut(text: str, most: int) -> str:
    """`text`, or as much of it as leaves room for an ellipsis within `most` characters."""
    if len(text) <= most:
        return text
    return f"{text[: most - 1].rstrip()}{MORE}" if most > 0 else ""


def _seen(text: str) -> str:
    """Blanks for what breaks lines, nothing for what cannot be seen."""
    if text.isascii():
        return CONTROL.sub(" ", text)
    return _calm(VARIATIONS.sub("", "".join(_visible(text))))


def _visible(text: str) -> list[str]:
    kinds = ((character, unicodedata.category(character)) for character in text)
    return [
        " " if kind in BLANK else character
        for character, kind in kinds
        if kind not in GONE and character not in UNSEEN
    ]


def _calm(text: str) -> str:
    """At most MOST_MARKS combining marks in a row, one emoji look after a character."""
    kept: list[str] = []
    marks = 0
    for character in text:
        marks = marks + 1 if unicodedata.category(character) in {"Mn", "Me"} else 0
        twice = character == EMOJI_LOOK and kept[-1:] in ([], [EMOJI_LOOK])
        if marks <= MOST_MARKS and not twice:
            kept.append(character)
    return "".join(kept)


def _escaped(line: str) -> str:
    harmless = MARKUP.sub(lambda found: f"\\{found[0]}", MENTION.sub("＠", line))
    start = AT_THE_START.match(harmless)
    if start is None:
        return harmless
    end = start.end() if start[1] else 0
    return f"{harmless[:end]}\\{harmless[end:]}"

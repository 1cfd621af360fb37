"""What a prompt asks to see, as verbatim spans of it.

Law of this file: pure text in, spans out; it knows no adapter and no model.  A
prompt is cut at punctuation, function words, colours and counts; what stays
together is a chunk ("pencil sketch", "winged dragon").  What stands under a
negation ("without snow", "no dragons or robots") is not asked for and is kept
apart.  The end of a line is punctuation.  Splitting is by Unicode category, so any
script works; the function words are English, and in other languages whole phrases
simply stay chunks.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby, pairwise, takewhile

from stylus_engine.model import Span
from stylus_engine.planning import lexicon
from stylus_engine.planning.words import LINES, Chunk, Word, dark, sort_of, words_of

MOST_SPANS = 16  # of one prompt: every span is one more recall
MOST_JOINED = 8  # of one prompt
LONGEST_NAME = 5  # words: "whale of a good time"
LONGEST_CHUNK = 4  # words; a longer run of content words is no noun phrase
LONGEST_LIST = 24  # words and commas that one "or" may close
OPENING = LINES | frozenset('"`*([{<«“„')  # after "no" these do not end what it says


def concepts(prompt: str) -> tuple[Span, ...]:
    """The spans worth a recall of their own, in prompt order: chunks first, then words, then pairs.

    At most `MOST_SPANS`, no two with the same words; `()` when nothing is asked for.
    """
    asked = chunks(prompt)
    levels = (
        *(_tail(chunk) for chunk in asked),
        *((word,) for chunk in asked for word in chunk if word.sort == "content"),
        *(pair for chunk in asked if len(chunk) > 2 for pair in _pairs(chunk)),
    )
    spans = _unlike(span_of(prompt, words) for words in levels)[:MOST_SPANS]
    return tuple(sorted(spans, key=lambda span: (span.start, -len(span.text))))


def joined(prompt: str) -> tuple[Span, ...]:
    """Neighbouring chunks and what ties them: "house of a king", "page from a sketchbook".

    Said for their meaning alone: no recall is made for them.  At most `MOST_JOINED`.
    """
    asked = chunks(prompt)
    runs = [
        asked[first : first + length]
        for length in (2, 3)
        for first in range(len(asked) - length + 1)
    ]
    tied = (run for run in runs if all(_tied(prompt, *pair) for pair in pairwise(run)))
    found = (span_of(prompt, (run[0][0], run[-1][-1])) for run in tied)
    return tuple(_unlike(found)[:MOST_JOINED])


def _tied(prompt: str, one: Chunk, other: Chunk) -> bool:
    between = prompt[one[-1].end : other[0].start].casefold().split()
    return 0 < len(between) <= 3 and between[0] in lexicon.TIES and _plainly(between[1:])


def _plainly(words: Sequence[str]) -> bool:
    return all(sort_of(word) in {"stop", "pass"} for word in words)


def around(prompt: str, span: Span) -> Iterator[Span]:
    """Runs of words that hold `span` and more: "sea lion" is around "lion".

    Over function words too ("train of thought"), never over punctuation, `LONGEST_NAME` at most.
    """
    runs = _runs_around(prompt, span)
    return (span_of(prompt, run) for run in runs if run[0].holds and run[-1].holds)


def sayings(prompt: str, span: Span) -> Iterator[Span]:
    """`around`, and what a colour, a count or a "no" belongs to: "golden hour" is around "hour"."""
    runs = _runs_around(prompt, span)
    return (span_of(prompt, run) for run in runs if run[0].leads and run[-1].leads)


def led(prompt: str, spans: Iterable[Span]) -> Iterator[Span]:
    """Each span with the colour or count right before it, as it is where there is none: "black hole" of "hole"."""
    said = list(words_of(prompt))
    before = {word.start: one for one, word in pairwise(said) if one.counts}
    for span in spans:
        start = before[span.start].start if span.start in before else span.start
        yield Span(text=prompt[start : span.start + len(span.text)], start=start)


def _runs_around(prompt: str, span: Span) -> Iterator[Chunk]:
    """A run may be a name or none: "cave in" is none, since a place follows."""
    words, end = list(words_of(prompt)), span.start + len(span.text)
    inside = [at for at, word in enumerate(words) if span.start <= word.start and word.end <= end]
    last = inside[-1] if inside else -1
    for first in range(max(0, last - LONGEST_NAME + 1), inside[0] + 1 if inside else 0):
        for stop in range(last + 1, min(len(words), first + LONGEST_NAME) + 1):
            run = tuple(words[first:stop])
            if len(run) > len(inside) and all(word.sort != "break" for word in run):
                yield run


def titles(name: str) -> Iterator[Span]:
    """What a name or a trigger calls its adapter, a span for each piece between punctuation.

    All that is said there counts, without the function words around it: "at sunset" calls it
    "sunset", "Ghost in the Shell" a ghost in the shell and no ghost, "Golden Hour" no hour.
    """
    words = list(dark(list(words_of(name))))
    for breaks, piece in groupby(words, key=lambda word: word.sort == "break"):
        whole = () if breaks else _titled(list(piece))
        if whole:
            yield span_of(name, whole)


def _titled(piece: list[Word]) -> Chunk:
    """From its first content word to its last one, with what leads there; "Koala by request" is "Koala"."""
    said = [at for at, word in enumerate(piece) if word.sort == "content"]
    ends = (at for at, word in enumerate(piece) if word.text.casefold() in lexicon.MAKERS)
    stop = next((at for at in ends if said and said[0] < at), len(piece))
    said = [at for at in said if at < stop]
    if not said:
        return ()
    first, last = said[0], said[-1]
    while first and piece[first - 1].leads:
        first -= 1
    while last + 1 < stop and piece[last + 1].leads and not piece[last + 1].text.isdecimal():
        last += 1
    return tuple(piece[first : last + 1])


def chunks(prompt: str) -> tuple[Chunk, ...]:
    """Every run of content words that the prompt asks to see."""
    return tuple(chunk for chunk, hidden in _parted(prompt) if not hidden)


def left_out(prompt: str) -> tuple[Chunk, ...]:
    """Every run of content words that the prompt asks not to see."""
    return tuple(chunk for chunk, hidden in _parted(prompt) if hidden)


def grams(chunk: Chunk, most: int = 3) -> Iterator[Chunk]:
    """All runs of 1 to `most` words of a chunk, weak words never alone."""
    for length in range(min(most, len(chunk)), 0, -1):
        for first in range(len(chunk) - length + 1):
            run = chunk[first : first + length]
            if any(word.sort == "content" for word in run):
                yield run


def span_of(prompt: str, words: Chunk) -> Span:
    """The verbatim piece of the prompt from the first to the last of `words`."""
    start, end = words[0].start, words[-1].end
    return Span(text=prompt[start:end], start=start)


def _tail(chunk: Chunk) -> Chunk:
    """A long chunk is known by its last words: English puts the head noun there."""
    return chunk[-LONGEST_CHUNK:]


def _pairs(chunk: Chunk) -> Iterator[Chunk]:
    return (run for run in grams(chunk, 2) if len(run) == 2)


def _unlike(spans: Iterable[Span]) -> list[Span]:
    seen: dict[str, Span] = {}
    for span in spans:
        seen.setdefault(" ".join(span.text.casefold().split()), span)
    return list(seen.values())


def _parted(prompt: str) -> Iterator[tuple[Chunk, bool]]:
    """Chunks in order, each with whether a negation hides it."""
    words = list(dark(list(words_of(prompt))))
    marked = zip(words, _hidden(words), strict=True)
    for (fits, hidden), run in groupby(marked, key=lambda m: (m[0].holds, m[1])):
        chunk = tuple(word for word, _ in run)
        if fits and any(word.sort == "content" for word in chunk):
            yield chunk, hidden


def _hidden(words: list[Word]) -> Iterator[bool]:
    """For each word, whether it stands under a negation.

    A negation reaches over articles, opening quotes and "or" to the next content words and
    ends at punctuation or at the next function word after them.  "no dragons and a cat"
    ends at "and a"; "without a dragon and a robot" does not.  A list that an "or" closes is
    one: "no dragons, robots or cats".  "dragon-free" stands under its own.
    """
    by, reached = "", False
    for at, word in enumerate(words):
        negates = _negates(words, at)
        if negates:
            by, reached = word.text.casefold(), False
        elif by and _ends(words, at, by, reached=reached):
            by = ""
        reached = reached or (bool(by) and not negates and word.holds)
        yield bool(by) or bool(lexicon.BARRED.fullmatch(word.text.casefold()))


def _negates(words: list[Word], at: int) -> bool:
    said = tuple(word.text.casefold() for word in words[at : at + 3])
    return said[:2] in lexicon.NEGATING_PAIRS or (
        words[at].sort == "negator" and all(said[: len(only)] != only for only in lexicon.ONLY)
    )


def _lists(after: list[Word], mark: Word, by: str) -> bool:
    """Whether what stands after a mark is more of the same: "or robots", ", robots or cats"."""
    listed = mark.text == "," and not (after and after[0].sort == "pass" and by != "without")
    told = takewhile(lambda word: word.holds or word.sort == "pass" or word.text == ",", after)
    if after and after[0].text.casefold() in {"or", "nor"}:
        return True
    return listed and any(word.text.casefold() == "or" for word in told)


def _ends(words: list[Word], at: int, by: str, *, reached: bool) -> bool:
    word, after = words[at], words[at + 1 : at + 2]
    if word.sort == "break":
        opens = set(word.text) <= OPENING and (not reached or words[at - 1].sort == "pass")
        return not (opens or _lists(words[at + 1 : at + 1 + LONGEST_LIST], word, by))
    if word.text.casefold() == "and" and by != "without":
        return bool(after) and after[0].sort == "pass"
    return word.sort == "stop" and reached

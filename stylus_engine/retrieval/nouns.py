"""Makes `nouns.txt.gz` from WordNet: `python -m stylus_engine.retrieval.nouns DICT [FILE]`.

DICT is the folder of WordNet's `data.noun`, the meanings, and `index.noun`, which alone knows
which meaning of a word is its usual one.

Two parts, parted by an empty line: a line for each meaning, `words|numbers of what it is a
kind of|the start of its description`; then, sorted, a line for each word, `key numbers of
its meanings`, the usual one first.  Names of persons are left out.  WordNet 3.1 is Princeton University's; its
licence, which allows this, lies beside the file.
"""

import gzip
import re
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping
from itertools import chain
from pathlib import Path
from typing import NamedTuple

from stylus_engine.planning import lexicon

FILE = Path(__file__).parent / "nouns.txt.gz"
PERSONS = "18"  # the lexicographers' file of persons, in which names are instances
LONGEST = 120  # characters of a description
NAMES = ("data.noun", "index.noun")
LAST = 999  # rank of a meaning that the index does not name


class _Entry(NamedTuple):
    at: str  # its place in data.noun, by which the index knows it
    words: tuple[str, ...]
    above: tuple[str, ...]
    told: str
    named_person: bool


def packed(data_noun: str, index_noun: str) -> bytes:
    """The file, from the texts of WordNet's two. The same bytes for the same texts."""
    entries = dict(_entry(line) for line in data_noun.splitlines() if not line.startswith("  "))
    kept = {at: one for at, one in entries.items() if not one.named_person}
    numbers = {at: number for number, at in enumerate(kept)}
    meanings = [
        "|".join((
            ",".join(one.words),
            " ".join(str(numbers[at]) for at in one.above if at in numbers),
            one.told,
        ))
        for one in kept.values()
    ]  # fmt: skip
    ranks = dict(chain.from_iterable(_ranks(line) for line in index_noun.splitlines()))
    text = "\n".join((*meanings, "", *_index(list(kept.values()), ranks))) + "\n"
    return gzip.compress(text.encode(), mtime=0)


def _entry(line: str) -> tuple[str, _Entry]:
    """The format is WordNet's wndb(5WN)."""
    head, _, told = line.partition(" | ")
    fields = head.split()
    count = int(fields[3], 16)
    words = tuple(fields[4 + 2 * n].replace("_", " ").replace(",", "") for n in range(count))
    links = fields[5 + 2 * count :]
    pairs = [(links[n], links[n + 1]) for n in range(0, len(links) - 3, 4)]
    above = tuple(at for sign, at in pairs if sign in {"@", "@i"})
    named = any(sign == "@i" for sign, _ in pairs) and fields[1] == PERSONS
    first = re.sub(r'"[^"]*"', "", told).split(";")[0].strip()
    return fields[0], _Entry(fields[0], words, above, first.replace("|", "/")[:LONGEST], named)


def _ranks(line: str) -> Iterator[tuple[tuple[str, str], int]]:
    """Word and place of a meaning -> 0 for the usual one, 1 for the next."""
    word, _, counted, *rest = line.split() if line[:1].strip() else ("", "", "0")
    places = rest[-int(counted) :] if int(counted) else []
    yield from (((word, at), rank) for rank, at in enumerate(places))


def _index(entries: list[_Entry], ranks: Mapping[tuple[str, str], int]) -> list[str]:
    found: dict[str, dict[int, int]] = defaultdict(dict)
    for number, entry in enumerate(entries):
        for word in entry.words:
            rank = ranks.get((word.casefold().replace(" ", "_"), entry.at), LAST)
            known = found[lexicon.phrase(word)].get(number, LAST)
            found[lexicon.phrase(word)][number] = min(rank, known)
    return [f"{key} {_usual_first(found[key])}" for key in sorted(found) if key]


def _usual_first(meanings: Mapping[int, int]) -> str:
    return " ".join(str(n) for n in sorted(meanings, key=lambda n: (meanings[n], n)))


def main() -> None:
    """The program."""
    path = Path(sys.argv[2]) if len(sys.argv) > 2 else FILE
    told = [(Path(sys.argv[1]) / name).read_text(encoding="utf-8") for name in NAMES]
    path.write_bytes(packed(*told))


if __name__ == "__main__":
    main()

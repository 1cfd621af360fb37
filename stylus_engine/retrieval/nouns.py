"""Makes `nouns.txt.gz` from WordNet: `python -m stylus_engine.retrieval.nouns DICT/data.noun [FILE]`.

Two parts, parted by an empty line: a line for each meaning, `words|numbers of what it is a
kind of|the start of its description`; then, sorted, a line for each word, `key numbers of
its meanings`.  Names of persons are left out.  WordNet 3.1 is Princeton University's; its
licence, which allows this, lies beside the file.
"""

import gzip
import re
import sys
from collections import defaultdict
from pathlib import Path
from typing import NamedTuple

from stylus_engine.planning import lexicon

FILE = Path(__file__).parent / "nouns.txt.gz"
PERSONS = "18"  # the lexicographers' file of persons, in which names are instances
LONGEST = 120  # characters of a description


class _Entry(NamedTuple):
    words: tuple[str, ...]
    above: tuple[str, ...]
    told: str
    named_person: bool


def packed(data_noun: str) -> bytes:
    """The file, from the text of WordNet's `data.noun`. The same bytes for the same text."""
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
    text = "\n".join((*meanings, "", *_index(list(kept.values())))) + "\n"
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
    return fields[0], _Entry(words, above, first.replace("|", "/")[:LONGEST], named)


def _index(entries: list[_Entry]) -> list[str]:
    found: dict[str, list[int]] = defaultdict(list)
    for number, entry in enumerate(entries):
        for word in entry.words:
            key = lexicon.phrase(word)
            if key and number not in found[key]:
                found[key].append(number)
    return [f"{key} {' '.join(map(str, numbers))}" for key, numbers in sorted(found.items()) if key]


def main() -> None:
    """The program."""
    path = Path(sys.argv[2]) if len(sys.argv) > 2 else FILE
    path.write_bytes(packed(Path(sys.argv[1]).read_text(encoding="utf-8")))


if __name__ == "__main__":
    main()

"""What a card says against what its file is. The file wins; people are told where they differ."""

from collections.abc import Iterator

from stylus_engine.catalog.nouns import Probed
from stylus_engine.model import Adapter

SILENT = ("", "unknown", "other")
SAME = {"flux": "flux1"}  # how cards call what the file calls otherwise


def compare(card: Adapter, probed: Probed, sha256: str = "") -> tuple[str, ...]:
    """One sentence for each thing in which the card and the file differ.

    `sha256` is the file's own, where it was counted; a card without one claims nothing.
    """
    return tuple(_differences(card, probed, sha256))


def _differences(card: Adapter, probed: Probed, sha256: str) -> Iterator[str]:
    if _differs(card.family_declared, probed.family, probed.base):
        yield f"The card says {card.family_declared}; the file is made for {probed.family}."
    if _differs(card.base, probed.base):
        yield f"The card says it builds on {card.base}; the file was trained on {probed.base}."
    if _differs(card.kind, probed.kind):
        yield f"The card says {card.kind}; the file is of the kind {probed.kind}."
    if card.file_sha256 and sha256 and card.file_sha256.lower() != sha256.lower():
        yield f"The card's sha256 is {card.file_sha256[:12]}…; the file's is {sha256[:12]}…."
    yield from _triggers(card, probed)


def _differs(claim: str, *truths: str | None) -> bool:
    """Whether a claim was made, a truth is known, and the claim is none of what is true."""
    known = [truth for truth in truths if truth and truth not in SILENT]
    claimed = SAME.get(claim.lower(), claim.lower())
    return claimed not in SILENT and bool(known) and claimed not in known


def _triggers(card: Adapter, probed: Probed) -> Iterator[str]:
    """Words that the captions never had do nothing. Without captions nobody can tell."""
    heard = " , ".join((*probed.triggers, *probed.tags)).lower().replace("_", " ")
    absent = [word for word in card.triggers if word.lower().replace("_", " ") not in heard]
    if heard and absent:
        words = ", ".join(f"“{word}”" for word in absent[:6])
        yield f"The file's captions do not have {words} of the card's trigger words."

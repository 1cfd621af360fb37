"""A card as one line of JSON: parsed, cleaned, checked, its paths made absolute."""

import hashlib
import os
import re
from pathlib import Path

import msgspec

from stylus_engine.catalog import clean
from stylus_engine.errors import StylusError
from stylus_engine.model import Adapter

LONGEST = 64 * 1024  # bytes; a card is about one thousand
MOST_COUNT = 2**53  # of downloads or bytes; databases and JSON hold no more
_SHA256 = re.compile(r"[0-9a-f]{64}")
_ID = re.compile(r"[\w.+-]{1,40}:[\w.+/@-]{1,160}:[\w.+-]{1,80}", re.ASCII)


def card_of(raw: bytes, folder: Path) -> Adapter:
    """The card that one line is; its paths are relative to `folder` and may not leave it.

    Raises `ValueError` with the reason, short and without a full stop.
    """
    try:
        if len(raw) > LONGEST:
            raise ValueError(f"the line has {len(raw)} bytes; {LONGEST} is the most")  # noqa: TRY301 - one road for all that is wrong with a line
        card = msgspec.json.decode(raw, type=Adapter, strict=True)
        return checked(card, folder)
    except UnicodeDecodeError as error:
        raise ValueError("it is not UTF-8") from error
    except RecursionError as error:
        raise ValueError("it is nested absurdly deep") from error
    except (StylusError, ValueError) as error:
        raise ValueError(clean.line(str(error), 200).rstrip(".")) from error


def stamp_of(record: bytes) -> str:
    """Changes when the line does, whatever file it stands in."""
    return hashlib.sha256(record).hexdigest()[:16]


def checked(card: Adapter, folder: Path) -> Adapter:
    """The card cleaned, with absolute paths. Raises `ValueError` for what it may not say."""
    card = clean.cleaned(card)
    if not _ID.fullmatch(card.card_id):
        raise ValueError("the card_id is not of the form source:id:version")
    if not card.name:
        raise ValueError("the name holds nothing that can be shown")
    if abs(card.popularity) > MOST_COUNT or not 0 <= card.file_bytes <= MOST_COUNT:
        raise ValueError("its popularity or file_bytes is no sane count")
    card = _with_small_digest(card)
    if card.url is not None and not plain_url(card.url):
        raise ValueError("the url is not a plain https address")
    return _rooted(card, folder)


def _with_small_digest(card: Adapter) -> Adapter:
    """Its sha256 in small letters, as bytes are compared. Raises `ValueError` for what is none."""
    if card.file_sha256 is None:
        return card
    digest = card.file_sha256.lower()
    if not _SHA256.fullmatch(digest):
        raise ValueError("the file_sha256 is not 64 hexadecimal digits")
    return msgspec.structs.replace(card, file_sha256=digest)


def plain_url(url: str) -> bool:
    """Whether it is an https address of sane length, with neither name nor password in it."""
    return len(url) <= clean.URL and bool(re.fullmatch(r"https://[!-?A-~]+", url))


def _rooted(card: Adapter, folder: Path) -> Adapter:
    """The card with absolute paths. Raises `ValueError` for one that leaves the folder."""
    previews = tuple(text if plain_url(text) else _inside(folder, text) for text in card.previews)
    path = None if card.path is None else _inside(folder, card.path)
    return msgspec.structs.replace(card, path=path, previews=previews)


def real(path: Path) -> Path:
    """Absolute, its links followed. Not `resolve`: until Python 3.13 that raises for a link in a circle."""
    return Path(os.path.realpath(path))


def _inside(folder: Path, text: str) -> str:
    if not text or "\x00" in text:
        raise ValueError("a path is empty or holds a zero byte")
    path = real(folder / text)
    if not path.is_relative_to(folder):
        raise ValueError("a path leaves the folder of the cards")
    return str(path)

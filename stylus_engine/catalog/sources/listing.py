"""What lies below a folder: each adapter file with what other tools put beside it, and a stamp.

One look at each folder and one stat for each file that matters; nothing is opened.
Folders that are links are not gone into (they may lead in a circle), files that are links
are read; what begins with a dot is somebody's cache, or a download that is not done.
"""

import hashlib
import os
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple, TypeAlias

from stylus_engine.errors import SourceSilent

MOST_FILES = 100_000
ENDING = ".safetensors"
RECORDS = (".json", ".metadata.json", ".civitai.info")
PICTURES = tuple(
    f"{middle}.{kind}" for middle in (".preview", "") for kind in ("png", "jpg", "jpeg", "webp")
)
_Entries: TypeAlias = Mapping[str, "os.DirEntry[str]"]


class Found(NamedTuple):
    """An adapter file. `name` is its path below the folder; `beside` are the endings of its sidecars."""

    path: Path
    name: str
    size: int
    stamp: str  # changes when the file does
    stamp_beside: str  # changes when a sidecar does, comes or goes
    beside: tuple[str, ...]

    def sidecar(self, ending: str) -> Path:
        """The path of what has the file's name and this ending instead."""
        return self.path.with_name(self.path.name[: -len(ENDING)] + ending)


class Listing(NamedTuple):
    """`files` in the order of their names; `unread` are folders and files that could not be looked at."""

    files: tuple[Found, ...]
    unread: tuple[str, ...]
    more: bool  # there are more than `MOST_FILES`
    nameless: tuple[str, ...]  # files whose names are not UTF-8


def listed(root: Path) -> Listing:
    """Look below `root`. Raises `SourceSilent` when it cannot be looked into itself."""
    unread: list[str] = []
    found = sorted(_below(root, "", unread), key=lambda each: each.name)
    if "" in unread:
        raise SourceSilent(source=str(root), why="the folder is not there or cannot be read")
    good = [each for each in found if _is_text(each.name)]
    return Listing(
        files=tuple(good[:MOST_FILES]),
        unread=tuple(unread),
        more=len(good) > MOST_FILES,
        nameless=tuple(each.name for each in found if not _is_text(each.name)),
    )


def _is_text(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def _below(root: Path, first: str, unread: list[str]) -> Iterator[Found]:
    waiting = [first]
    while waiting:
        folder = waiting.pop()
        try:
            with os.scandir(root / folder) as looked:
                entries = {entry.name: entry for entry in looked}
        except OSError:
            unread.append(folder)
            continue
        prefix = f"{folder}/" if folder else ""
        shown = [name for name in entries if not name.startswith(".")]
        waiting += [prefix + name for name in shown if _is_folder(entries[name])]
        for name in (name for name in shown if name.lower().endswith(ENDING)):
            try:
                about = _stat(entries[name])
            except OSError:
                unread.append(prefix + name)
            else:
                yield from () if about is None else (_file(root, prefix, entries, name, about),)


def _is_folder(entry: "os.DirEntry[str]") -> bool:
    try:
        return entry.is_dir(follow_symlinks=False)
    except OSError:
        return False


def _file(root: Path, prefix: str, entries: _Entries, name: str, about: os.stat_result) -> Found:
    stem = name[: -len(ENDING)]
    ends = (end for end in (*RECORDS, *PICTURES) if stem + end in entries)
    beside = {end: mark for end in ends if (mark := _mark(entries[stem + end]))}
    marks = repr(sorted(beside.items())).encode()
    return Found(
        path=root / prefix / name,
        name=prefix + name,
        size=about.st_size,
        stamp=stamp_of(about),
        stamp_beside=hashlib.sha256(marks).hexdigest()[:12] if beside else "",
        beside=tuple(beside),
    )


def _mark(entry: "os.DirEntry[str]") -> str:
    """The stamp of a sidecar, "" for one that cannot be read now."""
    try:
        about = _stat(entry)
    except OSError:
        return ""
    return "" if about is None else stamp_of(about)


def _stat(entry: "os.DirEntry[str]") -> os.stat_result | None:
    """None for what is no plain file (a pipe would be waited for), or went away meanwhile.

    Raises `OSError` for what cannot be told: such a file may be there.
    """
    try:
        about = entry.stat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    return about if stat.S_ISREG(about.st_mode) else None


def stamp_of(about: os.stat_result) -> str:
    """Changes when a file's bytes do, as far as one stat can tell."""
    return f"{about.st_size}.{about.st_mtime_ns}.{about.st_ino}"

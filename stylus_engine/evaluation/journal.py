"""What was drawn so far: one line a picture, fsynced in whole cells, so that a kill costs one batch at most.

What failed is no part of a whole cell: a full disk is no property of a prompt, so it is tried again.
"""

import os
from collections import defaultdict
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Self

import msgspec
from filelock import FileLock, Timeout

from stylus_engine.errors import BadEvaluation
from stylus_engine.evaluation.campaign import Campaign, seed_of
from stylus_engine.evaluation.questions import Ask
from stylus_engine.model.noun import Noun
from stylus_engine.planning.shots import seeds


class Shown(Noun, frozen=True, kw_only=True):
    """One picture of the journal. Without a `picture` it failed, and `why` says how."""

    ask: str
    arm: str
    index: int
    seed: int
    picture: str = ""
    lit: tuple[tuple[str, float], ...] = ()  # card id, weight
    planned_s: float = 0.0  # of its whole grid
    drawn_s: float = 0.0  # its share of a batch
    why: str = ""


class Journal:
    """A file whose first line is the campaign. Reads what it finds and appends."""

    def __init__(self, path: Path, campaign: Campaign) -> None:
        """Raises `BadEvaluation` when the file tells of another campaign."""
        self._path = path
        self._campaign = campaign
        self.shown: list[Shown] = []
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists() and path.stat().st_size:
            self._read()
        else:
            self._append([campaign])

    @classmethod
    @contextmanager
    def held(cls, path: Path, campaign: Campaign) -> Generator[Self]:
        """Nobody else's until the block ends: a reader cuts off the line that a writer is in.

        Raises `BadEvaluation` while another run has it.  A killed run holds nothing.
        """
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with FileLock(path.with_suffix(".lock"), timeout=0):
                yield cls(path, campaign)
        except Timeout as error:
            raise BadEvaluation(path=str(path), why="another evaluation draws there") from error

    def add(self, shown: Sequence[Shown]) -> None:
        """Keep whole cells; on return they are on disk."""
        self._append(shown)
        self.shown += shown

    @property
    def done(self) -> frozenset[tuple[str, str]]:
        """The cells all of whose pictures are drawn."""
        counts: dict[tuple[str, str], set[int]] = defaultdict(set)
        for one in self.shown:
            if one.picture:
                counts[one.ask, one.arm].add(one.index)
        return frozenset(k for k, found in counts.items() if len(found) >= self._campaign.images)

    def forget_other_words(self, asks: Sequence[Ask]) -> None:
        """An id whose prompt was changed since stands for other words: what was drawn of those counts no more.

        The seed of a picture is made of its words, so it tells.
        """
        words = {ask.id: seed_of(ask.prompt, self._campaign.seed) for ask in asks}
        self.shown = [
            one
            for one in self.shown
            if one.ask not in words or one.seed == seeds(words[one.ask], one.index + 1)[-1]
        ]

    def _append(self, values: Sequence[msgspec.Struct]) -> None:
        with self._path.open("ab") as file:
            file.write(b"".join(msgspec.json.encode(value) + b"\n" for value in values))
            file.flush()
            os.fsync(file.fileno())

    def _read(self) -> None:
        first, *lines = self._whole_lines()
        try:
            known = msgspec.json.decode(first, type=Campaign)
            self.shown = [msgspec.json.decode(line, type=Shown) for line in lines]
        except msgspec.MsgspecError as error:
            raise BadEvaluation(path=str(self._path), why=str(error)) from error
        if known != self._campaign:
            raise BadEvaluation(path=str(self._path), why=_differs(known, self._campaign))

    def _whole_lines(self) -> list[bytes]:
        """A kill may leave half a line at the end; it is cut off, and what it told is drawn again."""
        data = self._path.read_bytes()
        whole = data[: data.rfind(b"\n") + 1]
        if len(whole) < len(data):
            os.truncate(self._path, len(whole))
        if not whole:
            self._append([self._campaign])
        return whole.splitlines() or [msgspec.json.encode(self._campaign)]


def _differs(known: Campaign, asked: Campaign) -> str:
    fields = [f for f in known.__struct_fields__ if getattr(known, f) != getattr(asked, f)]
    told = ", ".join(f"{f} {getattr(known, f)!r}, not {getattr(asked, f)!r}" for f in fields)
    return f"it was begun with {told}; take another folder"


def whole(shown: Sequence[Shown], asks: Sequence[str], arms: Sequence[str]) -> Iterator[Shown]:
    """Only the pictures that every arm has, each once: whatever failed or was killed, arms stay paired.

    An arm that drew nothing at all takes nothing from the others.
    """
    drawn = {k: one for k, one in _latest(shown, asks, arms).items() if one.picture}
    have: dict[tuple[str, int], set[str]] = defaultdict(set)
    for ask, arm, index in drawn:
        have[ask, index].add(arm)
    drew = {arm for _, arm, _ in drawn}
    return (one for (ask, _, index), one in drawn.items() if have[ask, index] == drew)


def failures(shown: Sequence[Shown], asks: Sequence[str], arms: Sequence[str]) -> tuple[Shown, ...]:
    """The pictures of these prompts and arms that there are none of, in the order they were asked for."""
    return tuple(one for one in _latest(shown, asks, arms).values() if not one.picture)


def _latest(
    shown: Sequence[Shown], asks: Sequence[str], arms: Sequence[str]
) -> dict[tuple[str, str, int], Shown]:
    """A kill in the midst of a grid, or a failure, has pictures told twice; the last telling counts.

    But for one that failed this time and was drawn before: that picture is there.
    """
    prompts, names = set(asks), set(arms)
    latest: dict[tuple[str, str, int], Shown] = {}
    for one in shown:
        key = (one.ask, one.arm, one.index)
        if one.ask in prompts and one.arm in names and (one.picture or not _drawn(latest.get(key))):
            latest[key] = one
    return latest


def _drawn(one: Shown | None) -> bool:
    return one is not None and bool(one.picture)

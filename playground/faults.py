"""Faults on demand: what goes wrong, where, and how often."""

import re
from dataclasses import dataclass, field
from typing import Literal, TypeAlias, get_args

from playground.shapes import Json

Kind: TypeAlias = Literal["status", "slow", "drop_before", "drop_after", "limit"]
KINDS = get_args(Kind)


@dataclass(slots=True)
class Fault:
    """`seconds` is the wait of "slow" and the retry_after of "limit"; `times` None: for ever."""

    id: int
    method: str  # "*": any
    path: re.Pattern[str]
    kind: Kind
    status: int = 500
    code: int = 0
    seconds: float = 1.0
    times: int | None = 1
    hit: int = 0

    def fits(self, method: str, path: str) -> bool:
        return self.method in {"*", method} and self.path.search(path) is not None


@dataclass(slots=True)
class Faults:
    """Those that wait for their request. The oldest that fits goes first."""

    waiting: list[Fault] = field(default_factory=list[Fault])
    made: int = 0

    def add(self, order: Json) -> Fault:
        """Raises `ValueError` with a sentence for an order nobody can follow."""
        if order.get("kind") not in KINDS:
            raise ValueError(f"kind is one of {', '.join(KINDS)}")
        self.made += 1
        extras = {k: order[k] for k in ("status", "code", "seconds", "times") if k in order}
        method = str(order.get("method") or "*").upper()
        fault = Fault(self.made, method, _pattern(order), order["kind"], **extras)
        self.waiting.append(fault)
        return fault

    def clear(self) -> None:
        self.waiting.clear()

    def take(self, method: str, path: str) -> Fault | None:
        """The fault for this request, used up by one."""
        for fault in self.waiting:
            if fault.fits(method, path):
                return self._use(fault)
        return None

    def _use(self, fault: Fault) -> Fault:
        fault.hit += 1
        if fault.times is not None and fault.hit >= fault.times:
            self.waiting.remove(fault)
        return fault


def _pattern(order: Json) -> re.Pattern[str]:
    try:
        return re.compile(str(order.get("path") or ".*"))
    except re.error as error:
        raise ValueError(f"path is no regular expression: {error}") from None

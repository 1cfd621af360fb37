"""What a button says when it is pressed: all of it, so that it works for ever.

    sty:1:<job, 26 characters>:<action>[:<argument>]

Stateless and versioned: no process has to remember a message.  Longest: 26 + 74.
Parsing is total: whatever did not come from here is None, never an error.
"""

import re
from dataclasses import dataclass

PREFIX = "sty:1"
LONGEST = 100  # Discord's limit for a custom_id
ACTIONS: tuple[str, ...] = (
    "seed",    # 🎲
    "mask",    # 🧩
    "edit",    # ✏️ opens the modal; the modal's own id carries "edited"
    "edited",
    "info",    # ℹ️
    "del",     # 🗑️
    "restore",
    "u",       # argument: position from 0
    "v",       # the same: variations of this picture
    "subtle",  # the same, nearer to it
    "x2",      # the same at twice its size
    "fav",     # ❤
    "keep",    # the select; its values are numbers of the plan's choices
    "rate",    # 👍 👎: the list's values, or a button's argument, say which picture
    "ab",      # a ballot; argument: a, b, tie
    "reveal",
    "cancel",
    "again",   # run a cancelled or failed job once more
    "page",    # argument: a page of a list; job = 26 zeros where there is none
    "open",    # argument: what to open from a list
)  # fmt: skip
NOBODY = "0" * 26
_SHAPE = re.compile(
    rf"{PREFIX}:([0-9A-HJKMNP-TV-Z]{{26}}):({'|'.join(ACTIONS)})(?::([\w.~-]{{1,48}}))?", re.ASCII
)


@dataclass(frozen=True, slots=True)
class Pressed:
    """What was pressed: a job, an action, an argument ("" for none)."""

    job: str
    action: str
    argument: str = ""

    @property
    def custom_id(self) -> str:
        """As it stands on the button."""
        tail = f":{self.argument}" if self.argument else ""
        return f"{PREFIX}:{self.job}:{self.action}{tail}"


def parse(custom_id: str) -> Pressed | None:
    """Read a custom_id back; None for anything that is not exactly one of ours."""
    found = _SHAPE.fullmatch(custom_id)
    return Pressed(found[1], found[2], found[3] or "") if found else None

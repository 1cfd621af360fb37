"""A line of `stylus doctor`."""

from typing import Literal, TypeAlias

import msgspec

State: TypeAlias = Literal["good", "note", "missing"]


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the report. `missing` = nothing can be drawn; `note` = worth knowing."""

    what: str
    state: State
    says: str
    mend: str = ""

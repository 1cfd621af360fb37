"""What every table is made of: numbers with bounds, and tables that hide their secrets."""

from typing import Annotated, Literal, TypeAlias

import msgspec

Count: TypeAlias = Annotated[int, msgspec.Meta(ge=1)]
Natural: TypeAlias = Annotated[int, msgspec.Meta(ge=0)]
Auto: TypeAlias = Literal["auto"]
AUTO: Auto = "auto"  # in `[drawing]`: what suits the checkpoint
Seconds: TypeAlias = Annotated[float, msgspec.Meta(gt=0)]
Strength: TypeAlias = Annotated[float, msgspec.Meta(gt=0)]


class Section(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A table of the file."""


class Guarded(Section, frozen=True):
    """A table with secrets in it. Settings are logged and shown; a secret never is."""

    def __repr__(self) -> str:
        """Every `…token` and `…key` that is set reads `…`."""
        shown = {name: getattr(self, name) for name in self.__struct_fields__}
        hidden = {
            name: "…" if value and name.endswith(("token", "key")) else value
            for name, value in shown.items()
        }
        return f"{type(self).__name__}({', '.join(f'{k}={v!r}' for k, v in hidden.items())})"

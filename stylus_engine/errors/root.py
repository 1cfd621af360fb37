"""The root of the tree."""

from dataclasses import dataclass


@dataclass(eq=False)
class StylusError(Exception):
    """The root: never raised itself. A leaf is a frozen set of facts; its words stand in the table."""

    def __str__(self) -> str:
        """The sentence a person reads."""
        from stylus_engine.errors.sentences import sentence  # noqa: PLC0415 - the table names us

        return sentence(self)

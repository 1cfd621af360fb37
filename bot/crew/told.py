"""What a worker refused, on this side of the wall."""

from dataclasses import dataclass

from stylus_engine.errors import StylusError


@dataclass(eq=False)
class Told(StylusError):
    """A refusal from another process: the class name in the tree of errors, and its sentence."""

    kind: str
    sentence: str

    def __str__(self) -> str:
        """The sentence, as it was said there."""
        return self.sentence

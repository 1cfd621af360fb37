"""One bit per (task, adapter)."""

from stylus_engine.model.noun import Noun


class Mask(Noun, frozen=True, kw_only=True):
    """Which choices of a plan are lit in one picture: `bits[task][choice]`.

    Source: the paper's section 3.3, "masks".  `code` is its name in manifests,
    buttons and on screens: a group of 0 and 1 for every task, as in `10.1`.
    """

    bits: tuple[tuple[bool, ...], ...] = ()

    @classmethod
    def parse(cls, code: str) -> "Mask":
        """Read `code` back. Raises `ValueError` for any other characters than 0, 1 and dots."""
        if set(code) - set("01."):
            raise ValueError(f"not a mask: {code[:40]!r}")
        groups = code.split(".") if code else []
        return cls(bits=tuple(tuple(bit == "1" for bit in group) for group in groups))

    @property
    def code(self) -> str:
        """The bits as text; `Mask.parse` is its inverse for plans whose tasks all have choices."""
        return ".".join("".join("1" if bit else "0" for bit in group) for group in self.bits)

    @property
    def lit(self) -> int:
        """How many adapters are lit."""
        return sum(sum(group) for group in self.bits)

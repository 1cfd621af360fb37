"""A seeded permutation of range(n) that needs no list of n."""

from dataclasses import dataclass
from hashlib import blake2b

ROUNDS = (
    4  # Luby and Rackoff: four rounds make a Feistel network a strong pseudo-random permutation
)


@dataclass(frozen=True, slots=True)
class Shuffle:
    """A bijection of 0 .. size-1, chosen by `seed`, computed one value at a time.

    A Feistel network permutes the next even power of two; values that fall outside
    are permuted again until they fall inside (cycle walking), on average less than
    four times.
    """

    size: int
    seed: int

    def __getitem__(self, index: int) -> int:
        """Where `index` goes. Raises `IndexError` outside 0 .. size-1."""
        if not 0 <= index < self.size:
            raise IndexError(index)
        value = self._permute(index)
        while value >= self.size:
            value = self._permute(value)
        return value

    def _permute(self, value: int) -> int:
        half = max(1, ((self.size - 1).bit_length() + 1) // 2)
        left, right = value >> half, value & ((1 << half) - 1)
        for turn in range(ROUNDS):
            left, right = right, left ^ self._hash(turn, right, half)
        return (left << half) | right

    def _hash(self, turn: int, value: int, bits: int) -> int:
        text = f"{self.seed}:{self.size}:{turn}:{value}".encode()
        digest = blake2b(text, digest_size=(bits + 7) // 8).digest()
        return int.from_bytes(digest) & ((1 << bits) - 1)

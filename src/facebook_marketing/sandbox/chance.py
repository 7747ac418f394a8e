"""Chance that can be repeated: integers drawn from a seed and a place, never from a global generator.

Everything that the sandbox invents is a pure function of (seed, place), so that two worlds of one seed agree in
every digit, and any row can be drawn without drawing those before it (a counter-based generator, SplitMix64).
"""

from bisect import bisect_right
from collections.abc import Sequence
from hashlib import blake2b
from itertools import accumulate
from typing import TypeVar

__all__ = ["FULL", "Dice", "cumulative", "mix", "salt", "split", "step"]

T = TypeVar("T")

FULL = 1 << 16
"""The whole of a share: shares and positions on a line are integers out of this."""

_MASK = (1 << 64) - 1
_GOLDEN = 0x9E3779B97F4A7C15


def mix(value: int) -> int:
    """Scramble 64 bits (the finaliser of SplitMix64): neighbours in, strangers out."""
    value &= _MASK
    value = ((value ^ (value >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    value = ((value ^ (value >> 27)) * 0x94D049BB133111EB) & _MASK
    return value ^ (value >> 31)


def step(key: int, counter: int) -> int:
    """Return the 64 bits that stand at `counter` in the sequence of `key`."""
    return mix(key + counter * _GOLDEN)


def salt(*parts: object) -> int:
    """Turn names and numbers into a 64-bit key; slow, for things made once."""
    text = "\x1f".join(map(str, parts)).encode()
    return int.from_bytes(blake2b(text, digest_size=8).digest(), "big")


class Dice:
    """A short run of draws for one thing: `Dice(seed, "ad", 17)` always falls the same way."""

    __slots__ = ("_counter", "_key")

    def __init__(self, *parts: object) -> None:
        """Start the sequence that belongs to these parts."""
        self._key = salt(*parts)
        self._counter = 0

    def bits(self) -> int:
        """Draw 64 bits."""
        self._counter += 1
        return step(self._key, self._counter)

    def below(self, limit: int) -> int:
        """Draw from 0 … limit - 1."""
        return self.bits() % limit

    def between(self, low: int, high: int) -> int:
        """Draw from low … high, both ends included."""
        return low + self.bits() % (high - low + 1)

    def hit(self, percent: float) -> bool:
        """Be true so many times in a hundred."""
        return self.bits() % 10_000 < percent * 100

    def pick(self, choices: Sequence[T]) -> T:
        """Draw one of the choices."""
        return choices[self.bits() % len(choices)]

    def weighted(self, choices: Sequence[tuple[T, int]]) -> T:
        """Draw one of (choice, weight)."""
        marks = list(accumulate(weight for _, weight in choices))
        return choices[bisect_right(marks, self.bits() % marks[-1])][0]

    def digits(self, length: int) -> str:
        """Draw so many decimal digits, the first not zero."""
        first = 10 ** (length - 1)
        return str(first + self.bits() % (9 * first))

    def hexadecimal(self, length: int) -> str:
        """Draw so many hexadecimal digits."""
        text = ""
        while len(text) < length:
            text += f"{self.bits():016x}"
        return text[:length]


def cumulative(weights: Sequence[int]) -> tuple[int, ...]:
    """Turn weights into running totals, as `split` wants them."""
    return tuple(accumulate(weights))


def split(count: int, marks: Sequence[int], offset: int) -> list[int]:
    """Cut `count` into shares by running totals `marks`; the shares always add up to `count`.

    Each share is its exact quota rounded up or down; `offset` (0 … last mark - 1) says which. A share whose weight
    is zero is zero. Where the marks are the running totals of whole counts that sum to at least `count`,
    no share is larger than its count.
    """
    total = marks[-1]
    shares = []
    before = 0
    for mark in marks:
        reached = (count * mark + offset) // total
        shares.append(reached - before)
        before = reached
    return shares

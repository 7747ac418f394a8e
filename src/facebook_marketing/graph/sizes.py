"""Page sizes that learn: halved when Meta says "reduce the amount of data", creeping back after success. Pure."""

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class PageSize:
    """How many rows to ask for. `most` is where it starts and where it returns to; `sore` the size last refused."""

    most: int
    now: int
    good: int = 0
    sore: int | None = None

    @classmethod
    def starting(cls, most: int) -> "PageSize":
        """The size before anything was learned."""
        return cls(most, most)


_CALM = 24
"""Pages in a row after which a size that was once refused is tried again."""


def shrunk(size: PageSize) -> PageSize | None:
    """Half of it; None when one row is already too much."""
    if size.now <= 1:
        return None
    return replace(size, now=max(1, size.now // 2), good=0, sore=size.now)


def succeeded(size: PageSize) -> PageSize:
    """A little more after each success; what was refused is left alone until a dozen pages went well."""
    good = size.good + 1
    if size.now >= size.most:
        return replace(size, good=good)
    ceiling = size.most if size.sore is None or good >= _CALM else min(size.most, size.sore - 1)
    grown = min(ceiling, size.now + max(1, size.now // 2))
    if grown <= size.now:
        return replace(size, good=good)
    return replace(size, now=grown, good=0 if grown > (size.sore or grown) else good)

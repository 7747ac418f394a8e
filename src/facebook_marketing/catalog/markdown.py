"""Pieces of pages that are written from the tables."""

from collections.abc import Iterable, Sequence


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table, a blank line before it."""
    lines = (head, ["---"] * len(head), *rows)
    return "\n" + "".join(f"| {' | '.join(line)} |\n" for line in lines)


def code(names: Iterable[str], nothing: str = "none") -> str:
    """The names as code, divided by commas; `nothing` where there is none."""
    return ", ".join(f"`{name}`" for name in names) or nothing

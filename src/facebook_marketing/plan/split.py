"""How a refused report divides (by date, by entity, by field) and how parts by field join again."""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from facebook_marketing.plan.windows import Increment, Window, buckets

Row = Mapping[str, Any]


class JoinError(ValueError):
    """Parts of a report cannot be joined without losing rows; the message names the key and the next step."""


def halve_dates(window: Window, increment: Increment, anchor: date) -> tuple[Window, Window] | None:
    """Halve a window into its newer and its older part, cut on a bucket border; None when the window is one bucket."""
    pieces = tuple(buckets(window, increment, anchor))
    if not pieces[1:]:
        return None
    middle = pieces[len(pieces) // 2]
    return Window(middle.since, window.until), Window(window.since, pieces[len(pieces) // 2 - 1].until)


def bisect_ids(ids: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]] | None:
    """Halve the ids: the parts together hold every id once, in order; None for fewer than two ids."""
    if not ids[1:]:
        return None
    middle = (len(ids) + 1) // 2
    return tuple(ids[:middle]), tuple(ids[middle:])


def halve_fields(
    fields: Sequence[str],
    keys: Collection[str],
) -> tuple[tuple[str, ...], tuple[str, ...]] | None:
    """Halve the fields; None when fewer than two of them are not key columns.

    Key columns found in `fields` stand in both halves, for `join`. Keys that are not fields (breakdowns: Meta refuses
    them in `fields`) are not added: they come with every row anyway.
    """
    kept = tuple(name for name in fields if name in keys)
    free = tuple(name for name in fields if name not in keys)
    if not free[1:]:
        return None
    middle = (len(free) + 1) // 2
    return kept + free[:middle], kept + free[middle:]


def join(left_rows: Iterable[Row], right_rows: Iterable[Row], key: Sequence[str]) -> list[dict[str, Any]]:
    """Join the rows of two halves by field, one row for each key: left's order, then what only the right side has.

    A key column that is absent (Meta leaves out the hour of a day without impressions) counts as a value of its own.
    Where both sides carry a column the left one's value stands. Raises JoinError when one side holds a key twice:
    such rows would collapse into one.
    """
    left, right = _by_key(left_rows, key), _by_key(right_rows, key)
    return [{**right.get(found, {}), **left.get(found, {})} for found in {**left, **right}]


def _by_key(rows: Iterable[Row], key: Sequence[str]) -> dict[tuple[str, ...], Row]:
    found: dict[tuple[str, ...], Row] = {}
    for row in rows:
        value = tuple(json.dumps(row[name], sort_keys=True) if name in row else "" for name in key)
        if value in found:
            shown = ", ".join(f"{name}={row.get(name)!r}" for name in key)
            message = (
                f"Two rows of one part have the same key ({shown}), so parts by field cannot be joined without losing "
                "rows. Next step: add the missing breakdown or id columns to the key, or ask for fewer days instead."
            )
            raise JoinError(message)
        found[value] = row
    return found

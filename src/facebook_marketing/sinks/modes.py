"""How a stream's rows meet those that a table has already: Airbyte's four sync modes, and one without the history."""

from enum import StrEnum

from facebook_marketing.catalog.stream import Behaviour, Stream


class Mode(StrEnum):
    """What a sync makes of a table."""

    OVERWRITE = "overwrite"  # read in full; the table is what was read last
    APPEND = "append"  # read in full; every sync adds all rows
    INCREMENTAL_APPEND = "incremental_append"  # what is new or changed is added
    DEDUPED = "deduped"  # what is new or changed replaces its older self: one row a key
    DEDUPED_HISTORY = "deduped_history"  # the same, and every version stays in `<table>_history`

    @property
    def incremental(self) -> bool:
        """Go on from the saved state; else everything is read."""
        return self not in {Mode.OVERWRITE, Mode.APPEND}


def default_mode(stream: Stream) -> Mode:
    """Give entities with a key their history, and reports one row a key: their numbers change for 28 days.

    What was not delivered this time (`sync_gaps`) is said anew by each sync.
    """
    if stream.behaviour is Behaviour.LEDGER:
        return Mode.OVERWRITE
    if stream.behaviour is Behaviour.REPORT or not stream.primary_key:
        return Mode.DEDUPED
    return Mode.DEDUPED_HISTORY


def tracked(stream: Stream) -> bool:
    """Objects with a key have a content that changes, and may vanish; rows of reports only change."""
    return bool(stream.primary_key) and stream.behaviour in {Behaviour.EDGE, Behaviour.NODE}

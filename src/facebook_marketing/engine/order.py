"""What one sync is asked to do: the narrow values that the engine reads."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from facebook_marketing.catalog.stream import Stream


@dataclass(frozen=True, slots=True)
class Selected:
    """A stream, cut to the chosen columns, and how it is read."""

    stream: Stream
    incremental: bool = True


@dataclass(frozen=True, slots=True)
class Order:
    """The settings of a sync.

    `start`/`end` are inclusive days in each account's own zone; `end` None means today; `report_start` is where reports
    begin if not at `start`. `statuses` maps "campaign",
    "adset" and "ad" to the effective statuses wanted of these objects (empty: Meta's default). `page_size` is an upper
    bound of the user's own. `lookback` "changed" leaves out days whose totals did not move. `creatives` "changed" reads
    the creatives of changed ads, and all of them every `sweep_days` (0: never). `sweep` says that the sink wants to
    know which objects are gone; `missing` that objects which reports name and Meta does not list are asked for.
    """

    accounts: tuple[str, ...]
    start: date | None = None
    report_start: date | None = None
    end: date | None = None
    statuses: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    thumbnails: bool = False
    refresh_hours: float = 20.0
    lookback: Literal["full", "changed"] = "full"
    page_size: int | None = None
    parallel_jobs: int = 16
    strict: bool = False
    creatives: Literal["full", "changed"] = "changed"
    sweep_days: int = 7
    sweep: bool = False
    missing: bool = True

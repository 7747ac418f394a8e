"""What a stream is: values only. The rows themselves stand in `streams.py` and `reports.py`."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any, Literal

Level = Literal["ad", "adset", "campaign", "account"]
Period = Literal["weekly", "monthly", "all_days"]


class Behaviour(StrEnum):
    """The three ways in which this API is read, and what we say of the reading ourselves."""

    NODE = "read a node"
    EDGE = "walk an edge"
    REPORT = "run a report"
    LEDGER = "tell what was not delivered"


class UseCase(StrEnum):
    """Meta's quota buckets that a reader meets (handbook, limits-and-errors §1.2)."""

    ADS_MANAGEMENT = "ads_management"
    ADS_INSIGHTS = "ads_insights"
    CUSTOM_AUDIENCE = "custom_audience"
    LEADGEN = "leadgen"


class Kind(StrEnum):
    """How a column's wire value becomes ours. Decides record type, JSON schema and warehouse type."""

    STRING = "string"
    INTEGER = "integer"
    NUMBER = "number"  # a decimal with every digit that Meta sent
    BOOLEAN = "boolean"
    DATE = "date"  # YYYY-MM-DD, passed through
    DATETIME = "datetime"  # -0700 on the wire, RFC 3339 from us
    JSON = "json"  # free-form object or array: copied through as it is
    STATS = "stats"  # list of AdsActionStats
    HISTOGRAM = "histogram"  # list of AdsHistogramStats: value is a list
    RESULTS = "results"  # list of {indicator, values:[{value, attribution_windows}]}


@dataclass(frozen=True, slots=True)
class Column:
    """One property of a stream.

    `schema` is its JSON schema (draft 7) as the catalog shows it.
    `requested` is False for what is never asked of Meta (filled by us, or known to do harm).
    """

    name: str
    kind: Kind
    schema: Mapping[str, Any]
    requested: bool = True


@dataclass(frozen=True, slots=True)
class Report:
    """An insight query without its dates."""

    level: Level = "ad"
    breakdowns: tuple[str, ...] = ()
    action_breakdowns: tuple[str, ...] = ("action_type",)
    time_increment: int | Period = 1
    attribution_windows: tuple[str, ...] = ()
    filtering: tuple[Mapping[str, Any], ...] = ()
    use_account_attribution_setting: bool | None = None
    use_unified_attribution_setting: bool | None = None
    action_report_time: str | None = None
    product_id_limit: int | None = None
    start_date: date | None = None
    end_date: date | None = None
    lookback_days: int = 28
    timeout_minutes: int = 60


@dataclass(frozen=True, slots=True)
class Parents:
    """The objects of an account whose own edge holds a stream's rows: its ads, for `/{ad}/leads`.

    `edge` below the account lists them, whatever their status of `entity` is. `field` is asked of each, `path` leads to
    a text inside it, and only those are walked that have one of `values` there, or nothing.
    """

    edge: str
    entity: Literal["campaign", "adset", "ad"]
    field: str
    path: tuple[str, ...]
    values: frozenset[str]


@dataclass(frozen=True, slots=True)
class Shared:
    """A stream of objects that several accounts share, each delivered once.

    `listed` is the path of those that the token's user belongs to, `field` the one of the account's node that names
    its own, and `accounts` the column that we fill with the accounts of the sync that do.
    """

    listed: str
    field: str
    accounts: str


Veil = Literal["hashed", "plain", "dropped"]


@dataclass(frozen=True, slots=True)
class Personal:
    """What people have written of themselves: a `column` of {name, values}, and what becomes of the values.

    The values of the names in `plain` say nothing of a person and stay.
    """

    column: str
    veil: Veil = "hashed"
    plain: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Stream:
    """One row of the catalogue: everything in which a stream differs from the next one.

    `edge` is the path below the account ("campaigns"), "" for the account node itself and
    "insights" for reports. `filter_entity` is the prefix in Meta's filters (`campaign.updated_time`),
    None where the edge refuses `filtering`. `server_cursor` says that Meta filters by the cursor;
    where it is False and a cursor exists, the reader filters by itself and assumes no order.
    `via` names the objects that hold the rows, where rows that changed are found through them: an ad's creative has no
    time of its own, the ad has. `inject` names the columns that we fill because Meta does not return them.
    `offered_by_default` is False for what only those read who name it: a part of another stream, or a report of its
    own price.

    `needs` names the permission without which Meta keeps an edge closed that is read where the token may: closed, it is
    a gap and no failure. `cursor_filter` is the name of the cursor in `filtering` where the edge calls it otherwise.
    `wrapped_in` are keys that Meta puts around the rows.
    """

    name: str
    behaviour: Behaviour
    node: str
    edge: str
    columns: tuple[Column, ...]
    primary_key: tuple[str, ...]
    cursor: str | None = None
    server_cursor: bool = False
    via: Literal["ads"] | None = None
    filter_entity: Literal["campaign", "adset", "ad"] | None = None
    use_case: UseCase = UseCase.ADS_MANAGEMENT
    page_size: int = 500
    params: tuple[tuple[str, str], ...] = ()
    inject: tuple[str, ...] = ()
    report: Report | None = None
    deprecated: str | None = None
    offered_by_default: bool = True
    needs: str | None = None
    cursor_filter: str | None = None
    wrapped_in: tuple[str, ...] = ()
    parents: Parents | None = None
    shared: Shared | None = None
    personal: Personal | None = None

    @property
    def incremental(self) -> bool:
        """Whether a sync can read only what changed since the last one."""
        return self.cursor is not None or self.via is not None

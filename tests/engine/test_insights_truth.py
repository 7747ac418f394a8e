"""The truth about reports: the sandbox's own rows, made readable by a slow way that shares nothing with ours."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from facebook_marketing.sandbox import Options
from facebook_marketing.sandbox.insights import Filter, Query, check, rows
from facebook_marketing.sandbox.world import Size
from syncing import ACCOUNT, Site
from virtual import START

Row = dict[str, Any]

TODAY = date(2026, 11, 21)
"""In the zones of all accounts but Auckland's, when virtual time begins."""
MONDAY = date(1970, 1, 5)
TINY = Size(campaigns=3, adsets=5, ads=9, creatives=9, images=4, videos=2, activities=10, audiences=2)
SMALL = Size(campaigns=6, adsets=12, ads=30, creatives=30, images=8, videos=4, activities=20, audiences=3)
WINDOWS = ("1d_click", "7d_click", "28d_click", "1d_view")
COUNTS = ("impressions", "clicks", "spend")
ASSETS = ("body", "call_to_action", "description", "image", "link_url", "title", "video")

_TEXTS = frozenset({
    "account_currency", "age", "attribution_setting", "buying_type", "comscore_market", "country", "created_time",
    "date_start", "date_stop", "device_platform", "frequency_value", "gender", "impression_device", "objective",
    "optimization_goal", "platform_position", "product_id", "publisher_platform", "region", "updated_time",
})  # fmt: skip
_TEXT_ENDS = ("_id", "_name", "_ranking", "_time_zone", "_asset")


@dataclass(frozen=True, slots=True)
class Asked:
    """A report as a person would say it. `anchor` is where N-day buckets are counted from."""

    since: date
    until: date = TODAY
    level: str = "ad"
    fields: tuple[str, ...] = COUNTS
    breakdowns: tuple[str, ...] = ()
    action_breakdowns: tuple[str, ...] | None = ("action_type",)
    windows: tuple[str, ...] = WINDOWS
    increment: int | str = 1
    anchor: date = MONDAY
    filtering: tuple[Filter, ...] = ()
    product_id_limit: int | None = None
    use_account_attribution_setting: bool = False


def still(size: Size = TINY, **options: Any) -> Site:
    """A site whose sandbox stands still, so that every run gives the numbers of one moment; runs end at once."""
    site = Site(Options(**{"size": size, "run_seconds": 0.0, "empty_pages": False, **options}))
    site.sandbox.set_clock(START)
    return site


def move(site: Site, days: float) -> None:
    """Moves a still site on."""
    site.now.days += days
    site.sandbox.set_clock(START + site.now.days * 86_400)


def day(ago: int, today: date = TODAY) -> date:
    """So many days before today."""
    return today - timedelta(days=ago)


def pieces(asked: Asked) -> tuple[tuple[date, date], ...]:
    """First and last day of each row's bucket, found day by day."""

    def label(one: date) -> object:
        match asked.increment:
            case "all_days":
                return 0
            case "monthly":
                return one.year, one.month
            case "weekly":
                return one.isocalendar()[:2]
            case number:
                return (one - asked.anchor).days // int(number)

    found: dict[object, list[date]] = {}
    for number in range((asked.until - asked.since).days + 1):
        one = asked.since + timedelta(days=number)
        found.setdefault(label(one), []).append(one)
    return tuple((days[0], days[-1]) for days in found.values())


def wire_rows(site: Site, asked: Asked, account: str = ACCOUNT, *, every_status: bool = True) -> list[Row]:
    """What Meta would send, archived and deleted objects included."""
    world = site.sandbox.world
    node = world.node(f"act_{account}")
    assert node is not None
    every = Filter(f"{asked.level}.effective_status", "NOT_IN", ("NO SUCH STATUS",))
    query = Query(
        object=node,
        level=asked.level,
        fields=tuple(dict.fromkeys((*keys_of(asked.level)[1:], *asked.fields))),
        breakdowns=asked.breakdowns,
        action_breakdowns=asked.action_breakdowns,
        attribution_windows=asked.windows,
        ranges=pieces(asked),
        filtering=(*asked.filtering, *((every,) if every_status and asked.level != "account" else ())),
        asynchronous=True,
        product_id_limit=asked.product_id_limit,
        use_account_attribution_setting=asked.use_account_attribution_setting,
    )
    check(query, world)
    return [dict(row) for row in rows(query, world)]


def truth(site: Site, asked: Asked, account: str = ACCOUNT, *, every_status: bool = True) -> list[Row]:
    """The rows that our reader must deliver."""
    return [expected(row, asked, account) for row in wire_rows(site, asked, account, every_status=every_status)]


def expected(wire: Mapping[str, Any], asked: Asked, account: str) -> Row:
    """One wire row as ours, cell by cell."""
    row: Row = {"account_id": account}
    renamed = "objective_results" in asked.fields and "results" not in asked.fields
    for name, value in wire.items():
        row["objective_results" if renamed and name == "results" else name] = _cell(name, value)
    for name in asked.breakdowns:
        if name.removesuffix("_asset") in ASSETS:
            row[f"{name}_id"] = row[name]["id"] if name in row else "(none)"
        else:
            row.setdefault(name, "(none)")
    return row


def _cell(name: str, value: Any) -> Any:
    if isinstance(value, list):
        return [_entry(one) for one in value]
    if name in _TEXTS or name.endswith(_TEXT_ENDS):
        return value
    return Decimal(value)


def _entry(entry: Mapping[str, Any]) -> Row:
    if "indicator" in entry:
        found = [{**one, "value": Decimal(one["value"])} for one in entry.get("values", ())]
        return {**entry, **({"values": found} if "values" in entry else {})}
    return {name: value if name.startswith("action_") else _count(value) for name, value in entry.items()}


def _count(value: Any) -> Any:
    return [Decimal(one) for one in value] if isinstance(value, list) else Decimal(value)


def digits(value: Any) -> Any:
    """The value with each number as "#" and its digits, so that 1.5, 1.50 and the text 1.5 are three things."""
    if isinstance(value, Mapping):
        return {name: digits(one) for name, one in value.items() if one is not None}
    if isinstance(value, list | tuple):
        return [digits(one) for one in value]
    return f"#{value}" if isinstance(value, int | Decimal) and not isinstance(value, bool) else value


def key(row: Mapping[str, Any], names: Iterable[str]) -> tuple[str, ...]:
    """What tells a row apart."""
    return tuple(str(row.get(name)) for name in names)


def keys_of(level: str = "ad", breakdowns: Iterable[str] = ()) -> tuple[str, ...]:
    """The names of a report's key columns."""
    ids = ("account_id",) if level == "account" else ("account_id", f"{level}_id")
    split = (f"{name}_id" if name.removesuffix("_asset") in ASSETS else name for name in breakdowns)
    return ("date_start", *ids, *split)


def assert_same(ours: Sequence[Row], theirs: Sequence[Row], names: Iterable[str]) -> None:
    """Row by row, value by value, digit by digit; nothing twice."""
    names = tuple(names)
    mine = {key(row, names): digits(row) for row in ours}
    meta = {key(row, names): digits(row) for row in theirs}
    assert len(mine) == len(ours), "a row was delivered twice"
    assert len(meta) == len(theirs), "the key does not tell rows apart"
    assert sorted(mine) == sorted(meta)
    assert [k for k in meta if mine[k] != meta[k]] == []


def asked_of_meta(calls: Iterable[Any]) -> list[dict[str, Any]]:
    """The parameters of each report that was asked for and granted, by run or at once; dates as dates.

    Further pages are no reports, and neither is the look for the account's first delivery.
    """
    found = []
    for call in calls:
        said = call.params
        first = call.edge == "insights" and call.code is None and "time_range" in said and "after" not in said
        if not first or (call.method == "GET" and said["fields"] == "impressions" and said["level"] == "account"):
            continue
        span = json.loads(said["time_range"])
        since, until = date.fromisoformat(span["since"]), date.fromisoformat(span["until"])
        found.append({**said, "method": call.method, "account": call.account, "since": since, "until": until})
    return found


def days_asked(calls: Iterable[Any], account: str = ACCOUNT) -> list[date]:
    """Every day that reports were asked for, as often as it was."""
    spans = [(one["since"], one["until"]) for one in asked_of_meta(calls) if one["account"] == account]
    return sorted(since + timedelta(days=n) for since, until in spans for n in range((until - since).days + 1))


def every_day(since: date, until: date = TODAY) -> list[date]:
    """Every day from the first to the last, both included."""
    return [since + timedelta(days=n) for n in range((until - since).days + 1)]


def test_numbers_are_compared_digit_by_digit_and_apart_from_texts() -> None:
    assert digits({"spend": Decimal("1.50")}) == {"spend": "#1.50"}
    assert digits({"spend": Decimal("1.50")}) != digits({"spend": Decimal("1.5")})
    assert digits({"ad_id": "12"}) != digits({"ad_id": 12})
    assert digits([12, Decimal(12)]) == ["#12", "#12"]


def test_a_lost_row_a_doubled_row_and_a_changed_digit_are_seen() -> None:
    site = still()
    found = truth(site, Asked(day(40), day(38)))
    assert len(found) > 4
    assert_same(found, found, keys_of())
    for wrong in (found[1:], [*found, found[0]], [{**found[0], "spend": found[0]["spend"] + 1}, *found[1:]]):
        with pytest.raises(AssertionError):
            assert_same(wrong, found, keys_of())


def test_buckets_lie_where_a_calendar_has_them() -> None:
    since, until = date(2026, 10, 29), date(2026, 11, 10)
    assert pieces(Asked(since, until, increment="monthly")) == (
        (since, date(2026, 10, 31)),
        (date(2026, 11, 1), until),
    )
    assert pieces(Asked(since, until, increment="weekly")) == (
        (since, date(2026, 11, 1)),
        (date(2026, 11, 2), date(2026, 11, 8)),
        (date(2026, 11, 9), until),
    )
    assert pieces(Asked(since, until, increment=7)) == pieces(Asked(since, until, increment="weekly"))
    assert pieces(Asked(since, until, increment="all_days")) == ((since, until),)
    assert len(pieces(Asked(since, until))) == 13

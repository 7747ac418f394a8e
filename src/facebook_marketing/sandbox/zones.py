"""Dates and times as Meta writes them: in the account's zone, with that day's offset and no colon in it."""

from calendar import monthrange
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

__all__ = ["DAY", "day_bounds", "day_of", "month_ends", "months_before", "today", "wire_date", "wire_time", "zone"]

DAY = 86_400


@cache
def zone(name: str) -> ZoneInfo:
    """Return the zone of that name."""
    return ZoneInfo(name)


def wire_time(moment: float, name: str = "UTC") -> str:
    """Write unix seconds as `2026-02-02T11:05:44+0100`, daylight saving as of that moment."""
    return datetime.fromtimestamp(int(moment), zone(name)).strftime("%Y-%m-%dT%H:%M:%S%z")


def wire_date(moment: float, name: str) -> str:
    """Write the local day of a moment as `2026-02-02`."""
    return datetime.fromtimestamp(int(moment), zone(name)).strftime("%Y-%m-%d")


def day_of(moment: float, name: str) -> int:
    """Return the ordinal of the local day of a moment."""
    return datetime.fromtimestamp(int(moment), zone(name)).toordinal()


def today(moment: float, name: str) -> date:
    """Return the local day of a moment."""
    return datetime.fromtimestamp(int(moment), zone(name)).date()


@cache
def day_bounds(ordinal: int, name: str) -> tuple[int, int]:
    """Return unix seconds of the local midnights that begin and end a day (23, 24 or 25 hours apart)."""
    begin, end = (
        datetime.combine(date.fromordinal(day), time(), zone(name)).astimezone(UTC) for day in (ordinal, ordinal + 1)
    )
    return int(begin.timestamp()), int(end.timestamp())


def months_before(day: date, months: int) -> date:
    """Return the same day of the month so many months earlier, or that month's last day."""
    index = day.year * 12 + day.month - 1 - months
    year, month = divmod(index, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def month_ends(since: date, until: date) -> list[date]:
    """Return the last days of the months touched by since … until, the last one cut at `until`."""
    ends = []
    day = since
    while day <= until:
        last = day.replace(day=monthrange(day.year, day.month)[1])
        ends.append(min(last, until))
        day = last + timedelta(days=1)
    return ends

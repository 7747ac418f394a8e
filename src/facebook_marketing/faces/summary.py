"""What stands in a DuckDB file after a sync: rows of each table, and what was spent, by month and by campaign."""

from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

REPORT = "ads_insights"
CAMPAIGNS = 10

_NEEDED = frozenset(("date_start", "spend", "campaign_id", "campaign_name", "account_currency"))


def summary(database: Path, *, dataset: str = "facebook_ads", table: str = REPORT) -> str:
    """Read the file back and lay out its tables; spend stands in the account's currency, digit for digit.

    `table` is the daily report that spend is taken from; without it only the tables are shown.
    """
    import duckdb

    with duckdb.connect(str(database), read_only=True) as connection:
        parts = [_tables(connection, dataset)]
        if _columns(connection, dataset, table) >= _NEEDED:
            parts += [_by_month(connection, dataset, table), _by_campaign(connection, dataset, table)]
    return "\n\n".join(parts)


def layout(title: str, head: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Lay a table out in plain text: words to the left, numbers to the right."""
    lines = [list(head), *([value if isinstance(value, str) else f"{value:,}" for value in row] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    right = [all(not isinstance(row[place], str) for row in rows) for place in range(len(head))]
    shapes = [f"{{:{'>' if number else '<'}{width}}}" for number, width in zip(right, widths, strict=True)]
    laid = ("  ".join(shape.format(text) for shape, text in zip(shapes, line, strict=True)) for line in lines)
    return "\n".join([title, *(f"  {line.rstrip()}" for line in laid)])


def _tables(connection: "DuckDBPyConnection", dataset: str) -> str:
    names = _column(connection, _TABLES.format("= 'BASE TABLE'"), dataset)
    lists = set(_column(connection, _LISTS, dataset))
    views = _column(connection, _TABLES.format("= 'VIEW'"), dataset)
    plain = [name for name in names if name not in lists]
    counts = [(name, connection.table(_name(dataset, name)).count("*").fetchall()[0][0]) for name in plain]
    more = [f"Their lists: {len(lists)} tables, as {min(lists)}"] if lists else []
    more += [f"Views: {', '.join(views)}"] if views else []
    return "\n".join([layout("Tables", ("table", "rows"), counts), *more])


_TABLES = (
    "select table_name from information_schema.tables "
    "where table_schema = ? and table_name[1] <> '_' and table_type {} order by 1"
)
_LISTS = "select table_name from information_schema.columns where table_schema = ? and column_name = '_parent_id'"


def _columns(connection: "DuckDBPyConnection", dataset: str, table: str) -> frozenset[str]:
    sql = "select column_name from information_schema.columns where table_schema = ? and table_name = ?"
    return frozenset(_column(connection, sql, dataset, table))


def _by_month(connection: "DuckDBPyConnection", dataset: str, table: str) -> str:
    report = connection.table(_name(dataset, table)).filter("spend is not null")
    spent = report.aggregate("strftime(date_start, '%Y-%m') as month, account_currency, sum(spend)").order("1, 2")
    return _spend("Spend by month", ("month", "currency", "spend"), spent.fetchall())


def _by_campaign(connection: "DuckDBPyConnection", dataset: str, table: str) -> str:
    """One campaign, one line: its newest name, for names change."""
    report = connection.table(_name(dataset, table)).filter("spend is not null")
    newest = "arg_max(campaign_name, date_start), account_currency, sum(spend) as spent, campaign_id"
    spent = report.aggregate(newest, "campaign_id, account_currency").order("spent desc, campaign_id").limit(CAMPAIGNS)
    rows = [row[:3] for row in spent.fetchall()]
    return _spend(f"Spend by campaign (the first {CAMPAIGNS})", ("campaign", "currency", "spend"), rows)


def _spend(title: str, head: Sequence[str], rows: Sequence[tuple[str | None, str | None, Decimal]]) -> str:
    return layout(title, head, [(first or "", currency or "", _plain(spent)) for first, currency, spent in rows])


def _plain(amount: Decimal) -> Decimal:
    """Without the zeros that the column's scale adds; two decimals at least."""
    cents = amount.quantize(Decimal("0.01"))
    return cents if cents == amount else amount.normalize()


def _name(dataset: str, table: str) -> str:
    return ".".join('"' + part.replace('"', '""') + '"' for part in (dataset, table))


def _column(connection: "DuckDBPyConnection", sql: str, *values: str) -> list[str]:
    return [row[0] for row in connection.execute(sql, values).fetchall()]

"""Tables made by hand in two real databases, for the tests of views."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

NUMBER = "decimal(38, 18)"
INSIGHTS: Mapping[str, str] = {
    "_row_id": "varchar",
    "_synced_at": "timestamptz",
    "date_start": "date",
    "account_id": "varchar",
    "account_name": "varchar",
    "account_currency": "varchar",
    "campaign_id": "varchar",
    "campaign_name": "varchar",
    "ad_id": "varchar",
    "spend": NUMBER,
    "impressions": "bigint",
    "clicks": "bigint",
    "reach": "bigint",
}
ACTIONS: Mapping[str, str] = {
    "_parent_id": "varchar",
    "_synced_at": "timestamptz",
    "date_start": "date",
    "ad_id": "varchar",
    "account_id": "varchar",
    "index": "bigint",
    "action_type": "varchar",
    "value": NUMBER,
    "_7d_click": NUMBER,
    "_1d_view": NUMBER,
}
OBJECTS: Mapping[str, str] = {
    "_row_id": "varchar",
    "_synced_at": "timestamptz",
    "id": "varchar",
    "account_id": "varchar",
    "campaign_id": "varchar",
    "adset_id": "varchar",
    "name": "varchar",
    "effective_status": "varchar",
    "currency": "varchar",
    "daily_budget": NUMBER,
    "creative": "json",
    "object_story_spec": "json",
    "asset_feed_spec": "json",
    "url_tags": "varchar",
}
Row = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Base:
    """A database with an empty schema `facebook_ads`."""

    dialect: str
    run: Callable[[str], None]
    fetch: Callable[[str], Sequence[tuple[Any, ...]]]

    def table(self, name: str, types: Mapping[str, str], *rows: Row) -> None:
        """Make a table of these rows."""
        columns = ", ".join(f'"{column}" {self._type(kind)}' for column, kind in types.items())
        self.run(f'create table facebook_ads."{name}" ({columns})')
        for row in rows:
            named = ", ".join(f'"{column}"' for column in row)
            self.run(f'insert into facebook_ads."{name}" ({named}) values ({", ".join(map(_said, row.values()))})')

    def _type(self, kind: str) -> str:
        return "jsonb" if kind == "json" and self.dialect == "postgres" else kind


def _said(value: object) -> str:
    return "null" if value is None else "'" + str(value).replace("'", "''") + "'"


@contextmanager
def duckdb_base(path: Path) -> Iterator[Base]:
    with duckdb.connect(str(path)) as connection:
        connection.execute("create schema facebook_ads")
        connection.execute("set TimeZone = 'UTC'")

        def run(sql: str) -> None:
            connection.execute(sql)

        def fetch(sql: str) -> list[tuple[Any, ...]]:
            return connection.execute(sql).fetchall()

        yield Base("duckdb", run, fetch)


@contextmanager
def postgres_base(url: str) -> Iterator[Base]:
    import psycopg2

    connection = psycopg2.connect(url)
    connection.autocommit = True
    cursor = connection.cursor()

    def run(sql: str) -> None:
        cursor.execute(sql)

    def fetch(sql: str) -> list[tuple[Any, ...]]:
        cursor.execute(sql)
        found: list[tuple[Any, ...]] = cursor.fetchall()
        return found

    for schema in ("facebook_ads", "facebook_ads_fivetran", "mine"):
        run(f"drop schema if exists {schema} cascade")
    run("create schema facebook_ads")
    run("set TimeZone = 'UTC'")
    try:
        yield Base("postgres", run, fetch)
    finally:
        connection.close()

"""What is told of a DuckDB file after a sync."""

from pathlib import Path

import duckdb

from facebook_marketing.faces.summary import layout, summary


def made(path: Path, *statements: str) -> Path:
    with duckdb.connect(str(path)) as connection:
        connection.execute("create schema facebook_ads")
        for statement in statements:
            connection.execute(statement)
    return path


def test_rows_of_each_table_and_spend_by_month_and_campaign_are_told(tmp_path: Path) -> None:
    file = made(
        tmp_path / "ads.duckdb",
        "create table facebook_ads.ads as select 1 as id from range(1234)",
        "create table facebook_ads._sync_state as select 1 as x",
        "create table facebook_ads.ads_insights (date_start date, campaign_id text, campaign_name text,"
        " account_currency text, spend decimal(38, 18))",
        "insert into facebook_ads.ads_insights values"
        " ('2026-09-30', '1', 'Old name', 'EUR', 10.1), ('2026-10-01', '1', 'New name', 'EUR', 0.000000000000000001),"
        " ('2026-10-01', '2', 'Other', 'EUR', 5), ('2026-10-01', '3', 'Yen', 'JPY', 1200),"
        " ('2026-10-01', '3', 'Yen', 'JPY', null)",
    )
    assert summary(file).splitlines() == [
        "Tables",
        "  table          rows",
        "  ads           1,234",
        "  ads_insights      5",
        "",
        "Spend by month",
        "  month    currency                 spend",
        "  2026-09  EUR                      10.10",
        "  2026-10  EUR       5.000000000000000001",
        "  2026-10  JPY                   1,200.00",
        "",
        "Spend by campaign (the first 10)",
        "  campaign  currency                  spend",
        "  Yen       JPY                    1,200.00",
        "  New name  EUR       10.100000000000000001",
        "  Other     EUR                        5.00",
    ]


def test_without_a_daily_report_the_tables_are_told_alone(tmp_path: Path) -> None:
    file = made(tmp_path / "ads.duckdb", "create table facebook_ads.ads_insights as select 1 as spend")
    assert summary(file).splitlines() == ["Tables", "  table         rows", "  ads_insights     1"]


def test_a_table_without_rows_is_laid_out_too() -> None:
    assert layout("Nothing", ("a", "b"), []).splitlines() == ["Nothing", "  a  b"]

"""Views over tables made by hand, in two real databases."""

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from facebook_marketing.catalog.actions import ACTION_TYPES, choices
from facebook_marketing.catalog.currencies import OFFSETS, major
from facebook_marketing.sinks.views import OWN, chosen, create_views
from sinks.views_kit import ACTIONS, INSIGHTS, OBJECTS, Base, duckdb_base, postgres_base

DAY, NOW = "2026-11-01", "2026-11-02 00:00:00+00"


@pytest.fixture(params=("duckdb", "postgres"))
def base(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Base]:
    made = (
        duckdb_base(tmp_path / "ads.duckdb")
        if request.param == "duckdb"
        else postgres_base(request.getfixturevalue("postgres_url"))
    )
    with made as found:
        yield found


def delivered(number: int, **cells: object) -> dict[str, object]:
    usual = {"account_id": "1", "account_name": "Shop", "account_currency": "EUR", "campaign_id": "c1"}
    row = {"_row_id": f"r{number}", "_synced_at": NOW, "date_start": DAY, "ad_id": f"a{number}", **usual}
    return {**row, "spend": "1.5", "impressions": 100, "clicks": 10, **cells}


def acted(parent: int, kind: str, value: object, **windows: object) -> dict[str, object]:
    return {"_parent_id": f"r{parent}", "_synced_at": NOW, "action_type": kind, "value": value, **windows}


def test_without_tables_only_the_constants_stand(base: Base) -> None:
    made = create_views(base, "facebook_ads")
    assert made.views == ("action_types", "currencies")
    assert made.notes == ()
    assert base.fetch("select count(*) from facebook_ads.action_types") == [(len(ACTION_TYPES),)]
    assert base.fetch("select \"offset\", factor from facebook_ads.currencies where currency = 'JPY'") == [(1, 1)]


def test_views_of_one_stream_need_no_other(base: Base) -> None:
    base.table("ads_insights", INSIGHTS, delivered(1))
    made = create_views(base, "facebook_ads")
    assert set(made.views) == {"action_types", "currencies", "spend_daily", "campaign_performance"}
    assert made.notes == ()
    [row] = base.fetch("select spend, purchases, daily_budget, reach from facebook_ads.campaign_performance")
    assert row == (Decimal("1.5"), None, None, None)


def test_daily_spend_is_the_sum_of_the_rows_with_its_currency_beside_it(base: Base) -> None:
    rows = (delivered(1), delivered(2, spend="0.000001"), delivered(3, account_id="2", account_currency="JPY"))
    base.table("ads_insights", INSIGHTS, *rows, delivered(4, date_start="2026-11-02", spend=None))
    create_views(base, "facebook_ads")
    assert base.fetch(
        "select cast(date as varchar), account_id, currency, spend, impressions"
        " from facebook_ads.spend_daily order by 1, 2"
    ) == [
        (DAY, "1", "EUR", Decimal("1.500001"), 200),
        (DAY, "2", "JPY", Decimal("1.5"), 100),
        ("2026-11-02", "1", "EUR", None, 100),
    ]


def test_one_sale_under_many_names_is_counted_once(base: Base) -> None:
    base.table("ads_insights", INSIGHTS, *(delivered(number) for number in range(1, 6)))
    names = ("omni_purchase", "purchase", "offsite_conversion.fb_pixel_purchase", "onsite_web_purchase")
    channels = ("offsite_conversion.fb_pixel_purchase", "app_custom_event.fb_mobile_purchase")
    base.table(
        "ads_insights_actions",
        ACTIONS,
        *(acted(1, name, 5) for name in names),
        *(acted(2, name, 2) for name in channels),  # no total: channels add up
        acted(3, "onsite_web_purchase", 3),
        acted(3, "web_in_store_purchase", 4),  # either counts the sales on the web
        acted(4, "offsite_conversion.custom.77", 9),
    )
    create_views(base, "facebook_ads")
    assert base.fetch("select purchases from facebook_ads.campaign_performance") == [(5 + 4 + 4,)]
    assert base.fetch("select sum(purchases) from facebook_ads.purchases_by_window") == [(13,)]


def test_actions_of_several_destinations_add_up(base: Base) -> None:
    base.table("ads_insights", INSIGHTS, delivered(1))
    base.table("ads_insights_actions", ACTIONS, acted(1, "purchase", 2, index=0), acted(1, "purchase", 3, index=1))
    create_views(base, "facebook_ads")
    assert base.fetch("select purchases from facebook_ads.campaign_performance") == [(5,)]


def test_purchases_by_window_are_those_of_each_window(base: Base) -> None:
    base.table("ads_insights", INSIGHTS, delivered(1), delivered(2))
    counts = {"_7d_click": 3, "_1d_view": 1}
    base.table("ads_insights_actions", ACTIONS, acted(1, "omni_purchase", 4, **counts), acted(2, "purchase", 1))
    worth = acted(1, "omni_purchase", "40.5", _7d_click="30.25")
    base.table("ads_insights_action_values", ACTIONS, worth, acted(2, "omni_purchase", "7"))
    create_views(base, "facebook_ads")
    assert base.fetch(
        "select attribution_window, purchases, purchase_value, currency"
        " from facebook_ads.purchases_by_window order by 1"
    ) == [
        ("1d_view", 1, None, "EUR"),
        ("7d_click", 3, Decimal("30.25"), "EUR"),
        ("default", 5, Decimal("47.5"), "EUR"),
    ]


def test_budgets_stand_in_major_units_beside_the_minor_ones(base: Base) -> None:
    accounts = [{"id": f"act_{code}", "account_id": code, "currency": code} for code in ("EUR", "JPY", "HUF", "XXX")]
    budgets = [{"id": code, "account_id": code, "daily_budget": 5001} for code in ("EUR", "JPY", "HUF", "XXX", "none")]
    base.table("ad_account", OBJECTS, *accounts)
    base.table("campaigns", OBJECTS, *budgets)
    create_views(base, "facebook_ads")
    assert base.fetch(
        "select id, currency, daily_budget, daily_budget_major from facebook_ads.budgets order by id"
    ) == [
        ("EUR", "EUR", 5001, Decimal("50.01")),
        ("HUF", "HUF", 5001, 5001),
        ("JPY", "JPY", 5001, 5001),
        ("XXX", "XXX", 5001, None),
        ("none", None, 5001, None),
    ]


def test_an_accounts_currency_comes_from_its_reports_where_the_account_was_not_synced(base: Base) -> None:
    base.table("ads_insights", INSIGHTS, delivered(1))
    base.table("campaigns", OBJECTS, {"id": "c1", "account_id": "1", "daily_budget": 250, "effective_status": "PAUSED"})
    create_views(base, "facebook_ads")
    row = "select currency, effective_status, daily_budget_major from facebook_ads.campaign_performance"
    assert base.fetch(row) == [("EUR", "PAUSED", Decimal("2.5"))]


def test_creatives_keep_every_amount_also_of_ads_that_nobody_knows(base: Base) -> None:
    base.table("ads_insights", INSIGHTS, delivered(1), delivered(2), delivered(3))
    ads = ({"id": "a1", "creative": '{"id":"k1"}'}, {"id": "a2", "creative": '{"id": "k1"}'})
    base.table("ads", OBJECTS, *ads)
    base.table("ads_insights_actions", ACTIONS, acted(1, "omni_purchase", 2), acted(2, "omni_purchase", 1))
    base.table("ad_creatives", OBJECTS, {"id": "k1", "name": "Blue shoe"})
    create_views(base, "facebook_ads")
    assert base.fetch(
        "select creative_id, creative_name, ads, spend, purchases from facebook_ads.creative_performance order by 1"
    ) == [("k1", "Blue shoe", 2, 3, 3), (None, None, 1, Decimal("1.5"), None)]


def test_reach_of_a_campaign_is_metas_own_and_never_a_sum(base: Base) -> None:
    base.table("ads_insights", INSIGHTS, delivered(1, reach=70), delivered(2, reach=60))
    base.table("campaign_insights", INSIGHTS, delivered(1, reach=90, spend="3"))
    create_views(base, "facebook_ads")
    assert base.fetch("select spend, reach from facebook_ads.campaign_performance") == [(3, 90)]


def test_changes_stand_beside_what_they_changed(base: Base) -> None:
    columns = {"event_time": "timestamptz", "event_type": "varchar", "object_id": "varchar", "extra_data": "json"}
    events = [
        {"event_time": NOW, "event_type": kind, "object_id": key, "extra_data": "{}"}
        for kind, key in (("update_campaign_budget", "c1"), ("create_ad", "a1"), ("billing", "1"))
    ]
    base.table("activities", columns, *events)
    base.table("campaigns", OBJECTS, {"id": "c1", "name": "Spring", "effective_status": "ACTIVE"})
    base.table("ads", OBJECTS, {"id": "a1", "name": "Shoe", "campaign_id": "c1", "adset_id": "s1"})
    create_views(base, "facebook_ads")
    assert base.fetch(
        "select event_type, entity, entity_name, campaign_id, adset_id from facebook_ads.entity_changes order by 1"
    ) == [
        ("billing", None, None, None, None),
        ("create_ad", "ad", "Shoe", "c1", "s1"),
        ("update_campaign_budget", "campaign", "Spring", "c1", None),
    ]


def test_of_rows_that_were_appended_again_the_newest_counts(base: Base) -> None:
    later = "2026-11-03 00:00:00+00"
    base.table("ads_insights", INSIGHTS, delivered(1), delivered(1, _synced_at=later, spend="2"))
    older, newer = acted(1, "purchase", 4), acted(1, "purchase", 5, _synced_at=later)
    base.table("ads_insights_actions", ACTIONS, older, acted(1, "omni_purchase", 4), newer)
    create_views(base, "facebook_ads", versions=("ads_insights", "ads_insights_actions"))
    assert base.fetch("select spend, purchases from facebook_ads.campaign_performance") == [(2, 5)]
    assert base.fetch("select spend from facebook_ads.spend_daily") == [(2,)]


def test_views_are_made_anew_when_their_columns_have_changed(base: Base) -> None:
    base.run("create view facebook_ads.spend_daily as select 1 as other, 2 as columns")
    base.table("ads_insights", INSIGHTS, delivered(1))
    for _ in range(2):
        assert create_views(base, "facebook_ads").notes == ()
    assert base.fetch("select spend from facebook_ads.spend_daily") == [(Decimal("1.5"),)]


def test_a_table_of_somebody_elses_is_left_alone_and_said(base: Base) -> None:
    base.run("create table facebook_ads.spend_daily (mine integer)")
    base.table("ads_insights", INSIGHTS, delivered(1))
    made = create_views(base, "facebook_ads")
    assert "spend_daily" not in made.views
    assert "campaign_performance" in made.views
    [note] = made.notes
    assert note.startswith("The view facebook_ads.spend_daily could not be made: ")
    assert base.fetch("select mine from facebook_ads.spend_daily") == []


def test_columns_that_nobody_chose_to_sync_are_null(base: Base) -> None:
    few = {"_row_id": "varchar", "date_start": "date", "spend": "decimal(38, 18)"}
    base.table("ads_insights", few, {"_row_id": "r1", "date_start": DAY, "spend": "1.5"})
    made = create_views(base, "facebook_ads")
    assert made.notes == ()
    assert base.fetch("select spend, impressions, currency from facebook_ads.spend_daily") == [
        (Decimal("1.5"), None, None)
    ]


def test_every_view_is_in_the_docs() -> None:
    text = (Path(__file__).parents[2] / "docs" / "tables.md").read_text()
    assert [name for name in OWN if f"`{name}`" not in text] == []


def test_each_action_type_has_one_row_and_each_containment_a_row_of_its_own() -> None:
    names = [row.action_type for row in ACTION_TYPES]
    assert len(names) == len(set(names))
    assert {row.contained_in for row in ACTION_TYPES} - {None} <= set(names)


def test_only_channels_that_do_not_overlap_share_a_rank() -> None:
    for family in {row.family for row in ACTION_TYPES}:
        for rank in {row.rank for row in ACTION_TYPES if row.family == family}:
            channels = [row.channel for row in ACTION_TYPES if (row.family, row.rank) == (family, rank)]
            assert len(channels) == 1 or (len(channels) == len(set(channels)) and "all" not in channels)


def test_major_units_are_exact() -> None:
    assert major(5001, "USD") == Decimal("50.01")
    assert major(5001, "KRW") == 5001
    assert major(5001, "???") is None
    assert set(OFFSETS.values()) == {1, 100}


CHANNELS = choices("purchase")[2]
deeds = st.dictionaries(st.sampled_from(CHANNELS), st.integers(0, 50), max_size=len(CHANNELS))


@given(deeds=deeds, totals=st.sets(st.sampled_from((*choices("purchase")[0], *choices("purchase")[1]))))
def test_whatever_names_meta_reports_a_deed_counts_once(deeds: dict[str, int], totals: set[str]) -> None:
    whole = sum(deeds.values())
    rows = [*deeds.items(), *((name, whole) for name in totals)]
    listed = ", ".join(f"('{name}', {count})" for name, count in rows) or "(null, null)"
    query = f"select {chosen('purchase', 'value')} from (values {listed}) as a (action_type, value)"
    assert duckdb.sql(query).fetchall() == [(whole if rows else None,)]

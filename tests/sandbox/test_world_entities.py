"""Entities have the shapes of the Graph API: Meta's types, ids, zones, and keys without a value left out."""

import json
import re
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from facebook_marketing.sandbox.world import Size, World
from truth import FIRST, account, declared, listed, make_world

WORLD = make_world(accounts=6, size=Size())
EDGES = {
    "campaigns": "Campaign", "adsets": "AdSet", "ads": "Ad", "adcreatives": "AdCreative", "adimages": "AdImage",
    "advideos": "AdVideo", "activities": "AdActivity", "customaudiences": "CustomAudience",
    "customconversions": "CustomConversion", "adlabels": "AdLabel", "adspixels": "AdsPixel",
    "saved_audiences": "SavedAudience",
}  # fmt: skip
COUNTS = {
    "campaigns": 12, "adsets": 36, "ads": 120, "adcreatives": 120, "adimages": 40, "advideos": 15, "activities": 200,
    "customaudiences": 12, "customconversions": 6, "adlabels": 5, "adspixels": 2,
}  # fmt: skip
LOCAL = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d{4}")
DIGITS = re.compile(r"\d{5,18}")


def edge(name: str, world: World = WORLD, digits: str = FIRST) -> list[dict[str, Any]]:
    found = listed(world, name, digits)
    assert found is not None
    return found


def everywhere(name: str) -> list[dict[str, Any]]:
    return [row for digits in WORLD.accounts for row in edge(name, digits=f"act_{digits}")]


def test_the_first_account_has_the_documented_digits_and_each_its_zone_and_currency() -> None:
    first, *_ = WORLD.accounts.values()
    assert first.id == "1234567890123456"
    assert len({found.id for found in WORLD.accounts.values()}) == 6
    zones = {found.timezone: found.currency for found in WORLD.accounts.values()}
    assert zones == {
        "Europe/Berlin": "EUR", "America/Los_Angeles": "USD", "Asia/Tokyo": "JPY", "Pacific/Auckland": "NZD",
        "America/Sao_Paulo": "BRL", "UTC": "GBP",
    }  # fmt: skip


@pytest.mark.parametrize(("name", "count"), COUNTS.items())
def test_an_account_holds_as_many_as_its_size_says(name: str, count: int) -> None:
    assert len(edge(name)) == count or (name == "activities" and len(edge(name)) > count)


@pytest.mark.parametrize(("name", "kind"), EDGES.items())
def test_rows_have_only_fields_that_meta_knows_and_nothing_null(name: str, kind: str) -> None:
    known = set(declared(kind))
    for row in everywhere(name):
        assert {key for key in row if not key.startswith("__")} <= known
        assert all(value is not None for value in row.values())
    json.dumps(edge(name))


@pytest.mark.parametrize(("name", "kind"), EDGES.items())
def test_declared_types_are_the_wire_types(name: str, kind: str) -> None:
    types = declared(kind)
    kinds: dict[str, Any] = {
        "string": str,
        "bool": bool,
        "int": int,
        "unsigned int": int,
        "datetime": str,
        "float": (int, float),
    }
    for row in everywhere(name):
        for key, value in row.items():
            expected = kinds.get(types.get(key, ""), object)
            assert isinstance(value, expected), (key, value)
            if types.get(key, "").startswith("list<"):
                assert isinstance(value, list), key


def test_no_two_things_share_an_id() -> None:
    ids = [row["id"] for name in EDGES if name != "activities" for row in everywhere(name)]
    ids += [f"act_{digits}" for digits in WORLD.accounts]
    assert len(ids) == len(set(ids))
    assert all(DIGITS.fullmatch(id_) for id_ in ids if ":" not in id_ and not id_.startswith("act_"))


@pytest.mark.parametrize("name", ("campaigns", "adsets", "ads", "advideos"))
def test_listings_run_from_the_newest_created_to_the_oldest(name: str) -> None:
    made = [datetime.fromisoformat(row["created_time"]) for row in edge(name)]
    assert made == sorted(made, reverse=True)


def test_images_run_from_the_newest_updated_to_the_oldest() -> None:
    touched = [datetime.fromisoformat(row["updated_time"]) for row in edge("adimages")]
    assert touched == sorted(touched, reverse=True)


def test_times_have_the_offset_of_the_accounts_zone_on_that_day() -> None:
    offsets = set()
    for found in WORLD.accounts.values():
        for row in edge("ads", digits=f"act_{found.id}"):
            assert LOCAL.fullmatch(row["created_time"])
            moment = datetime.fromisoformat(row["created_time"])
            local = moment.astimezone(ZoneInfo(found.timezone))
            assert local.utcoffset() == moment.utcoffset()
            offsets.add((found.timezone, row["created_time"][-5:]))
    assert {("Europe/Berlin", "+0100"), ("Europe/Berlin", "+0200"), ("America/Los_Angeles", "-0700")} <= offsets


@pytest.mark.parametrize("name", ("campaigns", "adsets", "ads", "adimages", "advideos"))
def test_nothing_was_updated_before_it_was_made_or_after_now(name: str) -> None:
    for row in edge(name):
        made, touched = (datetime.fromisoformat(row[key]).timestamp() for key in ("created_time", "updated_time"))
        assert made <= touched <= WORLD.now()


def test_children_point_to_parents_that_exist_and_are_older() -> None:
    campaigns = {row["id"]: row for row in edge("campaigns")}
    adsets = {row["id"]: row for row in edge("adsets")}
    creatives = {row["id"] for row in edge("adcreatives")}
    for adset in adsets.values():
        parent = campaigns[adset["campaign_id"]]
        assert datetime.fromisoformat(parent["created_time"]) <= datetime.fromisoformat(adset["created_time"])
    for ad in edge("ads"):
        parent = adsets[ad["adset_id"]]
        assert ad["campaign_id"] == parent["campaign_id"]
        assert datetime.fromisoformat(parent["created_time"]) <= datetime.fromisoformat(ad["created_time"])
        assert ad["creative"]["id"] in creatives


def test_effective_status_folds_in_the_parents() -> None:
    adsets = {row["id"]: row for row in everywhere("adsets")}
    seen = set()
    for ad in everywhere("ads"):
        parent = adsets[ad["adset_id"]]["effective_status"]
        seen.add(ad["effective_status"])
        if parent in {"ARCHIVED", "DELETED"}:
            assert ad["effective_status"] in {"ARCHIVED", "DELETED"}
        if ad["effective_status"] == "ACTIVE":
            assert parent == ad["status"] == "ACTIVE"
    assert {"ACTIVE", "PAUSED", "ARCHIVED", "DELETED", "CAMPAIGN_PAUSED", "ADSET_PAUSED", "DISAPPROVED"} <= seen


def test_budgets_are_strings_in_minor_units_and_bids_are_integers() -> None:
    for row in everywhere("campaigns") + everywhere("adsets"):
        for key in ("daily_budget", "lifetime_budget", "budget_remaining", "spend_cap"):
            assert row.get(key, "0").isdigit()
        assert isinstance(row.get("bid_amount", 1), int)
    assert any("daily_budget" in row for row in everywhere("campaigns"))
    assert any("daily_budget" not in row for row in everywhere("campaigns"))
    assert any("bid_info" in row for row in everywhere("adsets"))
    assert any("bid_strategy" not in row for row in everywhere("adsets"))


def test_the_budget_is_the_campaigns_or_the_ad_sets() -> None:
    campaigns = {row["id"]: row for row in everywhere("campaigns")}
    for row in everywhere("adsets"):
        assert ("daily_budget" in campaigns[row["campaign_id"]]) == (row["daily_budget"] == "0")


def test_sources_are_a_zero_where_there_is_none() -> None:
    assert {row["source_adset_id"] for row in everywhere("adsets")} == {"0"}
    assert "0" in {row["source_ad_id"] for row in everywhere("ads")}
    assert {"0"} < {row["source_ad_id"] for row in everywhere("ads")}


def test_old_campaigns_answer_objectives_of_their_time() -> None:
    objectives = {row["objective"] for row in everywhere("campaigns")}
    assert any(name.startswith("OUTCOME_") for name in objectives)
    assert any(not name.startswith("OUTCOME_") for name in objectives)


def test_tracking_specs_have_dotted_keys_and_list_values() -> None:
    for row in edge("ads"):
        assert row["tracking_specs"][0]["action.type"] == ["offsite_conversion"]
        assert all(isinstance(value, list) for spec in row["tracking_specs"] for value in spec.values())


def test_creatives_come_in_every_kind() -> None:
    rows = edge("adcreatives")
    stories = [row["object_story_spec"] for row in rows if "object_story_spec" in row]
    assert any("child_attachments" in story.get("link_data", {}) for story in stories)
    assert any("video_data" in story for story in stories)
    assert any("template_data" in story for story in stories)
    assert any("asset_feed_spec" in row for row in rows)
    assert any("object_story_id" in row for row in rows)
    assert {row["status"] for row in everywhere("adcreatives")} >= {"ACTIVE", "DELETED", "WITH_ISSUES"}


def test_some_creatives_have_a_story_that_cannot_be_read() -> None:
    broken = [row for row in edge("adcreatives") if "__broken" in row]
    assert broken
    assert {row["__broken"] for row in broken} == {"object_story_spec"}


def test_an_image_is_known_by_account_and_hash_and_may_be_deleted() -> None:
    rows = edge("adimages")
    for row in rows:
        assert row["id"] == f"1234567890123456:{row['hash']}"
        assert re.fullmatch("[0-9a-f]{32}", row["hash"])
        assert row.get("creatives", []) != [] or not row["is_associated_creatives_in_adgroups"]
    assert "DELETED" in {row["status"] for row in everywhere("adimages")}


def test_videos_show_no_account_and_times_in_utc() -> None:
    for row in edge("advideos"):
        assert "account_id" not in row
        assert row["created_time"].endswith("+0000")
        assert isinstance(row["length"], float)


def test_activities_have_no_id_and_tell_the_rest_as_json_in_a_string() -> None:
    rows = edge("activities")
    for row in rows:
        assert "id" not in row
        assert row["event_time"].endswith("+0000")
        json.loads(row.get("extra_data", "{}"))
    times = [row["event_time"] for row in rows]
    assert times == sorted(times, reverse=True)
    assert {row["object_type"] for row in rows} >= {"CAMPAIGN", "CAMPAIGN_GROUP", "ADGROUP", "ACCOUNT"}
    known = {"update_ad_set_budget", "update_campaign_budget", "create_ad", "ad_account_billing_charge"}
    assert known <= {row["event_type"] for row in rows}


def test_audiences_have_unix_times_and_unknown_sizes() -> None:
    rows = edge("customaudiences")
    assert all(isinstance(row["time_created"], int) for row in rows)
    assert -1 in {row["approximate_count_lower_bound"] for row in rows}
    assert any("lookalike_spec" in row for row in rows)
    assert all(isinstance(json.loads(row["rule"]), dict) for row in rows if "rule" in row)


def test_a_few_conversions_have_dates_that_meta_wrote_wrongly() -> None:
    stamps = [row["creation_time"] for row in edge("customconversions")]
    assert any(re.fullmatch(r"\d{4}-\d\d-\d\dt\d\d:\d\d:\d\d 0000", stamp) for stamp in stamps)
    assert any(stamp.endswith("+0000") for stamp in stamps)


def test_the_account_node_has_live_types() -> None:
    row = dict[str, Any](account(WORLD).row)
    assert set(row) <= set(declared("AdAccount"))
    assert (row["id"], row["account_id"]) == ("act_1234567890123456", "1234567890123456")
    assert isinstance(row["account_status"], int)
    assert isinstance(row["age"], float)
    assert row["amount_spent"].isdigit()
    assert row["timezone_offset_hours_utc"] == 1
    assert isinstance(row["min_daily_budget"], int)
    assert row["created_time"].endswith(("+0100", "+0200"))


@pytest.mark.parametrize("name", [name for name in EDGES if name != "activities"])
def test_every_row_of_an_edge_is_a_node_by_its_id(name: str) -> None:
    for row in edge(name)[:5]:
        node = WORLD.node(row["id"])
        assert node is not None
        assert node.kind == EDGES[name]
        assert node.row == row
        assert WORLD.account_of(node) is WORLD.accounts["1234567890123456"]


def test_edges_of_parents_hold_their_children() -> None:
    for campaign in edge("campaigns"):
        node = account(WORLD, campaign["id"])
        assert listed(WORLD, "ads", node.id) == [row for row in edge("ads") if row["campaign_id"] == campaign["id"]]
        for adset in listed(WORLD, "adsets", node.id):
            below = listed(WORLD, "ads", adset["id"])
            assert {row["adset_id"] for row in below} <= {adset["id"]}


def test_an_ads_creative_hangs_below_it() -> None:
    ad = edge("ads")[0]
    assert [row["id"] for row in listed(WORLD, "adcreatives", ad["id"])] == [ad["creative"]["id"]]


def test_people_businesses_and_pages_lead_to_the_accounts() -> None:
    assert [row["id"] for row in listed(WORLD, "adaccounts", "me")] == [f"act_{digits}" for digits in WORLD.accounts]
    owned = []
    for business in listed(WORLD, "businesses", "me"):
        node = account(WORLD, business["id"])
        assert node.kind == "Business"
        owned += [row["id"] for row in listed(WORLD, "owned_ad_accounts", node.id)]
        assert WORLD.edge(node, "client_ad_accounts") is not None
    assert sorted(owned) == sorted(f"act_{digits}" for digits in WORLD.accounts)
    page = listed(WORLD, "accounts", "me")[0]
    (form,) = listed(WORLD, "leadgen_forms", page["id"])
    leads = listed(WORLD, "leads", form["id"])
    assert len(leads) == form["leads_count"]
    assert all(account(WORLD, lead["ad_id"]).kind == "Ad" for lead in leads if "ad_id" in lead)


@pytest.mark.parametrize("digits", ("1234567890123456", "99", "act_99", "", "120210000000000101x"))
def test_what_does_not_exist_is_no_node(digits: str) -> None:
    assert WORLD.node(digits) is None


@pytest.mark.parametrize(("digits", "name"), ((FIRST, "nonsense"), ("me", "campaigns")))
def test_what_is_no_edge_is_none(digits: str, name: str) -> None:
    assert WORLD.edge(account(WORLD, digits), name) is None


def test_an_empty_account_is_empty() -> None:
    nothing = Size(**dict.fromkeys(COUNTS_OF_SIZE, 0))
    world = make_world(size=nothing)
    for name in COUNTS:
        assert list(edge(name, world)) == []
    assert world.live("1234567890123456") == 0


COUNTS_OF_SIZE = (
    "campaigns", "adsets", "ads", "creatives", "images", "videos", "activities", "audiences", "conversions", "labels",
    "pixels",
)  # fmt: skip


def test_two_worlds_of_one_seed_are_alike_and_of_two_seeds_are_not() -> None:
    for name in EDGES:
        assert edge(name, make_world(seed=7)) == edge(name, make_world(seed=7))
    assert edge("ads", make_world(seed=7)) != edge("ads", make_world(seed=8))

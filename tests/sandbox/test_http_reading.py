"""Nodes and edges: versions, tokens, fields, pages, as the API notes have them."""

import hashlib
import hmac
from collections.abc import Callable
from datetime import datetime
from typing import Any

import msgspec
import pytest

from facebook_marketing.sandbox import Token
from facebook_marketing.sandbox.caller import Caller, StillClock

EDGE = "act_1234567890123456"
EDGES = (
    "campaigns", "adsets", "ads", "adimages", "advideos", "customaudiences", "customconversions",
    "adlabels", "adspixels", "saved_audiences", "adrules_library", "adcreatives",
)  # fmt: skip
Open = Callable[..., Caller]


def truth(talk: Caller, edge: str) -> list[dict[str, Any]]:
    """Return the rows that an edge should list: everything but archived and deleted delivery objects."""
    account = talk.sandbox.world.node(EDGE)
    assert account is not None
    rows = [dict(row) for row in talk.sandbox.world.edge(account, edge) or ()]
    hides = edge in {"campaigns", "adsets", "ads"}
    return [row for row in rows if not hides or row["effective_status"] not in {"ARCHIVED", "DELETED"}]


# -- versions ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", ("v25.0", "v26.0"))
def test_a_live_version_serves_and_says_so(talk: Caller, version: str) -> None:
    talk.version = version
    assert talk.get(EDGE) == {"account_id": "1234567890123456", "id": EDGE}
    assert talk.last.headers["facebook-api-version"] == version
    assert "x-ad-api-version-warning" not in talk.last.headers


@pytest.mark.parametrize("version", ("v21.0", "v24.0"))
def test_a_dead_version_is_lifted_to_the_oldest_live_one_with_a_warning(talk: Caller, version: str) -> None:
    talk.version = version
    assert talk.get(EDGE)["id"] == EDGE
    assert talk.last.headers["facebook-api-version"] == "v25.0"
    warning = f"The call has been auto-upgraded to v25.0 as {version} has been deprecated."
    assert talk.last.headers["x-ad-api-version-warning"] == warning


def test_an_app_that_opted_out_of_lifting_gets_2635(open_sandbox: Open) -> None:
    talk = open_sandbox(auto_upgrade=False)
    talk.version = "v23.0"
    assert talk.error(EDGE)["code"] == 2635


@pytest.mark.parametrize("path", (f"v20.0/{EDGE}", f"v16.0/{EDGE}/campaigns", EDGE))
def test_an_old_or_missing_version_is_2635(talk: Caller, path: str) -> None:
    error = talk.send("GET", f"https://graph.example/{path}")["error"]
    expected = (
        "(#2635) You are calling a deprecated version of the Ads API. Please update to the latest version: v26.0."
    )
    assert (error["code"], error["message"]) == (2635, expected)


@pytest.mark.parametrize("version", ("v27.0", "v99.0", "v26.1"))
def test_a_version_that_was_never_issued_is_an_unknown_path(talk: Caller, version: str) -> None:
    talk.version = version
    assert (talk.error("me")["code"], talk.error("me")["message"]) == (2500, "Unknown path components: /me")


def test_the_probe_without_a_token_tells_a_known_version(talk: Caller) -> None:
    talk.token = ""
    error = talk.error("me")
    expected = "An active access token must be used to query information about the current user."
    assert (error["code"], error["message"]) == (2500, expected)


# -- tokens -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("token", "code", "subcode", "status"),
    (
        ("", 104, None, 400),
        ("nonsense", 190, None, 400),
        ("expired-token", 190, 463, 400),
        ("password-token", 190, 460, 400),
        ("checkpoint-token", 190, 459, 400),
        ("no-ads-read-token", 200, None, 403),
    ),
)
def test_a_token_that_cannot_read_ads_is_told_why(
    talk: Caller, token: str, code: int, subcode: int | None, status: int
) -> None:
    talk.token = token
    error = talk.error(EDGE)
    assert (error["code"], error.get("error_subcode"), talk.last.status) == (code, subcode, status)


def test_the_token_may_come_as_parameter_or_as_header_of_either_scheme(talk: Caller) -> None:
    url = f"https://graph.example/v26.0/{EDGE}"
    for headers, query in (({"authorization": "OAuth sandbox-token"}, ""), ({}, "?access_token=sandbox-token")):
        assert talk.sandbox.handle("GET", url + query, headers, b"").status == 200


def test_owner_fields_need_business_management(talk: Caller) -> None:
    assert "owner" in talk.get(EDGE, fields="owner,business")
    talk.token = "no-business-token"
    for name in ("owner", "business", "business{name}"):
        assert (talk.error(EDGE, fields=name)["code"], talk.last.status) == (200, 403)


def test_funding_details_need_the_manage_task(talk: Caller) -> None:
    assert "funding_source_details" in talk.get(EDGE, fields="funding_source_details")
    talk.token = "analyst-token"
    assert talk.get(EDGE, fields="user_tasks")["user_tasks"] == ["ANALYZE"]
    error = talk.error(EDGE, fields="funding_source_details")
    assert (error["code"], error["message"]) == (100, "Unsupported request - method type: get")


def test_the_manage_task_is_found_through_business_users_and_assigned_users(talk: Caller) -> None:
    talk.token = "analyst-token"
    (user,) = talk.walk("me/business_users")
    rows = list(talk.walk(f"{EDGE}/assigned_users", business=user["business"]["id"], fields="id,tasks"))
    assert rows == [{"id": user["id"], "tasks": ["ANALYZE"]}]


def test_a_token_without_a_role_on_an_account_neither_lists_nor_reads_it(open_sandbox: Open) -> None:
    talk = open_sandbox(accounts=2, tokens={"narrow": Token(accounts=frozenset({"1234567890123456"}))}, token="narrow")
    other = next(f"act_{account}" for account in talk.sandbox.world.accounts if account not in EDGE)
    assert [row["id"] for row in talk.walk("me/adaccounts")] == [EDGE]
    assert (talk.error(f"{other}/ads")["code"], talk.last.status) == (200, 403)


def test_a_proof_is_checked_when_given_and_missed_when_required(open_sandbox: Open) -> None:
    good = hmac.new(b"sandbox-secret", b"sandbox-token", hashlib.sha256).hexdigest()
    assert open_sandbox().get(EDGE, appsecret_proof=good)["id"] == EDGE
    wrong = open_sandbox().error(EDGE, appsecret_proof="0" * 64)
    assert wrong["message"] == "Invalid appsecret_proof provided in the API argument"
    missing = open_sandbox(require_proof=True).error(EDGE)
    assert (missing["code"], missing["type"]) == (100, "GraphMethodException")


def test_permissions_name_what_was_declined(talk: Caller) -> None:
    talk.token = "no-business-token"
    rows = {row["permission"]: row["status"] for row in talk.walk("me/permissions")}
    assert (rows["ads_read"], rows["business_management"]) == ("granted", "declined")


# -- fields -----------------------------------------------------------------------------------------------------------


def test_keys_follow_the_request_and_id_closes_the_row(talk: Caller) -> None:
    row = next(talk.walk(f"{EDGE}/campaigns", fields="status,name,objective", limit=1))
    assert list(row) == ["status", "name", "objective", "id"]


def test_an_edge_without_fields_gives_ids_alone(talk: Caller) -> None:
    assert all(list(row) == ["id"] for row in talk.walk(f"{EDGE}/adsets"))
    assert all(list(row) == ["hash", "id"] for row in talk.walk(f"{EDGE}/adimages"))
    assert all(list(row) == ["event_time", "event_type"] for row in talk.walk(f"{EDGE}/activities"))


@pytest.mark.parametrize(
    ("path", "fields", "message"),
    (
        (EDGE, "name,foo", "(#100) Tried accessing nonexisting field (foo) on node type (AdAccount)"),
        (f"{EDGE}/campaigns", "foo", "(#100) Tried accessing nonexisting field (foo) on node type (Campaign)"),
        (f"{EDGE}/ads", "adset{foo}", "(#100) Tried accessing nonexisting field (foo) on node type (AdSet)"),
        (f"{EDGE}/advideos", "name", "(#100) Tried accessing nonexisting field (name) on node type (AdVideo)"),
        (
            f"{EDGE}/advideos",
            "account_id",
            "(#100) Tried accessing nonexisting field (account_id) on node type (AdVideo)",
        ),
        (f"{EDGE}/nope", "id", "(#100) Tried accessing nonexisting field (nope) on node type (AdAccount)"),
        (f"{EDGE}/ads", "special_ad_categories", "(#3) App must be on whitelist"),
        (f"{EDGE}/adsets", "existing_customer_budget_percentage", "(#100) Missing Permission"),
        (f"{EDGE}/adsets", "full_funnel_exploration_mode", "(#10) The ad account and app id must be whitelisted"),
    ),
)
def test_one_bad_field_fails_the_whole_call(talk: Caller, path: str, fields: str, message: str) -> None:
    assert talk.error(path, fields=fields)["message"] == message


def test_nested_fields_reach_the_parents(talk: Caller) -> None:
    world = talk.sandbox.world
    for row in talk.walk(f"{EDGE}/ads", fields="name,adset{name,campaign{name}},creative{id,name}"):
        adset, campaign = world.node(row["adset"]["id"]), world.node(row["adset"]["campaign"]["id"])
        assert adset is not None
        assert campaign is not None
        assert row["adset"]["name"] == adset.row["name"]
        assert row["adset"]["campaign"]["name"] == campaign.row["name"]
        assert "id" in row["creative"]


def test_an_expanded_edge_has_its_own_pages_and_alias(talk: Caller) -> None:
    for row in talk.walk(f"{EDGE}/adsets", fields="ads.limit(1).as(some){id}"):
        expected = [ad["id"] for ad in talk.walk(f"{row['id']}/ads")]
        page = row.get("some", {"data": []})
        found = [ad["id"] for ad in page["data"]]
        while "next" in page.get("paging", {}):
            page = talk.send("GET", page["paging"]["next"])
            found += [ad["id"] for ad in page["data"]]
        assert found == expected


def test_a_creative_with_a_broken_story_fails_only_when_the_story_is_asked(talk: Caller) -> None:
    assert talk.get(f"{EDGE}/adcreatives", fields="name", limit=100)["data"]
    broken = [row["id"] for row in truth(talk, "adcreatives") if row.get("__broken") == "object_story_spec"]
    assert broken, "the small world has no broken creative"
    assert talk.error(broken[0], fields="name,object_story_spec")["error_subcode"] == 2446211
    assert "name" in talk.get(broken[0], fields="name,title")


def test_thumbnails_come_in_the_asked_size(talk: Caller) -> None:
    plain = list(talk.walk(f"{EDGE}/adcreatives", fields="thumbnail_url"))
    large = list(talk.walk(f"{EDGE}/adcreatives", fields="thumbnail_url", thumbnail_width=120, thumbnail_height=90))
    changed = [(row, other) for row, other in zip(plain, large, strict=True) if row != other]
    assert changed
    assert all("p120x90" in other["thumbnail_url"] for _, other in changed)


# -- pages ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("edge", EDGES)
def test_a_walk_over_an_edge_gives_what_the_world_holds_in_its_order(talk: Caller, edge: str) -> None:
    rows = list(talk.walk(f"{EDGE}/{edge}", limit=4))
    assert [row["id"] for row in rows] == [row["id"] for row in truth(talk, edge)]


@pytest.mark.parametrize("edge", EDGES)
def test_empty_and_short_pages_lose_nothing_to_who_follows_next(open_sandbox: Open, edge: str) -> None:
    talk = open_sandbox(empty_pages=True)
    assert [row["id"] for row in talk.walk(f"{EDGE}/{edge}", limit=2)] == [row["id"] for row in truth(talk, edge)]


def test_there_are_empty_pages_with_next(open_sandbox: Open) -> None:
    talk = open_sandbox(empty_pages=True)
    list(talk.walk(f"{EDGE}/ads", limit=1))
    list(talk.walk(f"{EDGE}/adcreatives", limit=1))
    rows = len(truth(talk, "ads")) + len(truth(talk, "adcreatives"))
    assert len(talk.sandbox.log) > rows


@pytest.mark.parametrize("edge", ("campaigns", "adsets", "ads", "advideos", "customaudiences", "customconversions"))
def test_a_node_read_gives_every_field_as_the_world_has_it(talk: Caller, edge: str) -> None:
    for row in truth(talk, edge):
        names = [name for name in row if name != "id"]
        assert talk.get(row["id"], fields=",".join(names)) == {name: row[name] for name in [*names, "id"]}


def test_the_default_page_has_25_rows_and_next_carries_the_token(talk: Caller) -> None:
    page = talk.get(f"{EDGE}/adcreatives")
    assert len(page["data"]) == 25
    assert page["paging"]["next"].startswith(
        f"https://graph.example/v26.0/{EDGE}/adcreatives?access_token=sandbox-token&"
    )


def test_the_last_page_has_an_after_cursor_but_no_next(talk: Caller) -> None:
    paging = talk.get(f"{EDGE}/campaigns", limit=100)["paging"]
    assert paging["cursors"]["after"]
    assert "next" not in paging


def test_the_next_address_of_me_names_the_user(open_sandbox: Open) -> None:
    page = open_sandbox(accounts=2).get("me/adaccounts", limit=1)
    assert "/10150000000000001/adaccounts?" in page["paging"]["next"]


def test_an_edge_without_rows_has_no_paging(talk: Caller) -> None:
    assert talk.get(f"{EDGE}/ad_studies") == {"data": []}


def test_a_limit_above_the_maximum_is_lowered_silently(open_sandbox: Open) -> None:
    assert len(open_sandbox(page_limit_max=10).get(f"{EDGE}/adcreatives", limit=5000)["data"]) == 10


def test_a_page_too_heavy_for_its_fields_is_a_500_with_a_bare_error(open_sandbox: Open) -> None:
    talk = open_sandbox(page_weight_limit=200)
    fields = "name,asset_feed_spec,degrees_of_freedom_spec"
    error = talk.error(f"{EDGE}/adcreatives", fields=fields, limit=30)
    expected = "Please reduce the amount of data you're asking for, then retry your request"
    assert (talk.last.status, error) == (500, {"code": 1, "message": expected})
    assert len(talk.get(f"{EDGE}/adcreatives", fields=fields, limit=4)["data"]) == 4


def test_summary_counts_the_whole_listing(talk: Caller) -> None:
    page = talk.get(f"{EDGE}/ads", limit=1, summary=True)
    assert page["summary"] == {"total_count": len(truth(talk, "ads"))}


def test_unknown_parameters_are_ignored(talk: Caller) -> None:
    assert talk.get(f"{EDGE}/campaigns", pretty=1, debug="all", frobnicate="x") == talk.get(f"{EDGE}/campaigns")


@pytest.mark.parametrize("name", ("ids", "date_format"))
def test_what_v26_took_away_is_refused(talk: Caller, name: str) -> None:
    error = talk.error("" if name == "ids" else EDGE, **{name: "U"})
    assert (error["code"], error["message"]) == (100, f"The {name} query parameter is deprecated in v26.0+.")


# -- activities, accounts, strangers ----------------------------------------------------------------------------------


def test_activities_reach_back_seven_days_unless_told_otherwise(talk: Caller, clock: StillClock) -> None:
    week = list(talk.walk(f"{EDGE}/activities", limit=7))
    everything = list(talk.walk(f"{EDGE}/activities", since=0, until=int(clock.moment)))
    assert len(week) < len(everything)
    since = int(clock.moment) - 7 * 86_400
    assert week == list(talk.walk(f"{EDGE}/activities", since=since))
    dated = list(talk.walk(f"{EDGE}/activities", since="2026-11-15T12:00:00+0000"))
    assert dated == week


def test_accounts_are_found_through_me_and_through_the_business(open_sandbox: Open) -> None:
    talk = open_sandbox(accounts=3)
    mine = {row["id"] for row in talk.walk("me/adaccounts")}
    owned = {
        account["id"]
        for business in talk.walk("me/businesses")
        for account in talk.walk(f"{business['id']}/owned_ad_accounts")
    }
    assert mine == owned == {f"act_{account}" for account in talk.sandbox.world.accounts}


def test_an_account_number_without_its_prefix_is_another_kind_of_node(talk: Caller) -> None:
    assert "Tried accessing nonexisting field (campaigns)" in talk.error("1234567890123456/campaigns")["message"]


@pytest.mark.parametrize("path", ("999", "act_1", "act_1/campaigns"))
def test_an_id_that_does_not_exist_is_100_33(talk: Caller, path: str) -> None:
    error = talk.error(path)
    assert (error["code"], error["error_subcode"], error["type"]) == (100, 33, "GraphMethodException")


def test_a_name_is_an_unknown_alias_and_a_long_path_is_unknown(talk: Caller) -> None:
    assert (talk.error("nobody")["code"], talk.last.status) == (803, 404)
    assert talk.error(f"{EDGE}/ads/more")["message"] == "Unknown path components: /more"


def test_deleted_objects_are_read_by_their_own_id(talk: Caller) -> None:
    hidden = list(talk.walk(f"{EDGE}/ads", effective_status=["ARCHIVED", "DELETED"]))
    assert talk.get(hidden[0]["id"], fields="effective_status")["effective_status"] in {"ARCHIVED", "DELETED"}


# -- the wire ---------------------------------------------------------------------------------------------------------


def test_json_is_compact_ascii_with_escaped_slashes(talk: Caller) -> None:
    talk.get(f"{EDGE}/adimages", fields="url,permalink_url")
    assert b"https:\\/\\/" in talk.last.body
    assert b"https://" not in talk.last.body
    assert b'": ' not in talk.last.body
    assert talk.last.body.isascii()


def test_letters_beyond_ascii_are_escaped_as_utf16_pairs() -> None:
    from facebook_marketing.sandbox.wire import encode

    assert encode({"name": "Grüße 😀/"}) == b'{"name":"Gr\\u00fc\\u00dfe \\ud83d\\ude00\\/"}'
    assert msgspec.json.decode(encode(["é" * 3, "漢字"])) == ["ééé", "漢字"]


def test_the_log_tells_every_call_without_secrets(talk: Caller) -> None:
    talk.get(f"{EDGE}/ads", access_token="sandbox-token", limit=3)
    (call,) = talk.sandbox.log
    assert (call.method, call.path, call.edge, call.status) == ("GET", f"{EDGE}/ads", "ads", 200)
    assert (call.account, call.use_case, call.batch) == ("1234567890123456", "ads_management", False)
    assert call.params == {"limit": "3"}


# -- edges around the account -----------------------------------------------------------------------------------------


def test_everybody_is_among_the_users_for_who_manages_and_oneself_for_who_may_look(talk: Caller) -> None:
    everybody = list(talk.walk(f"{EDGE}/users", fields="id,name,tasks"))
    assert [row["name"] for row in everybody] == ["Jane Doe", "Sam Roe"]
    talk.token = "analyst-token"
    (own,) = talk.walk(f"{EDGE}/users")
    assert (own["name"], own["tasks"]) == ("Jane Doe", ["ANALYZE"])


def test_assigned_users_want_the_business(talk: Caller) -> None:
    assert talk.error(f"{EDGE}/assigned_users")["message"] == "(#100) The parameter business is required"


def test_a_business_is_read_with_the_permission_only(talk: Caller) -> None:
    (business,) = talk.walk("me/businesses", fields="id,name,verification_status")
    assert talk.get(business["id"], fields="name")["name"] == business["name"]
    talk.token = "no-business-token"
    assert (talk.error(business["id"])["code"], talk.last.status) == (200, 403)
    assert list(talk.walk("me/businesses")) == []


def test_leads_need_their_own_permission_on_every_path(talk: Caller) -> None:
    (form,) = talk.walk(f"{next(talk.walk('me/accounts'))['id']}/leadgen_forms")
    lead = next(talk.walk(f"{form['id']}/leads"))
    assert list(lead) == ["created_time", "id", "field_data"]
    ad = next(row["ad_id"] for row in talk.walk(f"{form['id']}/leads", fields="ad_id"))
    talk.token = "no-leads-token"
    for path, fields in ((lead["id"], ""), (f"{ad}/leads", ""), (f"{form['id']}/leads", "id"), (ad, "leads{id}")):
        error = talk.error(path, **({"fields": fields} if fields else {}))
        assert (error["code"], talk.last.status) == (200, 403)
        assert "leads_retrieval" in error["message"]


def test_leads_are_filtered_by_the_time_at_which_they_came_and_counted_by_themselves(talk: Caller) -> None:
    (form,) = talk.walk(f"{next(talk.walk('me/accounts'))['id']}/leadgen_forms")
    rows = list(talk.walk(f"{form['id']}/leads", fields="ad_id,created_time"))
    middle = sorted(row["created_time"] for row in rows)[len(rows) // 2]
    bound = int(datetime.fromisoformat(middle).timestamp())
    wanted = [{"field": "time_created", "operator": "GREATER_THAN", "value": bound}]
    newer = talk.walk(f"{form['id']}/leads", fields="ad_id,created_time", filtering=wanted)
    assert list(newer) == [row for row in rows if row["created_time"] > middle]
    wrong = [{"field": "created_time", "operator": "GREATER_THAN", "value": bound}]
    assert talk.error(f"{form['id']}/leads", filtering=wrong)["code"] == 100
    talk.get(f"{rows[0]['ad_id']}/leads")
    assert '"type":"leadgen"' in talk.last.headers["x-business-use-case-usage"]


def test_leads_come_every_few_hours_and_go_after_ninety_days(talk: Caller, clock: StillClock) -> None:
    page = next(talk.walk("me/accounts"))["id"]
    (form,) = talk.walk(f"{page}/leadgen_forms", fields="leads_count")

    def leads() -> set[str]:
        return {row["id"] for row in talk.walk(f"{form['id']}/leads", fields="id")}

    first = leads()
    assert len(first) == form["leads_count"]
    clock.moment += 86_400.0
    second = leads()
    assert 3 <= len(second - first) <= 6
    clock.moment += 91 * 86_400.0
    assert leads().isdisjoint(second)


def test_recommendations_are_a_list_within_a_row(talk: Caller) -> None:
    (row,) = talk.walk(f"{EDGE}/recommendations")
    assert list(row) == ["recommendations"]
    assert {"type", "object_ids", "recommendation_content", "url"} <= row["recommendations"][0].keys()


@pytest.mark.parametrize(
    ("edge", "kind"),
    (
        ("adlabels", "AdLabel"),
        ("saved_audiences", "SavedAudience"),
        ("adrules_library", "AdRule"),
        ("adspixels", "AdsPixel"),
        ("users", "AdAccountUser"),
        ("recommendations", "AdAccountRecommendations"),
    ),
)
def test_the_smaller_edges_refuse_a_field_that_they_do_not_have(talk: Caller, edge: str, kind: str) -> None:
    error = talk.error(f"{EDGE}/{edge}", fields="id,nonsense")
    message = f"(#100) Tried accessing nonexisting field (nonsense) on node type ({kind})"
    assert (error["code"], error["message"]) == (100, message)

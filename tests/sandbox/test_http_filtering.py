"""``filtering`` and status parameters of edges: what they let through, and Meta's exact refusals."""

from collections.abc import Callable
from datetime import datetime

import msgspec
import pytest

from facebook_marketing.sandbox.caller import Caller

EDGE = "act_1234567890123456"


def condition(field: str, operator: str, value: object) -> list[dict[str, object]]:
    return [{"field": field, "operator": operator, "value": value}]


@pytest.mark.parametrize("edge", ("campaigns", "adsets", "ads"))
def test_archived_and_deleted_objects_are_hidden_until_they_are_named(talk: Caller, edge: str) -> None:
    account = talk.sandbox.world.node(EDGE)
    assert account is not None
    truth = {row["id"]: row["effective_status"] for row in talk.sandbox.world.edge(account, edge) or ()}
    hidden = {node for node, status in truth.items() if status in {"ARCHIVED", "DELETED"}}
    plain = {row["id"] for row in talk.walk(f"{EDGE}/{edge}", limit=7)}
    by_param = {row["id"] for row in talk.walk(f"{EDGE}/{edge}", effective_status=["ARCHIVED", "DELETED"])}
    wanted = condition("effective_status", "IN", ["ARCHIVED", "DELETED"])
    by_filter = {row["id"] for row in talk.walk(f"{EDGE}/{edge}", filtering=wanted)}
    assert plain == truth.keys() - hidden
    assert by_param == by_filter == hidden


def test_something_is_hidden_in_the_small_world(talk: Caller) -> None:
    everything = list(talk.walk(f"{EDGE}/ads", effective_status=["ARCHIVED", "DELETED"]))
    assert everything, "the tests above would pass on a world without archived ads"


@pytest.mark.parametrize(("edge", "entity"), (("campaigns", "campaign"), ("adsets", "adset"), ("ads", "ad")))
def test_updated_time_greater_than_is_strict_and_in_unix_seconds(talk: Caller, edge: str, entity: str) -> None:
    rows = list(talk.walk(f"{EDGE}/{edge}", fields="updated_time"))
    times = sorted(datetime.fromisoformat(row["updated_time"]).timestamp() for row in rows)
    middle = int(times[len(times) // 2])
    wanted = condition(f"{entity}.updated_time", "GREATER_THAN", middle)
    found = list(talk.walk(f"{EDGE}/{edge}", fields="updated_time", filtering=wanted))
    assert len(found) == sum(moment > middle for moment in times)


def test_conditions_reach_the_parents_by_dotted_names(talk: Caller) -> None:
    ads = list(talk.walk(f"{EDGE}/ads", fields="campaign_id"))
    campaign = ads[0]["campaign_id"]
    found = list(talk.walk(f"{EDGE}/ads", fields="campaign_id", filtering=condition("campaign.id", "EQUAL", campaign)))
    assert found == [row for row in ads if row["campaign_id"] == campaign]


def test_names_are_searched_without_regard_to_case(talk: Caller) -> None:
    rows = list(talk.walk(f"{EDGE}/campaigns", fields="name"))
    part = rows[0]["name"][:5]
    found = list(talk.walk(f"{EDGE}/campaigns", fields="name", filtering=condition("name", "CONTAIN", part.upper())))
    assert rows[0] in found
    assert all(part.lower() in row["name"].lower() for row in found)


@pytest.mark.parametrize(
    ("edge", "field", "operator", "message"),
    (
        ("adimages", "id", "IN", "(#100) Filtering field 'id' is not supported"),
        ("advideos", "id", "IN", "(#100) Filtering field 'id' is not supported"),
        ("ads", "creative_id", "EQUAL", "(#100) Filtering field 'creative_id' is not supported"),
        ("adsets", "campaign_id", "EQUAL", "(#100) Filtering field 'campaign_id' is not supported"),
        ("adcreatives", "id", "ALL", "(#100) Filtering field 'adcreative.id' with operation 'all' is not supported"),
        ("adsets", "name", "ANY", "(#100) Filtering field 'adset.name' with operation 'any' is not supported"),
        ("ads", "ad.name", "NOT_EQUAL", "(#100) Filtering field 'ad.name' with operation 'not_equal' is not supported"),
    ),
)  # fmt: skip
def test_a_field_or_operator_that_is_not_filterable_is_refused(
    talk: Caller, edge: str, field: str, operator: str, message: str
) -> None:
    error = talk.error(f"{EDGE}/{edge}", filtering=condition(field, operator, ["1"]))
    assert (error["code"], error["message"]) == (100, message)


def test_the_refusal_of_creatives_carries_the_reported_subcode_and_status(talk: Caller) -> None:
    error = talk.error(f"{EDGE}/adcreatives", filtering=condition("id", "EQUAL", "1"))
    assert (talk.last.status, error["error_subcode"]) == (500, 1487390)


def test_an_unknown_operator_is_answered_with_the_list_of_operators(talk: Caller) -> None:
    error = talk.error(f"{EDGE}/ads", filtering=condition("id", "LIKE", "1"))
    assert "Param filtering[0][operator] must be one of {EQUAL, NOT_EQUAL, GREATER_THAN" in error["message"]


def test_several_billing_events_end_in_reduce_the_amount_of_data(talk: Caller) -> None:
    error = talk.error(f"{EDGE}/adsets", filtering=condition("billing_event", "IN", ["IMPRESSIONS"]))
    assert (talk.last.status, error["code"], msgspec.json.encode(sorted(error))) == (500, 1, b'["code","message"]')


def test_filtering_by_deleted_can_be_refused_as_metas_page_says(open_sandbox: Callable[..., Caller]) -> None:
    strict = open_sandbox(refuse_deleted_filter=True)
    assert strict.error(f"{EDGE}/ads", filtering=condition("effective_status", "IN", ["DELETED"]))["code"] == 100

"""Streams that are read where the token may, and objects that accounts share."""

from typing import Any

import pytest

from facebook_marketing.catalog.streams import ENTITIES
from facebook_marketing.sandbox import Options
from facebook_marketing.sandbox.faults import Fault, Match, Then
from facebook_marketing.sandbox.world import Size
from syncing import ACCOUNT, Site, Synced

SIZE = Size(campaigns=3, adsets=6, ads=14, creatives=14, images=4, videos=2, activities=5)
OPTIONAL = {stream.name: stream.edge for stream in ENTITIES if stream.needs and not stream.shared}
REFUSALS = (
    "no_permission_app",
    "missing_permissions",
    "whitelist",
    "business_management",
    "leads_retrieval",
    "object_missing",
)


def sync(*names: str, faults: tuple[Fault, ...] = (), token: str = "sandbox-token", **options: Any) -> Synced:
    site = Site(Options(size=SIZE, faults=faults, **options))
    return site.sync(names, credentials={"auth_type": "Service", "access_token": token})


def closed(edge: str, error: str) -> Fault:
    return Fault(Match(edge=edge), Then(error=error))


@pytest.mark.parametrize("error", REFUSALS)
@pytest.mark.parametrize("name", OPTIONAL)
def test_an_edge_that_is_closed_to_the_token_is_a_gap_that_names_the_permission_and_no_failure(
    name: str, error: str
) -> None:
    synced = sync(name, "campaigns", faults=(closed(OPTIONAL[name], error),))
    (gap,) = synced.sink.gaps()
    assert (gap.stream, gap.account, gap.verdict) == (name, ACCOUNT, "permission")
    assert "It needs ads_" in gap.text
    assert "\n" not in gap.text
    assert synced.outcome.failures == ()
    assert synced.sink.statuses(name)[-1] == synced.sink.statuses("campaigns")[-1] == "COMPLETE"
    assert synced.sink.rows("campaigns")
    assert name in synced.sink.states()


@pytest.mark.parametrize("name", ("ad_labels", "saved_audiences"))
def test_an_edge_that_every_reader_may_see_fails_when_it_is_closed(name: str) -> None:
    edge = {stream.name: stream.edge for stream in ENTITIES}[name]
    synced = sync(name, faults=(closed(edge, "missing_permissions"),))
    assert synced.sink.statuses(name)[-1] == "INCOMPLETE"


def test_strict_makes_a_failure_of_a_closed_edge() -> None:
    site = Site(Options(size=SIZE, faults=(closed("adspixels", "no_permission_app"),)))
    synced = site.sync(["pixels"], strict=True)
    assert synced.sink.statuses("pixels")[-1] == "INCOMPLETE"


@pytest.mark.parametrize("name", (*OPTIONAL, "businesses"))
def test_a_token_that_may_not_read_the_account_at_all_is_a_failure_everywhere(name: str) -> None:
    synced = sync(name, token="no-ads-read-token")
    assert synced.sink.statuses(name)[-1] == "INCOMPLETE"
    assert {failure.account for failure in synced.outcome.failures} == {ACCOUNT}


def test_an_edge_that_closes_on_the_way_is_a_failure() -> None:
    fault = Fault(Match(edge="adspixels", nth=2), Then(error="no_permission_app"))
    site = Site(Options(size=SIZE, faults=(fault,), empty_pages=False))
    synced = site.sync(["pixels"], page_size=1)
    assert len(synced.sink.rows("pixels")) == 1
    assert synced.sink.statuses("pixels")[-1] == "INCOMPLETE"


def test_a_closed_edge_of_one_account_leaves_the_others_alone() -> None:
    fault = Fault(Match(edge="adspixels", account=ACCOUNT), Then(error="no_permission_app"))
    synced = sync("pixels", faults=(fault,), accounts=2)
    assert {gap.account for gap in synced.sink.gaps()} == {ACCOUNT}
    rows = synced.sink.rows("pixels")
    assert rows
    assert ACCOUNT not in {row["account_id"] for row in rows}


def test_who_may_only_look_sees_himself_among_the_users() -> None:
    assert len(sync("account_users").sink.rows("account_users")) == 2
    (row,) = sync("account_users", token="analyst-token").sink.rows("account_users")
    assert row["tasks"] == ["ANALYZE"]


# --- what accounts share --------------------------------------------------------------------------------------------


def businesses(synced: Synced) -> dict[str, list[str]]:
    rows = synced.sink.rows("businesses")
    assert len(rows) == len({row["id"] for row in rows}), "each once"
    return {row["id"]: row["account_ids"] for row in rows}


def owners(site: Site) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for account in site.sandbox.world.accounts.values():
        found.setdefault(account.business, []).append(account.id)
    return found


def test_a_business_of_several_accounts_comes_once_and_tells_which() -> None:
    site = Site(Options(size=SIZE, accounts=4))
    synced = site.sync(["businesses"])
    assert businesses(synced) == owners(site)
    assert [len(accounts) for accounts in owners(site).values()] == [3, 1]
    assert all(row["verification_status"] == "verified" for row in synced.sink.rows("businesses"))


def test_a_business_of_none_of_the_accounts_tells_so() -> None:
    site = Site(Options(size=SIZE, accounts=4))
    first, *_, last = site.sandbox.world.accounts
    found = businesses(site.sync(["businesses"], account_ids=[first]))
    assert found[site.sandbox.world.accounts[first].business] == [first]
    assert found[site.sandbox.world.accounts[last].business] == []


@pytest.mark.parametrize("error", ("business_management", "no_permission_app", "missing_permissions"))
def test_where_the_users_own_businesses_are_closed_those_of_the_accounts_are_read_one_by_one(error: str) -> None:
    site = Site(Options(size=SIZE, accounts=4, faults=(Fault(Match(path="^me/businesses"), Then(error=error)),)))
    synced = site.sync(["businesses"])
    assert businesses(synced) == owners(site)
    assert all(row["verification_status"] == "verified" for row in synced.sink.rows("businesses"))
    (gap,) = synced.sink.gaps()
    assert "me/businesses" in gap.text


def test_of_a_hidden_business_there_is_what_the_account_says_of_it() -> None:
    faults = (
        Fault(Match(path="^me/businesses"), Then(text='{"data":[]}')),
        Fault(Match(edge="Business"), Then(error="object_missing")),
    )
    synced = sync("businesses", faults=faults)
    (row,) = synced.sink.rows("businesses")
    assert (row["name"], row["account_ids"]) == ("Example GmbH", [ACCOUNT])
    assert "verification_status" not in row
    (gap,) = synced.sink.gaps()
    assert gap.entity == row["id"]
    assert synced.sink.statuses("businesses")[-1] == "COMPLETE"


def test_a_business_field_that_meta_refuses_is_left_out() -> None:
    message = "(#100) Tried accessing nonexisting field (two_factor_type) on node type (Business)"
    faults = (
        Fault(Match(path="^me/businesses"), Then(text='{"data":[]}')),
        Fault(Match(edge="Business", nth=1), Then(code=100, message=message)),
    )
    synced = sync("businesses", faults=faults)
    (row,) = synced.sink.rows("businesses")
    assert row["verification_status"] == "verified"
    assert {gap.field for gap in synced.sink.gaps()} == {"two_factor_type"}


def test_a_token_without_the_permission_gets_no_business_and_each_account_says_why() -> None:
    synced = sync("businesses", token="no-business-token", accounts=2)
    assert synced.sink.rows("businesses") == []
    assert len({gap.account for gap in synced.sink.gaps()}) == 2
    assert all("It needs business_management" in gap.text for gap in synced.sink.gaps())
    assert synced.sink.statuses("businesses")[-1] == "COMPLETE"


@pytest.mark.parametrize("said", ('{"id":"act_1"}', '{"id":"act_1","business":null}'))
def test_a_persons_account_has_no_business(said: str) -> None:
    faults = (
        Fault(Match(path="^me/businesses"), Then(text='{"data":[]}')),
        Fault(Match(edge="AdAccount"), Then(text=said)),
    )
    synced = sync("businesses", faults=faults)
    assert (synced.sink.rows("businesses"), synced.sink.gaps()) == ([], [])
    assert synced.sink.statuses("businesses")[-1] == "COMPLETE"


@pytest.mark.parametrize("sent", ('{"id":998800000000000,"name":"N"}', '"998800000000000"', "998800000000000"))
def test_a_business_may_come_as_a_number_or_as_its_bare_id(sent: str) -> None:
    faults = (Fault(Match(edge="AdAccount"), Then(text='{"id":"act_1","business":' + sent + "}")),)
    assert businesses(sync("businesses", faults=faults)) == {"998800000000000": [ACCOUNT]}


def test_a_missing_account_fails_and_the_businesses_of_the_others_come() -> None:
    site = Site(Options(size=SIZE))
    synced = site.sync(["businesses"], account_ids=[ACCOUNT, "999"])
    assert businesses(synced) == owners(site)
    assert {failure.account for failure in synced.outcome.failures} == {"999"}


def test_a_reply_that_fails_for_good_fails_all_accounts_alike() -> None:
    synced = sync("businesses", faults=(Fault(Match(path="^me/businesses"), Then(error="transient")),), accounts=2)
    assert synced.sink.rows("businesses") == []
    assert {failure.kind for failure in synced.outcome.failures} == {"transient_error"}
    assert len(synced.outcome.failures) == 2

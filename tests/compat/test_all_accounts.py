"""`account_ids: ["all"]`: every account that the token reaches, chosen by patterns; new ones join by themselves."""

import json
import logging
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

import pytest

from engine.test_insights_truth import TINY, day, days_asked, move, still
from facebook_marketing.config import ConfigError, load
from facebook_marketing.faces.accounts import AccountsError, accounts_of
from facebook_marketing.graph.client import Client
from facebook_marketing.graph.wire import Endpoint, Request, Token
from facebook_marketing.plan.state import instant
from facebook_marketing.sandbox import Options
from facebook_marketing.sandbox.tokens import Token as Granted
from fake_transport import Answer, Scripted, error, ok, query
from syncing import Site
from virtual import VirtualClock, run

ALL = ("all",)


class Meta:
    """Accounts behind a token: its user's own, and those that lie under a business. Pages of two."""

    def __init__(
        self,
        own: Mapping[str, Any],
        around: Mapping[str, Mapping[str, Any]] | None = None,
        closed: frozenset[str] = frozenset(),
    ) -> None:
        self.own, self.around, self.closed = own, around or {}, closed
        self.asked: list[str] = []

    def __call__(self, request: Request) -> Answer:
        path = urlsplit(request.url).path.partition("/v26.0/")[2]
        self.asked.append(path)
        match path.split("/"):
            case ["me", "adaccounts"]:
                return self._page(self.own, request)
            case ["me", "businesses"]:
                return ok({"data": [{"id": name} for name in dict.fromkeys(key.split("/")[0] for key in self.around)]})
            case [business, edge]:
                return self._page(self.around.get(f"{business}/{edge}", {}), request)
            case [node]:
                number = node.removeprefix("act_")
                return error(200) if number in self.closed else ok({"id": node, "account_id": number})
            case _:
                raise AssertionError(path)

    @staticmethod
    def _page(accounts: Mapping[str, Any], request: Request) -> Answer:
        asked = query(request)
        start = int(asked.get("after", 0))
        names = list(accounts)[start : start + 2]
        rows = [{"id": f"act_{name}", **accounts[name]} for name in names]
        more = start + 2 < len(accounts)
        paging = {"cursors": {"after": str(start + 2)}, **({"next": "https://x/?after=2"} if more else {})}
        return ok({"data": rows, "paging": paging})


def shop(name: str, status: object = 1) -> dict[str, object]:
    return {"name": name, "account_status": status}


def found(
    meta: Callable[[Request], Answer], include: tuple[str, ...] = (), exclude: tuple[str, ...] = ()
) -> tuple[str, ...]:
    client = Client(Endpoint(Token("secret-token")), Scripted(meta), VirtualClock())
    return run(accounts_of(client, ALL, include, exclude))


SHOPS = {"1": shop("Shop [EU]"), "2": shop("Shop US"), "3": shop("Old shop"), "44": shop("Agency")}


def test_accounts_of_the_user_and_of_its_businesses_are_found_each_once_in_metas_order() -> None:
    around: dict[str, dict[str, Any]] = {
        "7/owned_ad_accounts": {"2": {}, "5": {}},
        "7/client_ad_accounts": {"6": {}},
        "8/owned_ad_accounts": {"5": {}},
    }
    assert found(Meta(SHOPS, around)) == ("1", "2", "3", "44", "5", "6")


@pytest.mark.parametrize(
    ("include", "exclude", "left"),
    (
        ((), (), ("1", "2", "3", "44")),
        (("*shop*",), (), ("1", "2", "3")),
        (("SHOP*",), (), ("1", "2")),
        (("shop [eu]",), (), ("1",)),
        (("shop u?",), (), ("2",)),
        (("1", "agency"), (), ("1", "44")),
        (("4*",), (), ("44",)),
        ((), ("*shop*",), ("44",)),
        ((), ("3",), ("1", "2", "44")),
        (("*shop*",), ("old *", "2"), ("1",)),
    ),
)
def test_patterns_choose_by_name_and_number(
    include: tuple[str, ...], exclude: tuple[str, ...], left: tuple[str, ...]
) -> None:
    assert found(Meta(SHOPS), include, exclude) == left


def test_the_node_s_name_of_an_account_serves_as_a_pattern() -> None:
    config = load({"account_ids": "all", "accounts_include": ["act_1", "ACT_4*", 2], "access_token": "t"}, {}).config
    assert found(Meta(SHOPS), config.accounts_include) == ("1", "2", "44")


@pytest.mark.parametrize(
    ("include", "exclude", "setting"),
    ((("shoe*",), (), "accounts_include"), (("*shop*",), ("*o*",), "accounts_exclude")),
)
def test_patterns_that_leave_nothing_are_refused_with_what_they_were_held_against(
    include: tuple[str, ...], exclude: tuple[str, ...], setting: str
) -> None:
    with pytest.raises(AccountsError, match=rf"{setting} .*1 \(Shop \[EU\]\), 2 \(Shop US\).*Change the patterns\.$"):
        found(Meta(SHOPS), include, exclude)


@pytest.mark.parametrize("setting", ("accounts_include", "accounts_exclude"))
def test_patterns_beside_named_accounts_are_a_mistake(setting: str) -> None:
    with pytest.raises(ConfigError, match=rf'{setting}.*account_ids \["all"\]'):
        load({"account_ids": ["1"], setting: ["*"], "access_token": "t"}, {})


def test_whatever_meta_leaves_out_or_sends_as_a_number_is_taken() -> None:
    odd = {"1": {}, "2": {"id": 2, "name": None, "account_status": "101"}, "3": {"account_status": None, "new": {}}}
    assert found(Meta(odd)) == ("1", "2", "3")


def test_an_account_that_its_business_lists_and_nobody_may_read_is_left_out_with_a_warning(
    caplog: pytest.LogCaptureFixture,
) -> None:
    meta = Meta({"1": shop("Mine")}, {"7/client_ad_accounts": {"5": shop("Theirs"), "6": shop("Ours")}}, frozenset("5"))
    assert found(meta) == ("1", "6")
    (warning,) = (record.message for record in caplog.records if record.levelno == logging.WARNING)
    assert "5 (Theirs)" in warning
    assert "accounts_exclude" in warning
    assert "act_1" not in meta.asked, "what the user has a role on needs no second question"


def test_closed_accounts_are_read_for_what_they_delivered_and_said(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    accounts = {"1": shop("Mine"), "2": shop("Done", 101), "3": shop("Off", 2), "4": shop("Shut", 101)}
    assert found(Meta(accounts, closed=frozenset("4"))) == ("1", "2", "3")
    (said,) = (record.message for record in caplog.records if "once delivered" in record.message)
    assert "2 (Done, closed), 3 (Off, disabled)" in said


def test_a_token_that_may_read_none_of_its_accounts_is_told_so() -> None:
    with pytest.raises(AccountsError, match=r"may read none of them: 5 \(Theirs\)"):
        found(Meta({}, {"7/client_ad_accounts": {"5": shop("Theirs")}}, frozenset("5")))


def test_an_account_that_is_opened_later_joins_from_the_start_while_the_others_go_on() -> None:
    site = still(TINY, accounts=3, tokens={"growing-token": Granted(accounts=frozenset())})
    first, second, third = site.sandbox.world.accounts
    settings: dict[str, Any] = {
        "account_ids": ["all"],
        "accounts_exclude": [third],
        "insights_start_date": str(day(60)),
        "credentials": {"auth_type": "Service", "access_token": "growing-token"},
        "fetch_missing_entities": False,
    }
    names = ("campaigns", "ads_insights")
    site.sandbox.tokens["growing-token"] = Granted(accounts=frozenset({first, third}))
    before = site.sync(names, **settings)
    assert {row["account_id"] for name in names for row in before.sink.rows(name)} == {first}

    move(site, 1)
    site.sandbox.tokens["growing-token"] = Granted(accounts=frozenset({first, second, third}))
    after = site.sync(names, before.sink.states(), **settings)
    reached = instant(before.sink.states()["campaigns"][first]["updated_time"])

    assert all(instant(r["updated_time"]) >= reached for r in after.sink.rows("campaigns") if r["account_id"] == first)
    joined = {row["id"] for row in after.sink.rows("campaigns") if row["account_id"] == second}
    whole = site.sync(["campaigns"], account_ids=[second]).sink.rows("campaigns")
    assert joined == {row["id"] for row in whole}
    assert min(days_asked(after.calls, first)) == day(28)
    assert min(days_asked(after.calls, second)) < day(50)
    assert {key for key in after.sink.states()["ads_insights"] if key.isdigit()} == {first, second}

    site.sandbox.tokens["growing-token"] = Granted(accounts=frozenset({second}))
    gone = site.sync(names, after.sink.states(), **settings)
    assert gone.sink.states()["campaigns"][first] == json.loads(json.dumps(after.sink.states()["campaigns"][first]))


def test_named_accounts_are_not_looked_up() -> None:
    site = Site(Options(size=TINY, accounts=2))
    calls = site.sync(["campaigns"]).calls
    assert {call.edge for call in calls}.isdisjoint({"adaccounts", "businesses", "owned_ad_accounts"})

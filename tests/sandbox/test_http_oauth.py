"""The login flow."""

from email.utils import parsedate_to_datetime
from urllib.parse import parse_qs, urlsplit

import pytest

from facebook_marketing.sandbox.caller import Caller, StillClock

BACK = "http://127.0.0.1:9/callback"
APP = {"client_id": "123456", "client_secret": "sandbox-secret"}
EDGE = "act_1234567890123456"


def back(talk: Caller, **params: object) -> dict[str, list[str]]:
    talk.get("dialog/oauth", client_id="123456", redirect_uri=BACK, state="S", **params)
    assert talk.last.status == 302
    location = talk.last.headers["location"]
    assert location.startswith(f"{BACK}?")
    return parse_qs(urlsplit(location).query)


def test_the_dialog_comes_back_with_a_code_that_buys_a_token(talk: Caller) -> None:
    talk.token = ""
    query = back(talk, scope="ads_read,business_management")
    assert query["state"] == ["S"]
    bought = talk.get("oauth/access_token", **APP, redirect_uri=BACK, code=query["code"][0])
    assert (bought["token_type"], bought["expires_in"]) == ("bearer", 5_183_944)
    talk.token = bought["access_token"]
    assert talk.get(EDGE)["id"] == EDGE
    assert {row["permission"] for row in talk.walk("me/permissions")} == {
        "ads_read",
        "business_management",
        "public_profile",
    }


def test_a_user_who_refuses_is_sent_back_with_the_reason(talk: Caller) -> None:
    query = back(talk, sandbox_deny=1)
    assert (query["error"], query["error_reason"]) == (["access_denied"], ["user_denied"])


def test_a_scope_that_is_gone_breaks_the_dialog(talk: Caller) -> None:
    headers = {"accept": "text/html"}
    url = f"https://www.example/v26.0/dialog/oauth?client_id=123456&redirect_uri={BACK}&scope=ads_read,read_insights"
    reply = talk.sandbox.handle("GET", url, headers, b"")
    assert (reply.status, b"read_insights" in reply.body) == (400, True)


def test_codes_are_used_once_live_ten_minutes_and_belong_to_their_address(talk: Caller, clock: StillClock) -> None:
    code = back(talk)["code"][0]
    moved = talk.error("oauth/access_token", **APP, redirect_uri="http://elsewhere/", code=code)
    assert "access_token" in talk.get("oauth/access_token", **APP, redirect_uri=BACK, code=code)
    used = talk.error("oauth/access_token", **APP, redirect_uri=BACK, code=code)
    late = back(talk)["code"][0]
    clock.moment += 601
    expired = talk.error("oauth/access_token", **APP, redirect_uri=BACK, code=late)
    assert [error["error_subcode"] for error in (moved, used, expired)] == [36008, 36009, 36007]


@pytest.mark.parametrize(
    ("change", "code"), (({"client_secret": "x"}, 1), ({"client_id": "9"}, 101), ({"fb_exchange_token": "x"}, 190))
)
def test_a_wrong_secret_app_or_token_is_refused(talk: Caller, change: dict[str, str], code: int) -> None:
    asked = {**APP, "grant_type": "fb_exchange_token", "fb_exchange_token": "sandbox-token", **change}
    assert talk.error("oauth/access_token", **asked)["code"] == code


def test_a_token_is_exchanged_for_a_long_one_that_expires_in_time(talk: Caller, clock: StillClock) -> None:
    long = talk.get("oauth/access_token", **APP, grant_type="fb_exchange_token", fb_exchange_token="sandbox-token")
    talk.token = long["access_token"]
    assert talk.get(EDGE)["id"] == EDGE
    clock.moment += long["expires_in"]
    assert talk.error(EDGE)["error_subcode"] == 463


def test_an_app_token_inspects_others(talk: Caller) -> None:
    talk.token = talk.get("oauth/access_token", **APP, grant_type="client_credentials")["access_token"]
    assert talk.token == "123456|sandbox-secret"
    good = talk.get("debug_token", input_token="system-user-token")["data"]
    assert (good["is_valid"], good["type"], good["expires_at"]) == (True, "SYSTEM_USER", 0)
    dead = talk.get("debug_token", input_token="expired-token")["data"]
    assert (dead["is_valid"], dead["error"]["subcode"]) == (False, 463)
    assert talk.get("debug_token", input_token="nonsense")["data"]["is_valid"] is False


def test_a_person_without_a_role_on_the_app_may_not_inspect_tokens_but_the_app_may(talk: Caller) -> None:
    talk.token = "outsider-token"
    refused = talk.error("debug_token", input_token="outsider-token")
    assert (refused["code"], "owner or developer of the app" in refused["message"]) == (100, True)
    talk.token = f"{APP['client_id']}|{APP['client_secret']}"
    assert talk.get("debug_token", input_token="outsider-token")["data"]["is_valid"] is True


def test_tokens_of_five_days_and_of_an_hour_say_when_they_end(talk: Caller, clock: StillClock) -> None:
    ends = {
        name: talk.get("debug_token", input_token=name)["data"]["expires_at"] - int(clock.moment)
        for name in ("expiring-token", "short-token", "sandbox-token")
    }
    assert ends == {"expiring-token": 5 * 86400, "short-token": 3600, "sandbox-token": -int(clock.moment)}


def test_every_reply_says_the_time(talk: Caller, clock: StillClock) -> None:
    talk.get("me")
    assert parsedate_to_datetime(talk.last.headers["date"]).timestamp() == int(clock.moment)

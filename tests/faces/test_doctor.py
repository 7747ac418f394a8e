"""`doctor`: seeded troubles are found, named and mended as the docs say, and nothing is found where there is none."""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from executables import ACCOUNT, SMALL, Ended, Shell, config
from facebook_marketing.sandbox import Options, Token, start
from facebook_marketing.sandbox.server import Running

SECOND = "2345679001234573"
APP = {"client_id": "123456", "client_secret": "sandbox-secret"}
DOCS = Path(__file__).parent.parent.parent / "docs" / "doctor.md"
LOST = Token(accounts=frozenset({ACCOUNT}))
IDLE = Token(tasks=("DRAFT",))


@pytest.fixture(scope="module")
def hospital() -> Iterator[Running]:
    """Two accounts, one of which has not opted in to anything."""
    options = Options(size=SMALL, accounts=2, tokens={"lost-token": LOST, "idle-token": IDLE})
    with start(options) as running:
        yield running


@pytest.fixture
def patient(hospital: Running, tmp_path: Path) -> Shell:
    return Shell(tmp_path, hospital.url)


def examined(shell: Shell, **settings: Any) -> tuple[Ended, dict[str, Any]]:
    app = APP if settings.pop("app", True) else {}
    written = config(**settings)
    written["credentials"] |= app
    done = shell.command("doctor", "--json", "--config", shell.write("config.json", written))
    assert "Traceback" not in done.text
    assert "sandbox-secret" not in done.text
    return done, json.loads(done.out)


def bad(said: Mapping[str, Any]) -> dict[str, str]:
    """What is not well, by check: its level."""
    return {one["check"]: one["level"] for one in said["findings"] if one["level"] != "ok"}


def finding(said: Mapping[str, Any], check: str) -> dict[str, Any]:
    return next(one for one in said["findings"] if one["check"] == check)


def test_nothing_is_found_where_all_is_well_and_every_part_was_looked_at(patient: Shell) -> None:
    done, said = examined(patient)
    assert (done.code, said["level"], bad(said)) == (0, "ok", {})
    assert {one["check"] for one in said["findings"]} >= {
        "configuration",
        "clock.skew",
        "version.life",
        "version.served",
        "token.works",
        "token.kind",
        "token.expiry",
        "permissions",
        "app.tier",
        "app.usage",
        "account.reachable",
        "account.status",
        "account.tasks",
        "account.history",
        "account.opt_in",
    }
    facts = finding(said, "account.reachable")["facts"]
    assert (facts["zone"], facts["currency"]) == ("Europe/Berlin", "EUR")
    assert facts["attribution"] == "7-day click_through, 1-day view_through"


@pytest.mark.parametrize("app", (True, False), ids=("asked by the app", "asked by itself"))
def test_an_expired_token_fails_with_why_and_mend_and_is_said_once(patient: Shell, app: bool) -> None:  # noqa: FBT001
    done, said = examined(patient, token="expired-token", app=app)
    assert done.code == 2
    assert bad(said) == {"token.works": "fail"} | ({"token.valid": "fail"} if app else {})
    works = finding(said, "token.works")
    assert "it has expired" in works["text"]
    assert re.search(r"190/463 .*\[fbtrace_id \w+\]", works["text"])
    assert works["mend"].startswith("Make a new access token")
    assert "expired-token" not in done.text


@pytest.mark.parametrize(
    ("token", "check", "said_of_it"),
    (
        ("expiring-token", "token.expiry", r"The access token ends on 20\d\d-\d\d-\d\d \d\d:\d\d UTC, in 4 days\."),
        ("fading-token", "token.data_access", r"The app's access to data .* in 2 days\."),
        ("short-token", "token.expiry", r"in 59 minutes\. It is a short-lived one\."),
    ),
)
def test_a_token_that_ends_soon_is_a_warning_with_its_day(
    patient: Shell, token: str, check: str, said_of_it: str
) -> None:
    done, said = examined(patient, token=token)
    assert (done.code, bad(said)) == (1, {check: "warn"})
    assert re.search(said_of_it, finding(said, check)["text"])
    assert finding(said, check)["mend"]


def test_a_missing_scope_is_named_with_the_streams_that_need_it(patient: Shell) -> None:
    done, said = examined(patient, token="no-ads-read-token")
    assert done.code == 2
    assert bad(said) == {"permissions.ads_read": "fail", "account.reachable": "fail"}
    done, said = examined(patient, token="no-business-token")
    assert (done.code, bad(said)) == (1, {"permissions.business_management": "warn"})
    lacking = finding(said, "permissions.business_management")
    assert lacking["facts"]["streams"] == ["ad_account", "businesses"]
    assert "declined" in lacking["text"]


def test_a_lost_account_fails_alone(patient: Shell) -> None:
    done, said = examined(patient, token="lost-token", account_ids=[ACCOUNT, SECOND])
    assert (done.code, bad(said)) == (2, {"account.reachable": "fail"})
    [lost] = [one for one in said["findings"] if one["level"] == "fail"]
    assert lost["subject"] == f"account {SECOND}"
    assert finding(said, "account.history")["subject"] == f"account {ACCOUNT}"


def test_an_empty_breakdown_is_loud_where_a_stream_would_lack_rows(patient: Shell) -> None:
    own = {"name": "ByHour", "fields": ["spend"], "breakdowns": ["hourly_stats_aggregated_by_audience_time_zone"]}
    done, said = examined(patient, account_ids=[SECOND], custom_insights=[own])
    assert (done.code, bad(said)) == (1, {"account.opt_in": "warn"})
    empty = {one["facts"]["breakdown"]: one for one in said["findings"] if one["check"] == "account.opt_in"}
    assert {name: one["level"] for name, one in empty.items()} == {
        "impression_device": "warn",
        "hourly_stats_aggregated_by_audience_time_zone": "warn",
        "frequency_value": "ok",
    }
    assert "custom_by_hour" in empty["hourly_stats_aggregated_by_audience_time_zone"]["mend"]
    assert finding(said, "reports.asked")["level"] == "ok"


def test_limited_access_a_closed_account_and_a_skewed_clock_are_named(tmp_path: Path) -> None:
    options = Options(size=SMALL, tier="development_access", account_status={ACCOUNT: 101})
    with start(options) as running:
        running.sandbox.advance(-300)
        done, said = examined(Shell(tmp_path, running.url))
        assert done.code == 1
        assert bad(said) == {"app.tier": "warn", "account.status": "warn", "clock.skew": "warn"}
        assert re.fullmatch(
            r"This machine's clock is (299|300|301) s ahead of Meta's\.", finding(said, "clock.skew")["text"]
        )
        assert "CLOSED" in finding(said, "account.status")["text"]
        running.sandbox.advance(2 * 3600)
        done, said = examined(Shell(tmp_path, running.url))
        assert (done.code, bad(said)["clock.skew"]) == (2, "fail")


def test_a_wrong_configuration_is_findings_too(patient: Shell) -> None:
    done = patient.command("doctor", "--config", patient.write("c.json", {"account_ids": ["abc"], "page_size": 0}))
    assert done.code == 2
    assert [line[:4] for line in done.out.decode().splitlines()[:-2]] == ["FAIL", "    "] * 3
    assert "access_token: found nothing." in done.out.decode()


def test_a_host_that_does_not_answer_is_one_finding(tmp_path: Path) -> None:
    done, said = examined(Shell(tmp_path, "http://127.0.0.1:1"))
    assert (done.code, bad(said)) == (2, {"network": "fail"})

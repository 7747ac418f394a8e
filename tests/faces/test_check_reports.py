"""Reports of the user's own are tried on Meta before the first sync."""

from typing import Any

from facebook_marketing.config import load
from facebook_marketing.faces.check import check
from facebook_marketing.sandbox import Options, Sandbox
from facebook_marketing.sandbox.world import Size
from sandbox_transport import SandboxTransport
from virtual import START, VirtualClock, run

SMALL = Size(campaigns=2, adsets=2, ads=4, creatives=4)


def checked(*reports: dict[str, Any]) -> tuple[tuple[str, ...], Sandbox]:
    clock = VirtualClock()
    sandbox = Sandbox(Options(size=SMALL), now=lambda: START)
    credentials = {"auth_type": "Service", "access_token": "sandbox-token"}
    account = next(iter(sandbox.world.accounts))
    config = load({"account_ids": [account], "credentials": credentials, "custom_insights": list(reports)}, {}).config
    return run(check(config, SandboxTransport(sandbox, clock), clock)), sandbox


def test_a_report_that_meta_takes_costs_one_call_and_is_no_problem() -> None:
    problems, sandbox = checked({"name": "by_country", "fields": ["spend"], "breakdowns": ["country"]})
    assert problems == ()
    assert [call.path.rpartition("/")[2] for call in sandbox.log].count("insights") == 1


def test_a_report_that_only_meta_can_refuse_is_named_with_metas_words() -> None:
    problems, _ = checked({"name": "odd", "fields": ["spend"], "breakdowns": ["a_breakdown_of_tomorrow"]})
    (problem,) = problems
    assert problem.startswith("customodd: ")
    assert "a_breakdown_of_tomorrow is not valid for breakdowns param" in problem


def test_a_field_that_meta_does_not_know_is_a_warning_and_no_failure() -> None:
    problems, _ = checked({"name": "odd", "fields": ["spend", "a_field_of_tomorrow"]})
    assert problems == ()


def test_a_report_that_the_table_refuses_is_not_asked_of_meta() -> None:
    problems, sandbox = checked({"name": "odd", "fields": ["spend"], "breakdowns": ["platform_position"]})
    assert len(problems) == 1
    assert "publisher_platform" in problems[0]
    assert all("insights" not in call.path for call in sandbox.log)

"""Every code that Meta is known to give has its verdict."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from facebook_marketing.graph.verdicts import RULES, Kind, judge
from facebook_marketing.graph.wire import Fault

CASES = (
    (1, None, "Please reduce the amount of data you're asking for, then retry your request", Kind.SHRINK),
    (1, 99, "An unknown error occurred", Kind.RETRY),
    (1, 2853001, "profile is not linked", Kind.STOP),
    (2, None, "(#2) Service temporarily unavailable", Kind.RETRY),
    (2, 1504038, "timed out", Kind.SPLIT),
    (2, 1504041, "breakdowns", Kind.STOP_STREAM),
    (2, 1504043, "intermittent", Kind.RETRY),
    (2, 1504044, "unknown", Kind.SPLIT),
    (-2, 2490547, "failed", Kind.RETRY),
    (-3, 1504045, "Out of memory", Kind.SPLIT),
    (3, None, "(#3) App must be on whitelist", Kind.DROP_FIELD),
    (4, None, "(#4) Application request limit reached", Kind.THROTTLE_APP),
    (4, 1504022, "(#4) Application request limit reached", Kind.THROTTLE_APP),
    (10, None, "(#10) Application does not have permission for this action", Kind.DROP_FIELD),
    (10, 4841013, "(#10) permission", Kind.THROTTLE_ACCOUNT),
    (17, 2446079, "User request limit reached", Kind.THROTTLE_ACCOUNT),
    (17, None, "User request limit reached", Kind.THROTTLE_ACCOUNT),
    (32, None, "(#32) Page request limit reached", Kind.THROTTLE_ACCOUNT),
    (100, 33, "Unsupported get request. Object with ID '1' does not exist", Kind.SKIP_NODE),
    (100, 1487534, "Invalid parameter", Kind.SPLIT),
    (100, 1504018, "Invalid parameter", Kind.SPLIT),
    (100, 2446211, "x", Kind.POISONED_ITEM),
    (100, 1443048, "x", Kind.POISONED_ITEM),
    (100, 2446289, "(#100) The account cannot be used", Kind.STOP_ACCOUNT),
    (100, None, "(#100) Missing permissions", Kind.DROP_FIELD),
    (100, None, "Unsupported request - method type: get", Kind.DROP_FIELD),
    (100, None, "(#100) Tried accessing nonexisting field (foo) on node type (AdAccount)", Kind.DROP_FIELD),
    (100, None, "(#100) age is not valid for fields param. please check https://x", Kind.DROP_FIELD),
    (100, None, "(#100) foo is not valid for breakdowns param. please check https://x", Kind.STOP_STREAM),
    (100, None, "(#100) Current combination of data breakdown columns (action_type, x) is invalid", Kind.STOP_STREAM),
    (100, None, "(#100) Cannot include impressions, spend in summary param because they weren't there", Kind.RETRY),
    (100, None, "(#100) Tried accessing nonexisting summary field (adset_end)", Kind.RETRY),
    (100, None, "Invalid appsecret_proof provided in the API argument", Kind.STOP),
    (100, None, "Invalid parameter", Kind.STOP_STREAM),
    (102, None, "session", Kind.STOP),
    (104, None, "An access token is required to request this resource.", Kind.STOP),
    (190, None, "Invalid OAuth access token - Cannot parse access token", Kind.STOP),
    (190, 460, "password", Kind.STOP),
    (190, 463, "expired", Kind.STOP),
    (190, 467, "logged out", Kind.STOP),
    (200, None, "(#200) Requires business_management permission to manage the object", Kind.DROP_FIELD),
    (200, None, "(#200) Ad account owner has NOT grant ads_management or ads_read permission", Kind.STOP_ACCOUNT),
    (272, None, "permission", Kind.STOP_ACCOUNT),
    (294, None, "permission", Kind.STOP_ACCOUNT),
    (341, None, "limit", Kind.THROTTLE_APP),
    (368, None, "blocked", Kind.STOP_ACCOUNT),
    (613, None, "(#613) Calls to this api have exceeded the rate limit.", Kind.THROTTLE_ACCOUNT),
    (613, 1487742, "too many", Kind.THROTTLE_ACCOUNT),
    (803, None, "(#803) Some of the aliases", Kind.STOP_ACCOUNT),
    (960, None, "Request aborted.", Kind.RETRY),
    (2500, None, "An active access token must be used", Kind.STOP),
    (2500, None, 'Syntax error "Expected end of string"', Kind.STOP_STREAM),
    (2601, 1815107, "Error accessing adreport job.", Kind.RETRY),
    (2635, None, "(#2635) You are calling a deprecated version", Kind.STOP),
    (2642, None, "invalid cursor", Kind.RESTART_WALK),
    (3018, None, "(#3018) The start date of the time range cannot be beyond 37 months", Kind.STOP_STREAM),
    (5000, None, "unknown", Kind.RETRY),
    *((code, 2446079, "too many calls", Kind.THROTTLE_ACCOUNT) for code in (80000, 80003, 80004, 80014)),
)


@pytest.mark.parametrize(("code", "subcode", "message", "kind"), CASES)
@pytest.mark.parametrize("status", (400, 403, 500))
def test_a_known_code_has_its_verdict_whatever_the_status(
    code: int, subcode: int | None, message: str, kind: Kind, status: int
) -> None:
    assert judge(Fault(status, message, code, subcode)).kind is kind


@pytest.mark.parametrize(
    ("status", "transient", "kind"),
    (
        (0, True, Kind.RETRY),
        (500, False, Kind.RETRY),
        (502, False, Kind.RETRY),
        (503, False, Kind.RETRY),
        (429, False, Kind.THROTTLE_ACCOUNT),
        (401, False, Kind.STOP),
        (404, False, Kind.STOP_STREAM),
        (200, True, Kind.RETRY),
    ),
)
def test_a_fault_without_a_code_is_judged_by_its_status(status: int, transient: bool, kind: Kind) -> None:  # noqa: FBT001
    assert judge(Fault(status, "", transient=transient)).kind is kind


def test_a_new_code_that_calls_itself_transient_is_tried_again() -> None:
    assert judge(Fault(400, "new", 99_999, transient=True)).kind is Kind.RETRY


def test_fields_are_named_where_meta_names_them() -> None:
    assert judge(Fault(400, "(#100) Tried accessing nonexisting field (foo) on node type (Ad)", 100)).fields == ("foo",)
    message = "(#100) a, b_c are not valid for fields param. please check"
    assert judge(Fault(400, message, 100)).fields == ("a", "b_c")


@given(
    st.builds(
        Fault,
        st.integers(0, 599),
        st.text(),
        st.none() | st.integers(-5, 100_000),
        st.none() | st.integers(0, 5_000_000),
        transient=st.booleans(),
    )
)
def test_every_fault_has_a_verdict_that_tells_the_reader_what_to_do(fault: Fault) -> None:
    verdict = judge(fault)
    assert verdict.kind in Kind
    assert verdict.rule.meaning.endswith(".")
    assert verdict.rule.mend.endswith(".")


def test_every_row_of_the_table_says_its_source_and_can_be_reached() -> None:
    for rule in RULES:
        assert rule.source
    for rule in RULES:
        if not rule.text and rule.code is not None:
            assert judge(Fault(400, "", rule.code, rule.subcode)).rule is rule

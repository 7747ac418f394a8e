"""The page about errors is the table that the program uses, and what a user reads quotes both it and Meta."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from facebook_marketing.engine.desk import LostError
from facebook_marketing.graph import describe_errors
from facebook_marketing.graph.client import Refusal
from facebook_marketing.graph.error_table import ALONE, OURS, RULES, WITHOUT_CODE, Kind, Rule
from facebook_marketing.graph.verdicts import explained, judge
from facebook_marketing.graph.wire import Fault
from facebook_marketing.sandbox.refusals import NAMED

PAGE = Path(__file__).parent.parent.parent / "docs" / "errors.md"

# Every pair that Meta's pages and public reports name for a reader (and for its neighbours in the same app).
_KNOWN = """
1 1/99 1/2853001 2 2/1504038 2/1504041 2/1504042 2/1504043 2/1504044 -2/2490547 -3/1504045 3 4 4/1504022 4/1504039 10
17/2446079 17/1885172 32 100 100/33 100/1487534 100/1504018 100/2446289 100/2446211 100/1443048 100/1487390 100/3191001
100/36007 100/36008 100/36009 101 102 104 190 190/458 190/459 190/460 190/463 190/464 190/467 190/492 191 194 270 294
341 368 506 613 613/1487742 613/1996 613/5044001 613/1487632 613/1487225 803 960 1150 2500 2601/1815107 2635 2637 2642
2654 3018 5000 80000 80001 80002 80003 80004 80005 80006 80008 80009 80014
"""


def _fault(name: str) -> Fault:
    code, _, subcode = name.partition("/")
    return Fault(400, "", int(code), int(subcode) if subcode else None)


@pytest.mark.parametrize("name", _KNOWN.split())
def test_every_known_code_has_an_entry_of_its_own(name: str) -> None:
    assert judge(_fault(name)).rule.name == name


@pytest.mark.parametrize("code", (200, 203, 272, 273, 299))
def test_permission_codes_share_an_entry(code: int) -> None:
    assert judge(Fault(403, "", code)).rule.name == "200 to 299"


@pytest.mark.parametrize("subcode", (4841013, 4841018))
def test_a_throttle_in_disguise_is_known_by_its_subcode_whatever_its_code(subcode: int) -> None:
    assert judge(Fault(400, "(#10) permission", 10, subcode)).rule.name == f"any/{subcode}"


@pytest.mark.parametrize("make", NAMED.values(), ids=NAMED)
def test_every_error_that_the_sandbox_can_give_has_an_entry(make: object) -> None:
    error = make()  # type: ignore[operator]
    assert judge(Fault(error.status, error.message, error.code, error.subcode)).rule in RULES


def test_the_page_is_current() -> None:
    assert PAGE.read_text(encoding="utf-8") == describe_errors.page(), (
        "write the page() of graph.describe_errors to docs/errors.md"
    )


@pytest.mark.parametrize("rule", (*RULES, *WITHOUT_CODE), ids=lambda rule: f"{rule.name} {rule.shown}")
def test_every_entry_stands_on_the_page_with_all_that_it_says(rule: Rule) -> None:
    lines = [line for line in describe_errors.page().splitlines() if rule.meaning in line and rule.mend in line]
    assert any(rule.ours in line and rule.source in line and rule.shown in line for line in lines)
    assert all(text.endswith(".") for text in (rule.meaning, rule.ours, rule.mend))


def test_every_kind_of_verdict_says_what_we_do_by_ourselves() -> None:
    assert set(OURS) == set(Kind)


def test_an_entry_that_goes_by_text_says_which(  # or two rows of a code could not be told apart on the page
) -> None:
    assert [rule for rule in RULES if bool(rule.text) != bool(rule.shown)] == []
    assert [rule for rule in RULES if rule.text and not re.search(rule.text, rule.shown)] == []


FAULT = Fault(
    400,
    "(#10) Application does not have permission for this action",
    10,
    user_title="Sin permiso",
    user_message="Pide acceso.",
    trace="A1b2C3",
)


def test_what_a_user_reads_has_the_entry_metas_words_for_people_the_trace_and_the_mend() -> None:
    for text in (explained(FAULT), str(LostError(Refusal(FAULT, judge(FAULT)), "ads of account 1"))):
        rule = judge(FAULT).rule
        parts = (rule.meaning, "10 (#10) Application", "(Sin permiso: Pide acceso.)", "[fbtrace_id A1b2C3]", rule.mend)
        places = [text.find(part) for part in parts]
        assert -1 not in places
        assert places == sorted(places)


def test_metas_title_is_shown_though_no_text_comes_with_it() -> None:
    assert "(Account issue)" in str(Fault(400, "no", 100, 2446289, user_title="Account issue"))


@given(st.sampled_from(RULES), st.text(max_size=40))
def test_nothing_is_asked_of_the_user_where_we_mend_by_ourselves(rule: Rule, trace: str) -> None:
    fault = Fault(400, rule.shown, rule.code or 10, rule.subcode, trace=trace)
    told = judge(fault).rule
    assert (told.mend in explained(fault)) == (told.kind not in ALONE)

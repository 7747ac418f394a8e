"""Totals that Meta reports, and rows that were read: on a clean read they agree, wherever rows add up at all."""

from collections import defaultdict
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from engine.test_insights_truth import TODAY, day, still
from facebook_marketing.catalog.reconciliation import counted, refusal
from facebook_marketing.catalog.stream import Behaviour, Report, Stream
from facebook_marketing.config import load
from facebook_marketing.engine.reconcile import Cell, Known, Numbers, compare, differing
from facebook_marketing.engine.totals import Question, Totals, TotalsError
from facebook_marketing.faces.parts import client_of
from facebook_marketing.plan.windows import Window
from facebook_marketing.sandbox.faults import Fault, Match, Then
from sandbox_transport import SandboxTransport
from syncing import ACCOUNT, MovedClock, Site, Synced
from virtual import run

WINDOW = Window(day(20), day(1))
SETTINGS: dict[str, Any] = {"start_date": str(WINDOW.since), "end_date": str(WINDOW.until)}
PRESETS = (
    "ads_insights",
    "ads_insights_age_and_gender",
    "ads_insights_country",
    "ads_insights_region",
    "ads_insights_platform_and_device",
    "ads_insights_delivery_device",
)


def asked(site: Site, question: Question, **settings: Any) -> tuple[Numbers, int]:
    """The totals, and how many calls they cost."""
    config = load(site.config(**settings), {}).config
    clock = MovedClock(site.now)

    async def ask() -> tuple[Numbers, int]:
        client = client_of(config, SandboxTransport(site.sandbox, clock), clock)
        numbers = await Totals(client).of(question)
        return numbers, client.counts.calls

    return run(ask())


def summed(synced: Synced, stream: Stream, columns: tuple[str, ...], *, campaigns: bool = False) -> Numbers:
    """The rows added up, the slow way."""
    sums: defaultdict[Cell, Decimal] = defaultdict(Decimal)
    for row in synced.sink.rows(stream.name):
        since, until = (WINDOW.since, WINDOW.until) if campaigns else _days(row)
        entity = row["campaign_id"] if campaigns else ""
        for name in columns:
            if name != "actions":
                sums[Cell(entity, since, until, name)] += Decimal(row.get(name) or 0)
        for action in (row.get("actions") or ()) if "actions" in columns else ():
            sums[Cell(entity, since, until, "actions", action["action_type"])] += Decimal(action.get("value") or 0)
    return sums


def _days(row: dict[str, Any]) -> tuple[Any, Any]:
    return date.fromisoformat(row["date_start"]), date.fromisoformat(row["date_stop"])


@pytest.mark.parametrize("name", PRESETS)
@pytest.mark.parametrize("campaigns", (False, True))
def test_the_rows_of_a_clean_read_add_up_to_what_meta_reports(name: str, campaigns: bool) -> None:  # noqa: FBT001
    site = still()
    synced = site.sync([name], **SETTINGS)
    stream = site.streams()[name]
    columns = tuple(one for one in counted(stream) if one != "actions" or not campaigns)
    assert columns[:3] == ("spend", "impressions", "clicks")
    question = Question(stream, ACCOUNT, WINDOW, columns, campaigns=campaigns)
    theirs, calls = asked(site, question)
    ours = summed(synced, stream, columns, campaigns=campaigns)
    known = Known(stream.report or Report(), TODAY)
    assert not differing(compare(ours, theirs, known))
    assert sum(number or 0 for cell, number in theirs.items() if cell.metric == "spend") > 0
    assert calls == 1


def test_custom_reports_are_compared_in_their_own_buckets_and_filters() -> None:
    site = still()
    window = Window(date(2026, 11, 2), date(2026, 11, 15))
    days: dict[str, Any] = {"start_date": str(window.since), "end_date": str(window.until)}
    some = site.sync(["ads_insights"], **days).sink.rows("ads_insights")
    campaign = max(some, key=lambda row: int(row["impressions"]))["campaign_id"]
    only = [{"field": "campaign.id", "operator": "IN", "value": [campaign]}]
    own = {"name": "weeks", "level": "adset", "time_increment_period": "weekly", "filtering": only}
    settings: dict[str, Any] = {**days, "custom_insights": [own]}
    synced = site.sync(["customweeks"], **settings)
    stream = site.streams(**settings)["customweeks"]
    columns = ("spend", "impressions")
    theirs, _ = asked(site, Question(stream, ACCOUNT, window, columns), **settings)
    assert {(cell.since, cell.until) for cell in theirs} <= {
        (date(2026, 11, 2), date(2026, 11, 8)),
        (date(2026, 11, 9), date(2026, 11, 15)),
    }
    assert not differing(compare(summed(synced, stream, columns), theirs, Known(Report(), TODAY)))
    assert (
        sum(row["impressions"] for row in some)
        > sum(theirs[cell] or 0 for cell in theirs if cell.metric != "spend")
        > 0
    )


def totals_of(site: Site, *questions: Question) -> tuple[list[Numbers], int]:
    """Several answers of one asker, and the calls that they cost."""
    clock = MovedClock(site.now)

    async def ask() -> tuple[list[Numbers], int]:
        client = client_of(load(site.config(), {}).config, SandboxTransport(site.sandbox, clock), clock)
        totals = Totals(client)
        return [await totals.of(question) for question in questions], client.counts.calls

    return run(ask())


def test_questions_that_are_alike_are_asked_once() -> None:
    site = still()
    streams = site.streams()
    questions = [
        Question(streams[name], ACCOUNT, WINDOW, ("spend",)) for name in ("ads_insights", "ads_insights_country")
    ]
    answers, calls = totals_of(site, *questions)
    assert answers[0] == answers[1]
    assert calls == 1


def test_what_is_too_much_for_one_answer_is_asked_for_by_halves_of_the_days() -> None:
    question = Question(still().streams()["ads_insights"], ACCOUNT, WINDOW, ("spend",))
    whole, _ = totals_of(still(), question)
    heavy = still(faults=(Fault(match=Match(edge="insights"), then=Then(error="too_much_data"), times=3),))
    halved, calls = totals_of(heavy, question)
    assert halved == whole
    assert calls > 3


def test_reports_that_do_not_add_up_say_why() -> None:
    streams = still().streams()
    reports = [one for one in streams.values() if one.behaviour is Behaviour.REPORT]
    refused = {one.name: why for one in reports if (why := refusal(one.report or Report()))}
    assert "product_id" in refused["ads_insights_action_product_id"]
    assert not set(PRESETS) & set(refused)


def test_an_account_that_is_closed_to_the_token_is_an_error_with_the_next_step() -> None:
    site = still()
    question = Question(site.streams()["ads_insights"], "999", WINDOW, ("spend",))
    with pytest.raises(TotalsError, match="999"):
        asked(site, question)

"""A wait of an hour, on virtual time: never silent for a minute, and it says what is waited for."""

import io
import logging
import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

import pytest

from airbyte_lines import Line, logs, parsed, statuses
from executables import ACCOUNT, SMALL, bare_catalog, config
from facebook_marketing.config import load
from facebook_marketing.faces.airbyte import sync
from facebook_marketing.faces.catalog import offered, selection
from facebook_marketing.faces.logs import ROOT, to_airbyte
from facebook_marketing.sandbox import Fault, Match, Options, Sandbox, Then
from facebook_marketing.sinks.airbyte import Output
from sandbox_transport import SandboxTransport
from virtual import START, VirtualClock, run

MINUTE = 60.0
HOUR = 3600.0


class Timed(io.BytesIO):
    """A stdout that notes when it was written to."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = VirtualClock()
        self.times = [0.0]

    def write(self, text: Any) -> int:
        self.times.append(self.clock.now() - START)
        return super().write(text)


def read(faults: Sequence[Fault], *names: str, **settings: Any) -> tuple[int, list[Line], list[float]]:
    """Exit code, lines, and when each was written (seconds)."""
    out = Timed()

    async def work() -> int:
        sandbox = Sandbox(Options(size=SMALL, faults=tuple(faults)), now=out.clock.now)
        loaded = load(config(insights_start_date="2026-11-18", **settings), {})
        chosen, _ = selection(bare_catalog(*names), offered(loaded.config))
        transport = SandboxTransport(sandbox, out.clock, latency=0.1)
        output = Output(out, out.clock.now)
        to_airbyte(output, debug=False)
        return await sync(loaded, chosen, {}, output, transport=transport, clock=out.clock)

    return run(work()), parsed(out.getvalue()), out.times


@pytest.fixture(autouse=True)
def own_logs() -> Iterator[None]:
    """What a run does to the loggers of its process is undone."""
    before = [(one, one.handlers[:], one.level, one.propagate) for one in map(logging.getLogger, ("", ROOT))]
    yield
    for one, handlers, level, propagate in before:
        one.handlers[:], one.propagate = handlers, propagate
        one.setLevel(level)
    logging.captureWarnings(capture=False)


def longest_silence(times: Sequence[float]) -> float:
    return max(later - earlier for earlier, later in pairwise(times))


REGAIN = {
    "x-business-use-case-usage": f'{{"{ACCOUNT}": [{{"type": "ads_management", "call_count": 100, '
    '"total_cputime": 1, "total_time": 1, "estimated_time_to_regain_access": 60}]}'
}
THROTTLED = Fault(Match(edge="campaigns", nth=1), Then(error="buc_management", headers=REGAIN))
STUCK_RUN = Fault(Match(edge="insights", method="POST", nth=1), Then(run="stuck"))

WAITS: dict[str, tuple[Fault, str, dict[str, Any], float, str]] = {
    "a throttle": (
        THROTTLED,
        "campaigns",
        {},
        HOUR,
        rf"Account {ACCOUNT} \(ads_management\), until 2026-11-\d\d \d\d:\d\d:\d\d UTC",
    ),
    "a slow reply": (
        Fault(Match(edge="campaigns", nth=1), Then(delay=200.0)),
        "campaigns",
        {},
        200.0,
        rf"Meta's reply to GET act_{ACCOUNT}/campaigns since \d+ s",
    ),
    "the search for accounts": (
        Fault(Match(path="me/adaccounts", nth=1), Then(delay=200.0)),
        "campaigns",
        {"account_ids": ["all"]},
        200.0,
        r"Meta's reply to GET me/adaccounts since \d+ s",
    ),
    "report runs": (STUCK_RUN, "ads_insights", {}, 120.0, rf"Account {ACCOUNT}: waiting for \d+ report runs at Meta"),
}


@pytest.mark.parametrize("wait", WAITS)
def test_no_wait_is_silent_for_a_minute_and_each_says_what_it_waits_for(wait: str) -> None:
    fault, name, settings, seconds, said = WAITS[wait]
    code, lines, times = read([fault], name, **settings)
    assert code == 0
    assert statuses(lines, name)[-1] == "COMPLETE"
    assert times[-1] >= seconds
    assert longest_silence(times) < MINUTE
    assert [text for text in logs(lines, "INFO") if re.search(said, text)], logs(lines)[-5:]


def test_a_throttle_is_said_once_in_half_a_minute_however_many_calls_wait() -> None:
    code, lines, times = read([THROTTLED], "campaigns", "ads", "ad_sets", "ad_creatives", "custom_audiences", "videos")
    assert code == 0
    assert len(logs(lines, "INFO")) < 3 * times[-1] / 30

"""What is known of a read while it goes on: rows, windows, quota, the time that is left."""

import asyncio

from hypothesis import given
from hypothesis import strategies as some

from facebook_marketing.config import load
from facebook_marketing.engine.door import Gap, Present, Progress, Status, StreamStatus, Swept
from facebook_marketing.engine.order import Selected
from facebook_marketing.faces.monitor import Monitor
from facebook_marketing.faces.progress import quota, span, time_left, total
from facebook_marketing.faces.reading import run_engine
from facebook_marketing.graph.counts import Job, Quota
from facebook_marketing.sandbox import Fault, Match, Options, Size, Then
from list_sink import ListSink
from sandbox_transport import SandboxTransport
from syncing import MovedClock, Site
from virtual import run

SMALL = Size(campaigns=3, adsets=6, ads=12, creatives=12, images=6, videos=3, activities=20)


def begun(*jobs: Job, reports: frozenset[str] = frozenset()) -> Monitor:
    """A monitor of a read of these streams and accounts, begun at second 0."""
    streams = tuple(dict.fromkeys(job.stream for job in jobs))
    return Monitor(0.0, streams, reports, accounts=tuple(dict.fromkeys(job.account for job in jobs)))


def test_rows_and_windows_of_all_accounts_are_added_up() -> None:
    monitor = Monitor()
    monitor.add(Progress("ads_insights", "1", 500, 1, 3, 7))
    monitor.add(Progress("ads_insights", "2", 10, 0, 2, 9))
    stream = monitor.add(Progress("ads_insights", "1", 900, 2, 3, 8))
    assert (stream.rows, stream.done, stream.planned) == (910, 2, 5)
    assert (monitor.rows, monitor.windows) == (910, (2, 5))


def test_nobody_knows_how_much_is_to_come_until_every_account_has_said_it() -> None:
    monitor = Monitor()
    monitor.add(Progress("ads", "1", 500, 1, 3))
    assert monitor.add(Progress("ads", "2", 10, 1)).planned is None


def test_gaps_are_kept_and_counted_by_account() -> None:
    monitor = Monitor()
    gap = Gap("ads", "1", "one page was left out")
    stream = monitor.add(gap)
    assert (stream.gaps, stream.accounts["1"].gaps, monitor.gaps) == (1, 1, [gap])


def test_sweeps_change_nothing() -> None:
    monitor = Monitor()
    monitor.add(Present("ads", "1", ("7",)))
    monitor.add(Swept("ads", "1"))
    assert monitor.rows == 0


def test_the_time_left_follows_from_the_windows() -> None:
    jobs = (Job("ads", "1"), Job("report", "1"), Job("later", "1"))
    monitor = begun(*jobs, reports=frozenset(("report", "later")))
    assert monitor.left(60.0) is None
    monitor.counts.jobs[jobs[0]].done = True
    monitor.add(Progress("report", "1", 100, 2, 10))
    assert monitor.work() == (3.0, 21.0)
    assert monitor.left(60.0) == 60 * 18 / 3
    assert monitor.left(5.0) is None


def test_a_job_that_failed_is_over() -> None:
    monitor = begun(Job("ads", "1"), Job("ads", "2"))
    monitor.counts.jobs[Job("ads", "1")].failure = "no"
    assert monitor.work() == (1.0, 2.0)


@given(some.lists(some.tuples(some.integers(0, 30), some.integers(1, 30)), min_size=1, max_size=6))
def test_the_work_done_is_never_more_than_the_work(accounts: list[tuple[int, int]]) -> None:
    jobs = [Job("report", str(number)) for number in range(len(accounts))]
    monitor = begun(*jobs, reports=frozenset(("report",)))
    for job, (done, planned) in zip(jobs, accounts, strict=True):
        monitor.add(Progress("report", job.account, 0, done, planned))
    share, whole = monitor.work()
    assert 0 <= share <= whole


def test_a_wait_for_quota_is_said_with_its_account_and_its_length() -> None:
    monitor = begun(Job("report", "1"))
    whole = monitor.counts.whole
    assert quota(monitor, 0.0) == ""
    whole.reading(Quota("1", "ads_insights"), 42.4, None)
    assert quota(monitor, 0.0) == "quota used: 42 %"
    whole.refused(Quota("1", "ads_insights"), 90.0)
    assert quota(monitor, 10.0) == "waiting 80 s for the quota of account 1 (ads_insights)"
    whole.refused(Quota("app", ""), 700.0)
    assert quota(monitor, 10.0) == "waiting 12 min for the quota of the app and 1 more"
    assert quota(monitor, 701.0) == "quota used: 42 %"


def test_times_are_said_as_people_say_them() -> None:
    assert [span(seconds) for seconds in (0.4, 99, 100, 3599, 7500)] == ["0 s", "99 s", "2 min", "60 min", "2 h 5 min"]


def test_a_throttled_sync_shows_what_it_waits_for_and_when_it_may_end() -> None:
    stuck = Fault(Match(edge="insights", nth=4), Then(error="80000"))
    site = Site(Options(size=SMALL, faults=(stuck,), empty_pages=False))
    settings = {"insights_start_date": "2026-11-01"}
    names = ("campaigns", "ads", "ads_insights", "ads_insights_country")
    made, streams = load(site.config(**settings), {}).config, site.streams(**settings)
    monitor = Monitor(selected=names, reports=frozenset(names[2:]))
    said: list[tuple[str, str]] = []

    async def watched() -> None:
        clock = MovedClock(site.now)
        monitor.began = clock.now()

        class Listening(ListSink):
            async def event(self, event: object) -> None:
                monitor.add(event)  # type: ignore[arg-type]

        meta = SandboxTransport(site.sandbox, clock, latency=0.3)
        chosen = [Selected(streams[name]) for name in names]
        work = run_engine(made, chosen, {}, Listening(), transport=meta, clock=clock, monitor=monitor)
        read = asyncio.create_task(work)
        while not read.done():
            said.append((quota(monitor, clock.now()), time_left(monitor, clock.now())))
            await clock.sleep(5)
        await read

    run(watched())
    waits = [text for text, _ in said if text.startswith("waiting ")]
    assert len(waits) >= 8
    assert all("(ads_insights)" in text for text in waits)
    assert any(left.startswith("about ") for _, left in said)
    assert monitor.outcome is not None
    assert monitor.rows == sum(monitor.outcome.rows.values())
    done, planned = monitor.windows
    assert done == planned > 0
    assert monitor.work()[0] == monitor.work()[1]
    assert sum(tally.calls for tally in monitor.counts.by_job().values()) == monitor.counts.calls
    assert total(monitor, monitor.began).startswith(f"{monitor.rows:,} rows, {done} of {planned} windows, ")


def test_statuses_say_which_streams_run() -> None:
    monitor = Monitor(selected=("ads", "videos"))
    monitor.add(Status("ads", StreamStatus.STARTED))
    monitor.add(Status("videos", StreamStatus.COMPLETE))
    assert (monitor.running(), monitor.ended()) == (("ads",), 1)

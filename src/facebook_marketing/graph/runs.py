"""Asynchronous report runs: create, poll in batches, know when the rows can be read.

Life of a run after Meta's page on asynchronous insights: Not Started, Started, Running (also at 100 %), then Completed,
Failed or Skipped; it lives 30 days. Rows are ready at "Job Completed" with 100 % and not before.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field

import msgspec

from facebook_marketing.catalog.stream import UseCase
from facebook_marketing.graph import wire
from facebook_marketing.graph.client import Answer, Client, Refusal
from facebook_marketing.graph.counts import JOB, Job
from facebook_marketing.graph.verdicts import Kind, judge
from facebook_marketing.graph.wire import Call, Fault

log = logging.getLogger(__name__)

_FIRST_POLL, _RIPE_POLL, _LONGEST_POLL = 1.0, 2.0, 30.0
_NEARLY = 0.9
"""Part of a run's usual life before which it is not worth a poll."""
_LIVES = 5
_INSTANT = 0.001
"""A wait too short to be waited."""
_SAY = 60.0
"""Seconds after which a wait for reports says again how far they are."""
_YOUNG = 60.0
"""Seconds in which a new run may still be invisible to polls (100/33 right after creation, seen)."""


@dataclass(frozen=True, slots=True)
class Ready:
    """The rows can be read."""

    run_id: str


@dataclass(frozen=True, slots=True)
class Failed:
    """The run came to nothing; `refusal` says why (its own error, or that it was skipped)."""

    run_id: str
    refusal: Refusal


@dataclass(frozen=True, slots=True)
class Stalled:
    """The run made no progress, or was not done, in the time that it was given."""

    run_id: str
    seconds: float
    percent: int


Ending = Ready | Failed | Stalled


@dataclass(frozen=True, slots=True)
class Deadlines:
    """Seconds that a run may take without progress, and in all (clients give up at 5 min and 30-60 min)."""

    no_progress: float = 300.0
    total: float = 3600.0


class _Run(msgspec.Struct):
    async_status: str = ""
    async_percent_completion: int = 0
    error_code: int | None = None
    error_subcode: int | None = None
    error_message: str | None = None
    error_user_title: str | None = None
    error_user_msg: str | None = None


_RUN = msgspec.json.Decoder(_Run, strict=False)


class _Created(msgspec.Struct):
    report_run_id: str | int


_CREATED = msgspec.json.Decoder(_Created, strict=False)


async def create(client: Client, call: Call) -> str | Refusal:
    """A new run for this query; its id."""
    answer = await client.ask(call)
    if isinstance(answer, Refusal):
        return answer
    try:
        return str(_CREATED.decode(answer.body).report_run_id)
    except msgspec.DecodeError:
        fault = Fault(200, f"{call.path}: the reply names no report_run_id", transient=True)
        return Refusal(fault, judge(fault))


@dataclass(slots=True)
class _Watched:
    account: str
    kin: Hashable
    deadlines: Deadlines
    began: float
    moved: float
    born: float
    job: Job | None
    percent: int = -1
    asked: int = 0
    ripe: float | None = None
    due: float = 0.0
    ending: asyncio.Future[Ending] = field(default_factory=lambda: asyncio.get_running_loop().create_future())


class Watch:
    """Polls every open run of a sync, those of an account together, ever more seldom, until each has ended."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._open: dict[str, _Watched] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._lives: dict[str, deque[float]] = {}
        self._said: dict[str, float] = {}

    async def ending(
        self, run_id: str, account: str, deadlines: Deadlines, *, created_at: float | None = None, kin: Hashable = None
    ) -> Ending:
        """How the run ends. Deadlines count from now and hold whatever the polls answer.

        Runs of one `kin` (the windows of one report) end at about the same time: one after the other is polled for all
        of them until the first has ended. None is a run by itself.
        """
        now = self._client.clock.now()
        born = now if created_at is None else created_at
        first = max(_FIRST_POLL, _NEARLY * self._usual(account))
        kin = run_id if kin is None else kin
        watched = _Watched(account, kin, deadlines, now, now, born, JOB.get(), due=now + first)
        self._open[run_id] = watched
        task = self._tasks.get(account)
        if task is None or task.done():
            self._tasks[account] = asyncio.create_task(self._tick(account))
        try:
            return await watched.ending
        finally:
            self._open.pop(run_id, None)

    def _usual(self, account: str) -> float:
        """How long the account's runs take at least, after the last few of them; 0 before the first."""
        return min(self._lives.get(account, ()), default=0.0)

    async def close(self) -> None:
        """Stops polling."""
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)

    async def _tick(self, account: str) -> None:
        """Polls the runs of one account: another one may be hot, or fail, and hold up its own polls only."""
        clock = self._client.clock
        while dues := [watched.due for watched in self._open.values() if watched.account == account]:
            wait = min(dues) - clock.now()
            if wait > _INSTANT:
                await clock.sleep(min(wait, _FIRST_POLL))  # a run that joins meanwhile may be due sooner
                continue
            self._say(account, clock.now())
            ids = self._chosen(account, clock.now())
            groups = [ids[i : i + wire.BATCH_LIMIT] for i in range(0, len(ids), wire.BATCH_LIMIT)]
            done = await asyncio.gather(*(self._poll(account, group) for group in groups), return_exceptions=True)
            for group, result in zip(groups, done, strict=True):
                if isinstance(result, BaseException):
                    self._give_up(group, result)

    def _say(self, account: str, now: float) -> None:
        watched = [one for one in self._open.values() if one.account == account]
        since = max(min(one.began for one in watched), self._said.get(account, 0.0))
        if now - since >= _SAY:
            self._said[account] = now
            furthest = max(0, *(one.percent for one in watched))
            text = "Account %s: waiting for %s report runs at Meta, the furthest at %s %%."
            log.info(text, account, len(watched), furthest)

    def _chosen(self, account: str, now: float) -> list[str]:
        """The runs to poll now: of each kin the one that was polled least, or all of it once one has ended."""
        kins: dict[Hashable, list[str]] = {}
        for run_id, watched in self._open.items():
            if watched.account == account and watched.due <= now + _slack(watched, now):
                kins.setdefault(watched.kin, []).append(run_id)
        chosen: list[str] = []
        for run_ids in kins.values():
            ripe = [run_id for run_id in run_ids if self._open[run_id].ripe is not None]
            unripe = [run_id for run_id in run_ids if self._open[run_id].ripe is None]
            chosen += ripe + sorted(unripe, key=lambda run_id: self._open[run_id].asked)[:1]
            for run_id in run_ids:
                self._open[run_id].due = now + _interval(self._open[run_id], now)
        return chosen

    def _ripen(self, watched: _Watched, now: float) -> None:
        """One of its kin is ready: the others are looked at now, and each by itself from now on."""
        for other in self._open.values():
            if other.kin == watched.kin and other.account == watched.account and other.ripe is None:
                other.ripe, other.due = now, now

    def _give_up(self, group: Sequence[str], error: BaseException) -> None:
        for run_id in group:
            watched = self._open.get(run_id)
            if watched is not None and not watched.ending.done():
                watched.ending.set_exception(error)
                self._open.pop(run_id, None)

    def _poll_call(self, run_id: str, account: str) -> Call:
        """Polls of several jobs go together: each counts for its own."""
        watched = self._open.get(run_id)
        return Call(run_id, account=account, use_case=UseCase.ADS_INSIGHTS, job=watched.job if watched else None)

    async def _poll(self, account: str, run_ids: Sequence[str]) -> None:
        answers = await self._client.batch([self._poll_call(run_id, account) for run_id in run_ids])
        now = self._client.clock.now()
        for run_id, answer in zip(run_ids, answers, strict=True):
            watched = self._open.get(run_id)
            if watched is None or watched.ending.done():
                continue
            watched.asked += 1
            ending = _judge(run_id, watched, answer, now)
            if ending is not None:
                watched.ending.set_result(ending)
                self._open.pop(run_id, None)
                if isinstance(ending, Ready):
                    self._lives.setdefault(account, deque(maxlen=_LIVES)).append(now - watched.born)
                    self._ripen(watched, now)


def _interval(watched: _Watched, now: float) -> float:
    """Until the next poll: half the run's age, or the time since its kin was ready, up to 30 s.

    So a run is seen at most half as long again after its end as it took, and one that is stuck costs few polls.
    """
    if watched.ripe is not None:
        return min(_LONGEST_POLL, max(_RIPE_POLL, now - watched.ripe))
    return min(_LONGEST_POLL, max(2 * _FIRST_POLL, (now - watched.born) / 2))


def _slack(watched: _Watched, now: float) -> float:
    """A run that is due soon is polled along with those that are due now."""
    return _interval(watched, now) / 4


def _judge(run_id: str, watched: _Watched, answer: Answer, now: float) -> Ending | None:
    ending = _read(run_id, watched, answer, now)
    if ending is not None:
        return ending
    silent, whole = now - watched.moved, now - watched.began
    if silent >= watched.deadlines.no_progress or whole >= watched.deadlines.total:
        return Stalled(run_id, whole, max(0, watched.percent))
    return None


def _read(run_id: str, watched: _Watched, answer: Answer, now: float) -> Ending | None:
    if isinstance(answer, Refusal):
        invisible = answer.verdict.kind is Kind.SKIP_NODE
        young = now - watched.born < _YOUNG
        passing = answer.verdict.kind in {Kind.RETRY, Kind.THROTTLE_ACCOUNT, Kind.THROTTLE_APP}
        return None if passing or (invisible and young) else Failed(run_id, answer)
    try:
        run = _RUN.decode(answer.body)
    except msgspec.DecodeError:
        return None  # half a reply is a failed poll, not a failed run
    if run.async_percent_completion > watched.percent:
        watched.percent, watched.moved = run.async_percent_completion, now
    match run.async_status:
        case "Job Completed" if run.async_percent_completion >= 100:  # noqa: PLR2004 - percent
            return Ready(run_id)
        case "Job Failed" | "Job Skipped":
            return Failed(run_id, _failure(run))
        case _:
            return None


def _failure(run: _Run) -> Refusal:
    fault = Fault(
        status=200,
        message=run.error_message or f"{run.async_status} without a reason",
        code=run.error_code,
        subcode=run.error_subcode,
        user_title=run.error_user_title or "",
        user_message=run.error_user_msg or "",
        transient=run.error_code is None,
    )
    return Refusal(fault, judge(fault))

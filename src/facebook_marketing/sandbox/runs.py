"""Async report runs: made, seen a moment later, worked on by the clock, kept for 30 days.

A run passes Job Not Started, Job Started, Job Running n %, Job Running 100 % and ends as Job Completed, Job Failed or
Job Skipped (insights page of the API notes). Its numbers are those of the moment of completion.
"""

from dataclasses import dataclass, replace
from typing import Final

from .chance import Dice
from .errors import GraphError
from .query import Query
from .world import World
from .zones import DAY

__all__ = ["Runs"]

_UNSEEN: Final = 0.3  # seconds until a new run can be polled
_KEPT_DAYS: Final = 30
_GEOGRAPHIC: Final = frozenset({"country", "region", "comscore_market"})
_NO_INCREMENTALITY: Final = (2, 1504041, "Invalid breakdowns for this report.")
_TITLE: Final = "Report failed"
_ADVICE: Final = "Please try again."


@dataclass(frozen=True, slots=True)
class _Run:
    id: str
    account: str
    query: Query
    created: float
    seconds: float
    fail: tuple[int, int, str] | None
    stuck: bool
    skip: bool


@dataclass(frozen=True, slots=True)
class _Stage:
    """Where a run stands: the status Meta names, percent, and whether it is over."""

    status: str
    percent: int
    over: bool = False


_STAGES: Final = (
    # reached at this part of the run's time
    (0.10, _Stage("Job Not Started", 0)),
    (0.20, _Stage("Job Started", 0)),
)
_RUNNING_TO: Final = 0.85


class Runs:
    """The report runs of a world."""

    def __init__(self, world: World, *, seed: int, seconds: float = 3.0) -> None:
        """Let runs take about so many seconds of the world's clock; ids follow from the seed."""
        self._world = world
        self._seed = seed
        self._seconds = seconds
        self._runs: dict[str, _Run] = {}

    def create(
        self,
        query: Query,
        *,
        fail: tuple[int, int, str] | None = None,
        stuck: bool = False,
        skip: bool = False,
    ) -> str:
        """Start a run and return its id (digits).

        `fail` is (code, subcode, message) with which it will end, subcode 0 for none; `stuck` leaves it at 0 % for
        ever, `skip` ends it as Job Skipped.
        """
        dice = Dice(self._seed, "run", len(self._runs))
        digits = f"6023{dice.digits(12)}"
        account = self._world.account_of(query.object)
        if fail is None and "incrementality" in query.attribution_windows and _GEOGRAPHIC & set(query.breakdowns):
            fail = _NO_INCREMENTALITY
        seconds = self._seconds * dice.between(70, 130) / 100
        self._runs[digits] = _Run(
            digits, account.id if account else "", query, self._world.now(), seconds, fail, stuck, skip
        )
        return digits

    def node(self, id: str) -> dict[str, object] | None:  # noqa: A002 - Meta's own word
        """Return the run with every field it has at this moment; None if unknown, too new or over 30 days old."""
        run = self._seen(id)
        if run is None:
            return None
        stage = self._stage(run)
        ranges = run.query.ranges
        row: dict[str, object] = {
            "id": run.id,
            "account_id": run.account,
            "time_ref": int(run.created),
            "async_status": stage.status,
            "async_percent_completion": stage.percent,
            "is_running": not stage.over,
            "is_async_export": 0,
            "is_bookmarked": False,
        }
        if ranges:
            row["date_start"] = min(since for since, _ in ranges).isoformat()
            row["date_stop"] = max(until for _, until in ranges).isoformat()
        if stage.over and stage.status != "Job Skipped":
            row["time_completed"] = int(run.created + run.seconds)
        if stage.status == "Job Failed" and run.fail is not None:
            row |= _failure(*run.fail)
        return row

    def result(self, id: str) -> Query:  # noqa: A002 - Meta's own word
        """Return the question of a completed run, its numbers fixed at completion.

        Raises 2601/1815107 while it is not completed, 100/33 when it is unknown or over 30 days old.
        """
        run = self._seen(id)
        if run is None:
            raise GraphError(
                f"Unsupported get request. Object with ID '{id}' does not exist, cannot be loaded due to missing "
                "permissions, or does not support this operation",
                100, subcode=33, type="GraphMethodException",
            )  # fmt: skip
        if self._stage(run).status != "Job Completed":
            raise GraphError(
                "Error accessing adreport job.", 2601, subcode=1815107, transient=True,
                user_title="Loading Async Ads Report Failed",
                user_msg="Sorry, the report could not be loaded. Please try again.",
            )  # fmt: skip
        return replace(run.query, as_of=run.created + run.seconds)

    def _seen(self, digits: str) -> _Run | None:
        run = self._runs.get(digits)
        if run is None:
            return None
        age = self._world.now() - run.created
        return run if min(_UNSEEN, run.seconds / 10) <= age < _KEPT_DAYS * DAY else None

    def _stage(self, run: _Run) -> _Stage:
        if run.stuck:
            return _Stage("Job Running", 0)
        part = (self._world.now() - run.created) / run.seconds if run.seconds > 0 else 1.0
        if part >= 1:
            return _end(run)
        for limit, stage in _STAGES:
            if part < limit:
                return stage
        if part < _RUNNING_TO:
            return _Stage("Job Running", int(99 * (part - 0.2) / (_RUNNING_TO - 0.2)))
        return _Stage("Job Running", 99 if run.fail or run.skip else 100)


def _end(run: _Run) -> _Stage:
    if run.skip:
        return _Stage("Job Skipped", 0, over=True)
    if run.fail is not None:
        return _Stage("Job Failed", 0, over=True)
    return _Stage("Job Completed", 100, over=True)


def _failure(code: int, subcode: int, message: str) -> dict[str, object]:
    found: dict[str, object] = {"error_code": code, "error_message": message}
    if subcode:
        found |= {"error_subcode": subcode, "error_user_title": _TITLE, "error_user_msg": _ADVICE}
    return found

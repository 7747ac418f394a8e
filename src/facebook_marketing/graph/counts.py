"""What a sync asks of Meta, counted: in all, by job (a stream of an account), and how each quota was used. Pure."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from typing import NamedTuple


class Job(NamedTuple):
    """A stream of an account."""

    stream: str
    account: str


JOB: ContextVar[Job | None] = ContextVar("job", default=None)
"""On whose behalf calls are made that do not say it themselves; None: for the sync as a whole."""


@dataclass(frozen=True, slots=True)
class Used:
    """How a quota was used over a sync: percent at the first reading, at the highest, at the last.

    `blocked_until` is when Meta takes calls again (seconds since 1970), 0 where it never refused; `throttles` how often
    it did. `tier` is the app's access level, as Meta names it.
    """

    start: float = 0.0
    peak: float = 0.0
    end: float = 0.0
    readings: int = 0
    blocked_until: float = 0.0
    throttles: int = 0
    tier: str | None = None

    def read(self, percent: float, tier: str | None) -> "Used":
        """With one reading more."""
        start = percent if self.readings == 0 else self.start
        peak, tier = max(self.peak, percent), tier or self.tier
        return replace(self, start=start, peak=peak, end=percent, readings=self.readings + 1, tier=tier)

    def refused(self, until: float) -> "Used":
        """With one refusal more."""
        return replace(self, blocked_until=until, throttles=self.throttles + 1)


class Quota(NamedTuple):
    """Whose quota: `account` "app" is the whole app's; `use_case` "" is that of all use cases together."""

    account: str
    use_case: str


@dataclass(slots=True)
class Tally:
    """What was asked, so far. Members of a batch count as calls, as they do at Meta.

    `waited` is seconds (wall time) in which one call at least waited for quota or before another try. Times are
    seconds since 1970; None: not yet. `quotas` are those that Meta spoke of in its replies. A job is `done` when
    it came to its end, else `failure` says why not; neither, when it was cut short.
    """

    calls: int = 0
    retries: int = 0
    throttles: int = 0
    waited: float = 0.0
    began: float | None = None
    ended: float | None = None
    waiting: int = 0
    waiting_since: float = 0.0
    quotas: dict[Quota, Used] = field(default_factory=dict)
    failure: str | None = None
    done: bool = False

    def wait_begins(self, now: float) -> None:
        """One call more waits."""
        if self.waiting == 0:
            self.waiting_since = now
        self.waiting += 1

    def wait_ends(self, now: float) -> None:
        """One call waits no more."""
        self.waiting -= 1
        if self.waiting == 0:
            self.waited += now - self.waiting_since

    def reading(self, quota: Quota, percent: float, tier: str | None) -> None:
        """Meta said how far a quota is used."""
        self.quotas[quota] = self.quotas.get(quota, Used()).read(percent, tier)

    def refused(self, quota: Quota, until: float) -> None:
        """Meta refused a call for quota, until then."""
        self.throttles += 1
        self.quotas[quota] = self.quotas.get(quota, Used()).refused(until)

    def waited_until(self, now: float) -> float:
        """Seconds waited, the wait that goes on now included."""
        return self.waited + (now - self.waiting_since if self.waiting else 0.0)


@dataclass(slots=True)
class Counts:
    """Everything that is counted of a sync."""

    most_under_way: int = 0
    whole: Tally = field(default_factory=Tally)
    jobs: dict[Job, Tally] = field(default_factory=lambda: defaultdict(Tally))

    @property
    def calls(self) -> int:
        """Calls of the whole sync."""
        return self.whole.calls

    @property
    def retries(self) -> int:
        """Tries after a passing fault."""
        return self.whole.retries

    @property
    def throttles(self) -> int:
        """Refusals for quota."""
        return self.whole.throttles

    @property
    def waited(self) -> float:
        """Seconds in which some call waited."""
        return self.whole.waited

    def tallies(self, job: Job | None) -> tuple[Tally, ...]:
        """Where something counts that is done for this job."""
        return (self.whole,) if job is None else (self.whole, self.jobs[job])

    def by_job(self) -> Mapping[Job, Tally]:
        """A copy, for who looks on from another thread."""
        return dict(self.jobs)


@contextmanager
def on_behalf(job: Job) -> Iterator[None]:
    """Calls made inside, and in tasks begun inside, count for this job."""
    before = JOB.set(job)
    try:
        yield
    finally:
        JOB.reset(before)

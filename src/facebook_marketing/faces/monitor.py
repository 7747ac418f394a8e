"""What a face may look at while a read goes on, and after it however it ended: events added up, calls counted."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from facebook_marketing.engine.door import Event, Gap, Outcome, Present, Progress, Status, StreamStatus, Swept
from facebook_marketing.graph.counts import Counts, Job, Quota, Tally

ENDED = frozenset((StreamStatus.COMPLETE, StreamStatus.INCOMPLETE))

_ENOUGH = 10.0
"""Seconds after which, and per cent of the work from which on, the time left can be guessed at."""


@dataclass(slots=True)
class Account:
    """How far one account of a stream is. `planned` None: nobody knows how many windows there are."""

    rows: int = 0
    done: int = 0
    planned: int | None = None
    gaps: int = 0


@dataclass(slots=True)
class Stream:
    """How far one stream is, account by account."""

    accounts: dict[str, Account] = field(default_factory=dict)
    status: StreamStatus | None = None
    error: str | None = None

    @property
    def rows(self) -> int:
        """Rows of all accounts."""
        return sum(one.rows for one in self._all())

    @property
    def gaps(self) -> int:
        """What was left out, of all accounts."""
        return sum(one.gaps for one in self._all())

    @property
    def done(self) -> int:
        """Windows (of entities: pages) of all accounts."""
        return sum(one.done for one in self._all())

    @property
    def planned(self) -> int | None:
        """Windows to read, once every account that began has said how many."""
        known = [one.planned for one in self._all()]
        return sum(filter(None, known)) if known and None not in known else None

    def _all(self) -> tuple[Account, ...]:
        """A copy: a display may look on from another thread."""
        return tuple(self.accounts.values())


@dataclass(slots=True)
class Monitor:
    """One read. What is read stands here once it is known; `began` is seconds since 1970."""

    began: float = 0.0
    selected: tuple[str, ...] = ()
    reports: frozenset[str] = frozenset()
    modes: Mapping[str, str] = field(default_factory=dict)
    accounts: tuple[str, ...] = ()
    counts: Counts = field(default_factory=Counts)
    streams: dict[str, Stream] = field(default_factory=dict)
    gaps: list[Gap] = field(default_factory=list)
    outcome: Outcome | None = None

    def add(self, event: Event) -> Stream:
        """Take one event in; how far its stream is."""
        stream = self.streams.setdefault(event.stream, Stream())
        match event:
            case Status(_, status, error):
                stream.status, stream.error = status, error
            case Progress(_, account, rows, done, planned):
                one = stream.accounts.setdefault(account, Account())
                one.rows, one.done, one.planned = rows, done, planned
            case Gap(_, account):
                stream.accounts.setdefault(account, Account()).gaps += 1
                self.gaps.append(event)
            case Present() | Swept():
                pass
        return stream

    @property
    def rows(self) -> int:
        """Rows of all streams."""
        return sum(stream.rows for stream in self._all())

    @property
    def windows(self) -> tuple[int, int]:
        """Windows of reports that were read, and that are planned as far as is known."""
        known = [one for stream in self._all() for one in tuple(stream.accounts.values()) if one.planned is not None]
        return sum(one.done for one in known), sum(one.planned or 0 for one in known)

    def running(self) -> tuple[str, ...]:
        """Streams that have begun and not ended."""
        return tuple(name for name, stream in tuple(self.streams.items()) if stream.status not in ENDED)

    def ended(self) -> int:
        """How many streams have ended."""
        return sum(stream.status in ENDED for stream in self._all())

    def left(self, now: float) -> float | None:
        """Seconds until the end, if the rest goes as the work so far did; None while that would be a wild guess."""
        done, whole = self.work()
        elapsed = now - self.began
        if elapsed < _ENOUGH or whole <= 0 or done / whole * 100 < _ENOUGH:
            return None
        return max(elapsed * (whole - done) / done, *self.blocked(now).values(), 0.0)

    def work(self) -> tuple[float, float]:
        """How much is done of how much: a report's windows, and an entity stream of an account as one of these.

        A report of an account that has not begun counts as many windows as those did that have.
        """
        jobs = self.counts.by_job()
        known = [one.planned for stream in self._all() for one in tuple(stream.accounts.values()) if one.planned]
        usual = sum(known) / len(known) if known else 1.0
        done = whole = 0.0
        for job in self._jobs():
            share, size = self._job(job, jobs.get(job), usual)
            done, whole = done + share * size, whole + size
        return done, whole

    def _jobs(self) -> Iterator[Job]:
        return (Job(stream, account) for stream in self.selected for account in self.accounts)

    def _job(self, job: Job, tally: Tally | None, usual: float) -> tuple[float, float]:
        stream = self.streams.get(job.stream)
        account = stream.accounts.get(job.account) if stream is not None else None
        size = float(account.planned) if account is not None and account.planned else 1.0
        if tally is not None and (tally.done or tally.failure is not None):
            return 1.0, size
        if account is None:
            return 0.0, usual if job.stream in self.reports else 1.0
        return (min(1.0, account.done / account.planned) if account.planned else 0.0), size

    def blocked(self, now: float) -> dict[Quota, float]:
        """Quotas for which Meta takes no call now, and the seconds until it does again."""
        quotas = tuple(self.counts.whole.quotas.items())
        return {quota: used.blocked_until - now for quota, used in quotas if used.blocked_until > now}

    def fullest(self) -> float | None:
        """Per cent of the quota that is used most, as Meta said last; None before it said anything."""
        return max((used.end for used in tuple(self.counts.whole.quotas.values())), default=None)

    def _all(self) -> tuple[Stream, ...]:
        return tuple(self.streams.values())

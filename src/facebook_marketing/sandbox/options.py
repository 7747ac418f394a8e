"""Settings of a sandbox, as one value."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from .faults import Fault
from .tokens import Token
from .world import Size

__all__ = ["Options"]

Tier = Literal["development_access", "standard_access"]


@dataclass(frozen=True, slots=True)
class Options:
    """What a sandbox holds and how it behaves. The defaults are Meta's habits on a quiet day.

    ``anchor`` (unix seconds) is the moment up to which history is laid out: the same one gives the same world on
    another day; by default it is the midnight before the start. Times are seconds.
    ``page_weight_limit`` and ``insights_weight_limit`` bound rows times field weight of one page
    (over it: code 1, "reduce the amount"); ``sync_weight_limit`` bounds a synchronous report, ``run_weight_limit`` an
    asynchronous one (rows times fields). ``page_limit_max`` is the size to which larger ``limit`` values are lowered.
    ``empty_pages`` serves a short or empty page with ``next`` now and then. ``run_failure_rate`` is the share of
    report runs that end failed or skipped (about 1 in 7 was seen live). ``auto_upgrade`` false is the app's opt-out
    of serving dead versions. ``refuse_deleted_filter`` is what Meta's page says about filters naming DELETED; live
    calls are served. ``quota_scale`` multiplies every rate limit. ``account_status`` gives accounts (bare digits) a
    status other than their own (2 DISABLED, 101 CLOSED, …).
    """

    seed: int = 1
    anchor: float | None = None
    size: Size = field(default_factory=Size)
    accounts: int = 1
    latency: float = 0.0
    run_seconds: float = 3.0
    tier: Tier = "standard_access"
    quota: bool = True
    quota_scale: float = 1.0
    faults: tuple[Fault, ...] = ()
    tokens: Mapping[str, Token] = field(default_factory=dict)
    app_id: str = "123456"
    app_secret: str = "sandbox-secret"  # noqa: S105 - a public value of a simulation
    require_proof: bool = False
    page_limit_max: int = 5000
    page_weight_limit: int = 20_000
    insights_weight_limit: int = 60_000
    sync_weight_limit: int = 600_000
    run_weight_limit: int = 20_000_000
    empty_pages: bool = True
    run_failure_rate: float = 0.0
    auto_upgrade: bool = True
    refuse_deleted_filter: bool = False
    account_status: Mapping[str, int] = field(default_factory=dict)

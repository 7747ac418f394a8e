"""Estimates are said where something tells them, and never too small for want of an account."""

from facebook_marketing.engine.door import Progress, Status, StreamStatus
from facebook_marketing.sinks.estimates import Estimates


def begun(accounts: int) -> Estimates:
    estimates = Estimates()
    estimates.status(Status("ads_insights", StreamStatus.STARTED, accounts=accounts))
    return estimates


def test_nothing_is_said_before_every_account_has_told_what_it_expects() -> None:
    estimates = begun(2)
    estimates.progress(Progress("ads_insights", "1", 0, expected=1000))
    estimates.weighed("ads_insights", 10, 5000)
    assert estimates.news("ads_insights") is None
    estimates.progress(Progress("ads_insights", "2", 0, expected=500))
    assert estimates.news("ads_insights") == (1500, 750_000)


def test_nothing_is_said_of_a_stream_that_tells_nothing() -> None:
    estimates = Estimates()
    estimates.status(Status("ads", StreamStatus.STARTED, accounts=1))
    estimates.progress(Progress("ads", "1", 500))
    estimates.weighed("ads", 500, 50_000)
    assert estimates.news("ads") is None


def test_an_estimate_is_said_again_only_when_it_has_moved() -> None:
    estimates = begun(1)
    estimates.weighed("ads_insights", 10, 1000)
    said = []
    for expected in (1000, 1001, 1049, 1100, 1100, 400):
        estimates.progress(Progress("ads_insights", "1", 0, expected=expected))
        said.append(estimates.news("ads_insights"))
    assert said == [(1000, 100_000), None, None, (1100, 110_000), None, (400, 40_000)]


def test_an_estimate_is_never_below_what_came_already() -> None:
    estimates = begun(1)
    estimates.progress(Progress("ads_insights", "1", 700, expected=100))
    estimates.weighed("ads_insights", 700, 7000)
    assert estimates.news("ads_insights") == (700, 7000)

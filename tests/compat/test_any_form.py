"""Laws: what the forms of 0.2.44 and of 6.1.9 let a person write is taken, by our form and by us, as it was meant."""

from datetime import date, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from config.test_spec import FORM, refusals
from facebook_marketing.config import load, values

KNOWN = values.known()
AIRBYTE_NEVER = {*values.RETIRED_FIELDS}
CAMPAIGN = ("ACTIVE", "ARCHIVED", "DELETED", "IN_PROCESS", "PAUSED", "WITH_ISSUES")
ADSET = (*CAMPAIGN, "CAMPAIGN_PAUSED")
AD = (*ADSET, "ADSET_PAUSED", "DISAPPROVED", "PENDING_BILLING_INFO", "PENDING_REVIEW", "PREAPPROVED")
THREE = ("action_type", "action_target_id", "action_destination")

numbers = st.integers(1, 10**16).map(str)
starts = st.dates(date(2010, 1, 1), date(2025, 1, 1))
lengths = st.integers(0, 900).map(lambda days: timedelta(days=days))
switches = st.booleans()
levels = st.sampled_from(("ad", "adset", "campaign", "account"))
names = st.lists(
    st.sampled_from(("a", "my_x", "MyReport", "Q3", "weekly reach", "x-1", "ünïcode")), unique=True, max_size=3
)


def moment(day: date) -> str:
    return f"{day}T00:00:00Z"


def some(known: object) -> st.SearchStrategy[list[str]]:
    return st.lists(st.sampled_from(sorted(known)), unique=True, max_size=4)  # type: ignore[call-overload]


@st.composite
def reports(draw: st.DrawFn, modern: bool) -> list[dict[str, Any]]:  # noqa: FBT001
    """Custom insights of either form."""
    found = []
    for name in draw(names):
        start, length = draw(starts), draw(lengths)
        row: dict[str, Any] = {
            "name": name,
            "fields": draw(some(KNOWN.fields)),
            "breakdowns": draw(some({*KNOWN.breakdowns, "dma"})),
            "action_breakdowns": draw(some(KNOWN.action_breakdowns)),
        }
        days = draw(st.sampled_from(({}, {"start_date": moment(start), "end_date": moment(start + length)})))
        more: dict[str, Any] = draw(
            st.sampled_from(({"time_increment": 7}, {"time_increment": 89}, {"time_increment": 1}, {}))
        )
        if modern:
            weekly: dict[str, Any] = {"time_increment": 1, "time_increment_period": "weekly"}
            more = draw(st.sampled_from((more, weekly)))
            more |= {"level": draw(levels), "insights_lookback_window": draw(st.integers(1, 28))}
            more |= {"insights_job_timeout": draw(st.integers(1, 60)), "include_incrementality": draw(switches)}
        found.append({**row, **days, **more})
    return found


@st.composite
def of_2022(draw: st.DrawFn) -> dict[str, Any]:
    """A config of 0.2.44."""
    start, length = draw(starts), draw(lengths)
    return {
        "account_id": draw(numbers),
        "access_token": "made-up-token",
        "start_date": moment(start),
        "end_date": draw(st.sampled_from(("", moment(start + length)))),
        "include_deleted": draw(switches),
        "fetch_thumbnail_images": draw(switches),
        "custom_insights": draw(reports(modern=False)),
    }


@st.composite
def of_2026(draw: st.DrawFn) -> dict[str, Any]:
    """A config of 6.1.9: any of its settings may be missing."""
    start, length = draw(starts), draw(lengths)
    app = {"auth_type": "Client", "client_id": "7", "client_secret": "made-up-secret", "access_token": "made-up-token"}
    settings = {
        "start_date": moment(start),
        "end_date": draw(st.sampled_from(("", moment(start + length)))),
        "campaign_statuses": draw(some(CAMPAIGN)),
        "adset_statuses": draw(some(ADSET)),
        "ad_statuses": draw(some(AD)),
        "fetch_thumbnail_images": draw(switches),
        "default_ads_insights_action_breakdowns": draw(some(KNOWN.action_breakdowns)),
        "custom_insights": draw(reports(modern=True)),
        "page_size": draw(st.integers(1, 5000)),
        "insights_lookback_window": draw(st.integers(1, 28)),
        "insights_job_timeout": draw(st.integers(1, 60)),
        "include_incrementality": draw(switches),
        "include_engaged_view": draw(switches),
        "action_breakdowns_allow_empty": draw(switches),
    }
    kept = {name: value for name, value in settings.items() if draw(switches)}
    credentials = draw(st.sampled_from((app, {"auth_type": "Service", "access_token": "made-up-token"})))
    return {
        "account_ids": draw(st.lists(numbers, min_size=1, max_size=4, unique=True)),
        "credentials": credentials,
        **kept,
    }


@given(of_2022())
def test_whatever_the_form_of_0_2_44_lets_a_person_write_is_taken(written: dict[str, Any]) -> None:
    assert not list(refusals(FORM, written))
    config = load(written, {}).config
    assert config.account_ids == (written["account_id"],)
    assert config.start_date == date.fromisoformat(written["start_date"][:10])
    assert config.end_date == (date.fromisoformat(written["end_date"][:10]) if written["end_date"] else None)
    assert set(config.ad_statuses) == (set(AD) if written["include_deleted"] else set())
    assert config.fetch_thumbnail_images == written["fetch_thumbnail_images"]
    assert config.default_ads_insights_action_breakdowns == THREE
    for row, report in zip(written["custom_insights"], config.custom_insights, strict=True):
        assert report.name == row["name"]
        assert set(report.fields) == set(row["fields"]) - AIRBYTE_NEVER
        renamed = {"comscore_market" if name == "dma" else name for name in row["breakdowns"]}
        assert set(report.breakdowns) == renamed
        assert (report.action_breakdowns or ()) == tuple(row["action_breakdowns"])
        assert report.time_increment == row.get("time_increment", 1)


@given(of_2026())
def test_whatever_the_form_of_6_1_9_lets_a_person_write_is_taken(written: dict[str, Any]) -> None:
    assert not list(refusals(FORM, written))
    config = load(written, {}).config
    assert list(config.account_ids) == written["account_ids"]
    for name in ("campaign_statuses", "adset_statuses", "ad_statuses"):
        assert set(getattr(config, name)) == set(written.get(name, ()))
    assert config.insights_lookback_window == written.get("insights_lookback_window", 28)
    assert config.insights_job_timeout == written.get("insights_job_timeout", 60)
    assert ("incrementality" in config.action_attribution_windows) == written.get("include_incrementality", False)
    assert ("1d_ev" in config.action_attribution_windows) == written.get("include_engaged_view", False)
    for row, report in zip(written.get("custom_insights", ()), config.custom_insights, strict=True):
        period = row.get("time_increment_period")
        assert (report.level, report.time_increment) == (row["level"], period or row.get("time_increment", 1))
        assert report.include_incrementality == row["include_incrementality"]

"""What insight rows are about: the objects of a level below the object asked, with the ads that count for each."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from .creatives import CreativePlan
from .insight_filters import Facts
from .plans import AdPlan, AdSetPlan, CampaignPlan, State
from .query import Query
from .snapshot import Snapshot
from .zones import wire_date

__all__ = ["Subject", "subjects"]


@dataclass(frozen=True, slots=True)
class Subject:
    """One object that gets rows: its ads, the fields that describe it, and what its filters are asked about.

    `indicator` is what its results count, None where its ads differ; `key` and `creative` are the ad's, at ad level.
    """

    ads: Sequence[AdPlan]
    described: Mapping[str, str]
    facts: Facts
    indicator: str | None
    key: int | None
    creative: CreativePlan | None


def subjects(query: Query, snapshot: Snapshot, passes: Callable[[Facts], bool]) -> Iterable[Subject]:
    """Yield the subjects of a question, oldest first; only ads that pass its filters count."""
    groups: dict[str, list[AdPlan]] = {}
    for plan in _below(query, snapshot):
        if not query.filtering or passes(_facts(plan, snapshot)):
            groups.setdefault(_group(query.level, plan), []).append(plan)
    for ads in groups.values():
        yield _subject(query.level, ads, snapshot)


def _below(query: Query, snapshot: Snapshot) -> Iterable[AdPlan]:
    node = query.object
    if node.kind == "AdAccount":
        return (plan for plan, _ in snapshot.ads.values())
    return snapshot.below.get(node.id, ())


def _group(level: str, plan: AdPlan) -> str:
    return {"ad": plan.id, "adset": plan.adset.id, "campaign": plan.adset.campaign.id}.get(level, "")


def _attributes(
    plan: CampaignPlan | AdSetPlan | AdPlan, state: State, campaign: CampaignPlan, goal: str
) -> dict[str, object]:
    return {
        "id": plan.id,
        "name": state.name,
        "effective_status": state.effective,
        "status": state.status,
        "configured_status": state.status,
        "objective": _objective(campaign),
        "buying_type": "AUCTION",
        "optimization_goal": goal,
        "created_time": int(plan.created),
        "updated_time": int(state.updated),
    }


def _objective(campaign: CampaignPlan) -> str:
    return campaign.economy.legacy if campaign.legacy else campaign.economy.objective


def _facts(plan: AdPlan, snapshot: Snapshot) -> Facts:
    adset, campaign = plan.adset, plan.adset.campaign
    goal = campaign.economy.goal
    return Facts(
        {
            "ad": _attributes(plan, snapshot.ads[plan.id][1], campaign, goal),
            "adset": _attributes(adset, snapshot.adsets[adset.id][1], campaign, goal),
            "campaign": _attributes(campaign, snapshot.campaigns[campaign.id][1], campaign, goal),
        }
    )


def _same(values: Iterable[str]) -> str | None:
    """Return the value that all share, None if they differ."""
    found = set(values)
    return found.pop() if len(found) == 1 else None


def _subject(level: str, ads: Sequence[AdPlan], snapshot: Snapshot) -> Subject:
    one = ads[0]
    shared = {
        "objective": _same(_objective(ad.adset.campaign) for ad in ads),
        "optimization_goal": _same(ad.adset.campaign.economy.goal for ad in ads),
        "attribution_setting": _same(ad.adset.attribution for ad in ads),
    }
    described = _described(level, one, snapshot) | {name: value for name, value in shared.items() if value}
    return Subject(
        ads=ads,
        described=described,
        facts=_facts(one, snapshot),
        indicator=_same(ad.adset.campaign.economy.indicator for ad in ads),
        key=one.key if level == "ad" else None,
        creative=one.creative if level == "ad" else None,
    )


def _described(level: str, ad: AdPlan, snapshot: Snapshot) -> dict[str, str]:
    account = snapshot.account
    found = {
        "account_id": account.id,
        "account_name": account.name,
        "account_currency": account.currency,
        "buying_type": "AUCTION",
    }
    if level == "account":
        return found
    adset, campaign = ad.adset, ad.adset.campaign
    chain: list[tuple[str, CampaignPlan | AdSetPlan | AdPlan, State]] = [
        ("campaign", campaign, snapshot.campaigns[campaign.id][1])
    ]
    if level in {"adset", "ad"}:
        chain.append(("adset", adset, snapshot.adsets[adset.id][1]))
        found["adset_start"] = wire_date(adset.created, account.timezone)
        if adset.stop is not None:
            found["adset_end"] = wire_date(adset.stop, account.timezone)
    if level == "ad":
        chain.append(("ad", ad, snapshot.ads[ad.id][1]))
    for name, plan, state in chain:
        found[f"{name}_id"] = plan.id
        found[f"{name}_name"] = state.name
    _, plan, state = chain[-1]
    found["created_time"] = wire_date(plan.created, account.timezone)
    found["updated_time"] = wire_date(max(state.updated, plan.created), account.timezone)
    return found

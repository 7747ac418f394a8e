"""Campaigns, ad sets and ads as they stand at one moment: plans with their states, rows made when asked for."""

from collections.abc import Mapping, Sequence
from functools import cached_property

from .accounts import Account
from .census import Census
from .entities import ad_row, adset_row, campaign_row
from .life import Life
from .plans import AdPlan, AdSetPlan, CampaignPlan, State

__all__ = ["Snapshot"]

Row = Mapping[str, object]


class Snapshot:
    """One account's ads as they stand from `at` until `until` (unix seconds), when something changes."""

    def __init__(self, census: Census, life: Life, at: float) -> None:
        """Work out every state once."""
        self.at = at
        self._census = census
        self.campaigns: dict[str, tuple[CampaignPlan, State]] = {
            plan.id: (plan, life.campaign(plan, at)) for plan in census.campaigns(at)
        }
        self.adsets: dict[str, tuple[AdSetPlan, State]] = {
            plan.id: (plan, life.adset(plan, at)) for plan in census.adsets(at)
        }
        self.ads: dict[str, tuple[AdPlan, State]] = {
            plan.id: (plan, life.ad(plan, at, self.adsets[plan.adset.id][1])) for plan in census.ads(at)
        }
        states = [state.until for _, state in (*self.campaigns.values(), *self.adsets.values(), *self.ads.values())]
        self.until = min((*states, census.next_birth(at)))

    @property
    def account(self) -> Account:
        """The account they belong to."""
        return self._census.account

    def holds(self, moment: float) -> bool:
        """Say whether this is also how things stand at `moment`."""
        return self.at <= moment < self.until

    @cached_property
    def live(self) -> int:
        """How many ads are ACTIVE."""
        return sum(state.effective == "ACTIVE" for _, state in self.ads.values())

    @cached_property
    def below(self) -> Mapping[str, Sequence[AdPlan]]:
        """Ads by the id of their campaign, their ad set, and their own."""
        found: dict[str, list[AdPlan]] = {}
        for plan, _ in self.ads.values():
            for key in (plan.adset.campaign.id, plan.adset.id, plan.id):
                found.setdefault(key, []).append(plan)
        return found

    @cached_property
    def campaign_rows(self) -> dict[str, Row]:
        """Rows of campaigns by id, newest created first."""
        pairs = sorted(self.campaigns.values(), key=lambda pair: (-int(pair[0].created), pair[0].id))
        return {plan.id: campaign_row(plan, state, self.account, self._census.size) for plan, state in pairs}

    @cached_property
    def adset_rows(self) -> dict[str, Row]:
        """Rows of ad sets by id, newest created first."""
        pairs = sorted(self.adsets.values(), key=lambda pair: (-int(pair[0].created), pair[0].id))
        return {plan.id: adset_row(plan, state, self.account, self._census.size) for plan, state in pairs}

    @cached_property
    def ad_rows(self) -> dict[str, Row]:
        """Rows of ads by id, newest created first."""
        pairs = sorted(self.ads.values(), key=lambda pair: (-int(pair[0].created), pair[0].id))
        return {plan.id: ad_row(plan, state, self.account) for plan, state in pairs}

    @cached_property
    def by_parent(self) -> Mapping[str, Sequence[Row]]:
        """Rows of ad sets and ads by `<parent id>/<edge>`, newest created first."""
        found: dict[str, list[Row]] = {}
        for row in self.adset_rows.values():
            found.setdefault(f"{row['campaign_id']}/adsets", []).append(row)
        for row in self.ad_rows.values():
            found.setdefault(f"{row['campaign_id']}/ads", []).append(row)
            found.setdefault(f"{row['adset_id']}/ads", []).append(row)
        return found

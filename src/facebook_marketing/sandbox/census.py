"""Who is there: campaigns, ad sets and ads of one account, how they came to be and what becomes of them.

A plan is what never changes about a thing; a `State` is what can be seen of it at a moment. Both are pure functions
of (seed, account, size, anchor, moment). Up to the `anchor` the past is laid out at once; after it each thing lives
on: about two ads in a hundred change every day, now and then one is made, and rarely a campaign is archived.
"""

from dataclasses import replace
from functools import cached_property
from typing import Final

from .accounts import Account
from .chance import Dice
from .creatives import CreativePlan, make_creative
from .economy import ECONOMIES
from .ids import object_id
from .plans import AdPlan, AdSetPlan, CampaignPlan
from .size import Size
from .targeting import make_audience
from .zones import DAY

__all__ = ["Census"]

_HISTORY_DAYS: Final = 1_200  # creation is spread over forty months
_LEGACY_AGE_DAYS: Final = 700
_SEASONS: Final = ("Spring sale", "Summer", "Autumn looks", "Winter", "Brand", "Retargeting", "New in", "Clearance")
_STAGES: Final = ("prospecting", "retargeting", "loyalty", "test")
_LOOKS: Final = ("Carousel", "Video", "Static", "Collection", "Story")
_FORMATS: Final = ("A", "B", "C", "D", "E", "F")
_SETTINGS: Final = (("7d_click_1d_view", 75), ("7d_click", 12), ("1d_click", 13))


class Census:
    """All campaigns, ad sets and ads of one account."""

    def __init__(self, seed: int, account: Account, size: Size, anchor: float) -> None:
        """Lay out the past of `account` up to `anchor`; nothing is drawn before it is asked for."""
        self.seed = seed
        self.account = account
        self.size = size
        self.anchor = anchor
        self._steady = size.active_ads_per_day is not None
        self._young: list[AdPlan] = []  # made after the anchor, oldest first
        self._next_birth = anchor + DAY + self._gap(0)  # the first day keeps to the size

    def campaigns(self, now: float) -> list[CampaignPlan]:
        """Return the campaigns made up to `now`, oldest plan first."""
        new = [ad.adset.campaign for ad in self._born(now) if ad.adset.campaign.created > self.anchor]
        return [plan for plan in self._campaigns if plan.created <= now] + list(
            {plan.id: plan for plan in new}.values()
        )

    def adsets(self, now: float) -> list[AdSetPlan]:
        """Return the ad sets made up to `now`."""
        new = [ad.adset for ad in self._born(now) if ad.adset.created > self.anchor]
        return [plan for plan in self._adsets if plan.created <= now] + list({plan.id: plan for plan in new}.values())

    def ads(self, now: float) -> list[AdPlan]:
        """Return the ads made up to `now`."""
        return [plan for plan in self._ads if plan.created <= now] + self._born(now)

    def next_birth(self, now: float) -> float:
        """Return the moment after `now` at which the next ad will be made."""
        born = len(self._born(now))
        return self._young[born].created if born < len(self._young) else self._next_birth

    @cached_property
    def _campaigns(self) -> list[CampaignPlan]:
        return [self._campaign(index) for index in range(self.size.campaigns)]

    @cached_property
    def _adsets(self) -> list[AdSetPlan]:
        campaigns = self._campaigns
        count = self.size.adsets if campaigns else 0
        return [self._adset(index, campaigns[index * len(campaigns) // count]) for index in range(count)]

    @cached_property
    def _ads(self) -> list[AdPlan]:
        adsets = self._adsets
        count = self.size.ads if adsets else 0
        return [self._ad(index, adsets[index * len(adsets) // count]) for index in range(count)]

    @cached_property
    def creatives(self) -> list[CreativePlan]:
        """Every creative of the account; they carry no times."""
        return [make_creative(self.seed, self.account, self.size, index) for index in range(self.size.creatives)]

    def _campaign(self, index: int) -> CampaignPlan:
        dice = Dice(self.seed, self.account.id, "campaign", index)
        days = self._age(dice, index, self.size.campaigns)
        created = self.anchor - days * DAY - dice.below(DAY)
        status = self._campaign_status(dice, index, days)
        stop = None if status == "ACTIVE" else self._stop(dice, created)
        drawn = dice.weighted([(economy, economy.weight) for economy in ECONOMIES])
        newer = self.size.campaigns - 1 - index
        archived_at = self.anchor + dice.between(20, 700) * DAY - dice.below(DAY) if status == "ACTIVE" else None
        return CampaignPlan(
            index=index,
            id=object_id("campaign", self.account.number, index + 1, created),
            created=created,
            name=f"{dice.pick(_SEASONS)} | {dice.pick(_STAGES)} {index + 1}",
            economy=ECONOMIES[newer] if 0 <= newer < len(ECONOMIES) else drawn,
            status=status,
            updated=stop or self._recent(dice, created),
            stop=stop,
            archived_at=None if self._steady else archived_at,
            budgeted=dice.hit(45),
            legacy=days > _LEGACY_AGE_DAYS and dice.hit(70),
        )

    def _age(self, dice: Dice, index: int, count: int) -> int:
        """Days before the anchor on which the thing at that place of `count` was made; oldest first."""
        if self._steady:
            return _HISTORY_DAYS + 100 + dice.below(60)
        slot = max(1, _HISTORY_DAYS // count)
        return max(1, _HISTORY_DAYS * (count - 1 - index) // count + 1 + dice.below(slot))

    def _campaign_status(self, dice: Dice, index: int, days: int) -> str:
        if self._steady:
            return "ACTIVE"
        fixed = {1: "ARCHIVED", 2: "DELETED"}.get(index % 12)  # so that every account but the smallest has each
        if fixed is not None and self.size.campaigns > 3:  # noqa: PLR2004 - see above
            return fixed
        if index == self.size.campaigns - 1:  # the newest one always runs
            return "ACTIVE"
        return "PAUSED" if dice.hit(45 if days > _LEGACY_AGE_DAYS else 12) else "ACTIVE"

    def _stop(self, dice: Dice, created: float) -> float:
        """When a stopped thing stopped: some days after it began, and some before the anchor."""
        latest = self.anchor - dice.between(2, 30) * DAY - dice.below(DAY)
        lasted = min(created + dice.between(20, 420) * DAY, latest)
        return min(max(created + DAY / 2, lasted), self.anchor - 60)

    def _recent(self, dice: Dice, created: float) -> float:
        return created + (self.anchor - created) * dice.between(10, 995) / 1000

    def _adset(self, index: int, campaign: CampaignPlan) -> AdSetPlan:
        dice = Dice(self.seed, self.account.id, "adset", index)
        span = max(120.0, (campaign.stop or self.anchor) - campaign.created)
        created = campaign.created + 18 + min(span / 3, dice.below(40 * DAY))
        status = (
            "ACTIVE"
            if self._steady
            else dice.weighted((("ACTIVE", 80), ("PAUSED", 14), ("ARCHIVED", 3), ("DELETED", 3)))
        )
        stop = None if status == "ACTIVE" else self._stop(dice, created)
        return self._new_adset(index, campaign, created, status, stop, dice)

    def _new_adset(  # noqa: PLR0913, PLR0917 - the parts of one value
        self, index: int, campaign: CampaignPlan, created: float, status: str, stop: float | None, dice: Dice
    ) -> AdSetPlan:
        audience = make_audience(dice, self.account, self.size)
        return AdSetPlan(
            index=index,
            id=object_id("adset", self.account.number, index + 1, created),
            campaign=campaign,
            created=created,
            name=f"{'/'.join(audience.countries)} {audience.age_min}-{audience.age_max} {audience.label} {index + 1}",
            status=status,
            updated=stop or self._recent(dice, created),
            stop=stop,
            attribution=dice.weighted(_SETTINGS),
            audience=audience,
            daily_budget=dice.between(10, 120) * 5 * self.account.minor,
        )

    def _ad(self, index: int, adset: AdSetPlan) -> AdPlan:
        dice = Dice(self.seed, self.account.id, "ad", index)
        span = max(60.0, (adset.stop or adset.campaign.stop or self.anchor) - adset.created)
        created = adset.created + 20 + min(span / 3, dice.below(60 * DAY))
        wanted = self.size.active_ads_per_day
        if wanted is not None:
            share = min(wanted, self.size.ads)
            evergreen = (index + 1) * share // self.size.ads > index * share // self.size.ads
            plan = self._new_ad(index, adset, created, "ACTIVE" if evergreen else "PAUSED", dice, evergreen=evergreen)
            return plan if evergreen else replace(plan, stop=created, updated=created)
        status = dice.weighted((("ACTIVE", 76), ("PAUSED", 16), ("ARCHIVED", 4), ("DELETED", 4)))
        return self._new_ad(index, adset, created, status, dice, evergreen=False)

    def _new_ad(  # noqa: PLR0913 - the parts of one value
        self, index: int, adset: AdSetPlan, created: float, status: str, dice: Dice, *, evergreen: bool
    ) -> AdPlan:
        review = dice.weighted(((None, 94), ("DISAPPROVED", 2), ("WITH_ISSUES", 2), ("PENDING_REVIEW", 2)))
        stopped = status != "ACTIVE" or (review is not None and not evergreen)
        stop = self._stop(dice, created) if stopped else None
        creatives = self.creatives
        return AdPlan(
            index=index,
            id=object_id("ad", self.account.number, index + 1, created),
            adset=adset,
            created=created,
            name=f"{dice.pick(_LOOKS)} {dice.pick(_FORMATS)} {index + 1}",
            status=status,
            review=None if evergreen else review,
            updated=stop or self._recent(dice, created),
            stop=stop,
            creative=creatives[index % len(creatives)]
            if creatives
            else make_creative(self.seed, self.account, self.size, index),
            key=dice.bits(),
            evergreen=evergreen,
        )

    # --- what is made after the anchor ----------------------------------------------------------------------------

    def _gap(self, number: int) -> float:
        """Seconds before the ad that is made next: one ad in a hundred a day, and at least one in three days."""
        if self._steady or not (self.size.ads and self.size.adsets and self.size.campaigns):
            return float("inf")
        mean = min(3.0, 100 / self.size.ads) * DAY
        return mean * Dice(self.seed, self.account.id, "gap", number).between(20, 180) / 100

    def _born(self, now: float) -> list[AdPlan]:
        while self._next_birth <= now:
            self._young.append(self._birth(len(self._young), self._next_birth))
            self._next_birth += self._gap(len(self._young))
        return [plan for plan in self._young if plan.created <= now]

    def _birth(self, number: int, at: float) -> AdPlan:
        dice = Dice(self.seed, self.account.id, "birth", number)
        adset = self._new_parents(number, at, dice) if number % 8 == 7 else self._old_parent(at, dice)  # noqa: PLR2004
        plan = self._new_ad(self.size.ads + number, adset, at, "ACTIVE", dice, evergreen=False)
        return replace(plan, review=None, stop=None, updated=at)

    def _old_parent(self, at: float, dice: Dice) -> AdSetPlan:
        running = [plan for plan in self._adsets if _runs(plan, at)]
        return dice.pick(running or self._adsets)

    def _new_parents(self, number: int, at: float, dice: Dice) -> AdSetPlan:
        index = self.size.campaigns + number // 8
        campaign = replace(
            self._campaign(index),
            id=object_id("campaign", self.account.number, index + 1, at),
            created=at - 600,
            updated=at - 600,
            status="ACTIVE",
            stop=None,
            archived_at=None,
            legacy=False,
        )
        adset = self._new_adset(self.size.adsets + number // 8, campaign, at - 300, "ACTIVE", None, dice)
        return replace(adset, updated=at - 300)


def _runs(plan: AdSetPlan, at: float) -> bool:
    campaign = plan.campaign
    alive = campaign.archived_at is None or campaign.archived_at > at
    return plan.status == "ACTIVE" and campaign.status == "ACTIVE" and alive

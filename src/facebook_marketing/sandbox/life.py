"""What becomes of campaigns, ad sets and ads: their changes after the anchor, their state, the days they deliver."""

from collections.abc import Iterator
from typing import Final

from .chance import Dice
from .plans import HIDDEN, AdPlan, AdSetPlan, CampaignPlan, Change, State
from .zones import DAY, day_of

__all__ = ["Life"]

_AD_GAP_DAYS: Final = 58  # some six ads in ten can change: two in a hundred of all do so every day
_PARENT_GAP_DAYS: Final = 240
_AD_CHANGES: Final = (("rename", 45), ("touch", 30), ("flip", 25))
_PARENT_CHANGES: Final = (("rename", 30), ("touch", 70))
_NEVER: Final = float("inf")


class Life:
    """The course of things in one account after `anchor`; every answer is a pure function of its arguments."""

    def __init__(self, seed: int, zone: str, anchor: float) -> None:
        """Take the seed, the account's zone and the moment at which the laid-out past ends."""
        self._seed = seed
        self._zone = zone
        self._anchor = anchor

    def changes(self, plan: CampaignPlan | AdSetPlan | AdPlan) -> Iterator[Change]:
        """Yield, without end, what happens to a thing after the anchor, in order of time."""
        is_ad = isinstance(plan, AdPlan)
        longest = (_AD_GAP_DAYS if is_ad else _PARENT_GAP_DAYS) * DAY
        dice = Dice(self._seed, "change", plan.id)
        at = max(self._anchor, plan.created)
        turn = 0
        while True:
            turn += 1
            gap = dice.between(3_600, longest)
            at += gap if turn > 1 else gap * dice.below(1_000) / 1_000 + 1
            what = dice.weighted(_AD_CHANGES if is_ad else _PARENT_CHANGES)
            steady = isinstance(plan, AdPlan) and (plan.evergreen or plan.review is not None)
            yield Change(at, "touch" if what == "flip" and steady else what, turn)

    def campaign(self, plan: CampaignPlan, now: float) -> State:
        """Return what can be seen of a campaign."""
        archived = plan.archived_at
        state = self._live(plan, now) if plan.status == "ACTIVE" else _still(plan)
        if archived is None or plan.status != "ACTIVE":
            return state
        if archived <= now:
            return State("ARCHIVED", "ARCHIVED", self._live(plan, archived).name, archived, _NEVER)
        return State(state.status, state.effective, state.name, state.updated, min(state.until, archived))

    def adset(self, plan: AdSetPlan, now: float) -> State:
        """Return what can be seen of an ad set; its campaign's fate shows in `effective`."""
        parent = self.campaign(plan.campaign, now)
        alive = plan.status == "ACTIVE" and plan.campaign.status == "ACTIVE"
        state = self._until_archived(plan, plan.campaign, now) if alive else _still(plan)
        effective = state.status
        if effective not in HIDDEN and parent.status in HIDDEN:
            effective = parent.status
        elif effective == "ACTIVE" and parent.status == "PAUSED":
            effective = "CAMPAIGN_PAUSED"
        return State(state.status, effective, state.name, state.updated, min(state.until, parent.until))

    def ad(self, plan: AdPlan, now: float, parent: State | None = None) -> State:
        """Return what can be seen of an ad; `parent` is its ad set's state, where the caller has it at hand."""
        above = parent or self.adset(plan.adset, now)
        campaign = plan.adset.campaign
        alive = plan.stop is None and plan.adset.status == "ACTIVE" and campaign.status == "ACTIVE"
        state = self._until_archived(plan, campaign, now) if alive else _still(plan)
        return State(
            state.status,
            _effective(plan, state.status, above),
            state.name,
            state.updated,
            min(state.until, above.until),
        )

    def _until_archived(self, plan: AdSetPlan | AdPlan, campaign: CampaignPlan, now: float) -> State:
        """Return the state of what nobody touches once its campaign is archived."""
        archived = campaign.archived_at
        if archived is None or now < archived:
            return self._live(plan, now)
        last = self._live(plan, archived)
        return State(last.status, last.effective, last.name, last.updated, _NEVER)

    def _live(self, plan: CampaignPlan | AdSetPlan | AdPlan, now: float) -> State:
        status, name, updated = plan.status, plan.name, plan.updated
        for change in self.changes(plan):
            if change.at > now:
                return State(status, status, name, updated, change.at)
            updated = change.at
            if change.what == "rename":
                name = f"{plan.name} v{change.turn + 1}"
            elif change.what == "flip":
                status = "PAUSED" if status == "ACTIVE" else "ACTIVE"
        raise AssertionError  # the changes have no end

    def spans(self, plan: AdPlan, now: float) -> list[tuple[int, int]]:
        """Return the days (ordinals, both ends included) on which an ad may deliver, as known at `now`.

        A pause on a day lets that day run out; a new start counts from the next day. So a day that is over
        never changes because the clock moved on.
        """
        first = day_of(plan.created, self._zone)
        last = day_of(now, self._zone)
        if plan.evergreen:
            return [(first, last)]
        if plan.stop == plan.created:  # never switched on
            return []
        campaign = plan.adset.campaign
        ends = [moment for moment in (plan.stop, plan.adset.stop, campaign.stop, campaign.archived_at) if moment]
        if ends:
            last = min(last, day_of(min(ends), self._zone))
        if plan.stop is not None or campaign.status != "ACTIVE" or plan.adset.status != "ACTIVE":
            return [(first, last)] if first <= last else []
        return [(begin, min(end, last)) for begin, end in self._runs(plan, now, first) if begin <= min(end, last)]

    def _runs(self, plan: AdPlan, now: float, first: int) -> Iterator[tuple[int, int]]:
        """Yield the stretches between a start and the next pause."""
        begin: int | None = first
        for change in self.changes(plan):
            if change.at > now:
                break
            if change.what != "flip":
                continue
            day = day_of(change.at, self._zone)
            if begin is not None:
                yield begin, day
                begin = None
            else:
                begin = day + 1
        if begin is not None:
            yield begin, day_of(now, self._zone)


def _still(plan: CampaignPlan | AdSetPlan | AdPlan) -> State:
    """Return the state of what nobody touches any more."""
    return State(plan.status, plan.status, plan.name, plan.updated, _NEVER)


def _effective(plan: AdPlan, status: str, above: State) -> str:
    if status in HIDDEN:
        return status
    if above.effective in HIDDEN:
        return above.effective
    if plan.review is not None:
        return plan.review
    if status == "PAUSED":
        return status
    return {"PAUSED": "ADSET_PAUSED", "CAMPAIGN_PAUSED": "CAMPAIGN_PAUSED"}.get(above.effective, "ACTIVE")

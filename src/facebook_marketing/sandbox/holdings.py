"""Everything that one account holds, as lists of rows by edge."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import cached_property
from typing import Final

from .accounts import Account, account_row, page_row, user_row
from .activities import Target, activity_row, event_of, newest_first, past_activities
from .audiences import (
    audience_row,
    conversion_row,
    pixel_row,
    rule_row,
    saved_row,
)
from .census import Census
from .creatives import creative_row
from .entities import label_row
from .guidance import recommendation_rows
from .leads import Leads, form_row
from .life import Life
from .media import image_row, image_users, next_upload, video_row
from .plans import AdPlan, AdSetPlan, CampaignPlan
from .size import Size
from .snapshot import Snapshot

__all__ = ["Holdings"]

Row = Mapping[str, object]

_KEPT: Final = 3
_SAVED: Final = 3
_RULES: Final = 2
_MANY: Final = 50_000  # Meta's account edge lists at most so many creatives


class Holdings:
    """One account with all that belongs to it, at whatever moment `now` says."""

    def __init__(self, seed: int, account: Account, size: Size, anchor: float, now: Callable[[], float]) -> None:
        """Lay out nothing yet: every list is made when it is first asked for."""
        self.account = account
        self.size = size
        self.anchor = anchor
        self.census = Census(seed, account, size, anchor)
        self.life = Life(seed, account.timezone, anchor)
        self._now = now
        self._snapshots: list[Snapshot] = []  # the few last used: report runs read the past
        self._told: tuple[Snapshot, Sequence[Row]] | None = None
        self._images: tuple[float, float, list[Row]] = (0.0, 0.0, [])

    def at(self, moment: float) -> Snapshot:
        """Return campaigns, ad sets and ads as they stand at a moment."""
        for snapshot in self._snapshots:
            if snapshot.holds(moment):
                return snapshot
        made = Snapshot(self.census, self.life, moment)
        self._snapshots = [made, *self._snapshots[: _KEPT - 1]]
        return made

    def edge(self, name: str) -> Sequence[Row] | None:
        """Return the rows of an edge of the account, None if there is no such edge."""
        edge = _EDGES.get(name)
        return edge(self) if edge else None

    def row(self) -> Row:
        """Return the account itself."""
        return account_row(self.account, self._now())

    def campaigns(self) -> Sequence[Row]:
        """Campaigns, newest created first."""
        return list(self.at(self._now()).campaign_rows.values())

    def adsets(self) -> Sequence[Row]:
        """Ad sets, newest created first."""
        return list(self.at(self._now()).adset_rows.values())

    def ads(self) -> Sequence[Row]:
        """Ads, newest created first."""
        return list(self.at(self._now()).ad_rows.values())

    @cached_property
    def creatives(self) -> Mapping[str, Row]:
        """Creatives by id, newest first."""
        return {plan.id: creative_row(plan, self.account) for plan in reversed(self.census.creatives)}

    def adcreatives(self) -> Sequence[Row]:
        """Creatives of the account's edge."""
        return list(self.creatives.values())[:_MANY]

    def adimages(self) -> Sequence[Row]:
        """Images, newest updated first."""
        now = self._now()
        at, until, rows = self._images
        if not at <= now < until:
            rows = [image_row(self.account, place, self.anchor, now, self._users) for place in range(self.size.images)]
            rows.sort(key=lambda row: str(row["hash"]))
            rows.sort(key=lambda row: _sortable(row["updated_time"]), reverse=True)
            until = next_upload(self.account, "image", self.size.images, self.anchor, now)
            self._images = (now, until, rows)
        return rows

    @cached_property
    def _users(self) -> dict[str, list[str]]:
        return image_users(self.census.creatives)

    def advideos(self) -> Sequence[Row]:
        """Videos, newest created first."""
        rows = [video_row(self.account, place, self.anchor, self._now()) for place in range(self.size.videos)]
        return sorted(rows, key=lambda row: str(row["created_time"]), reverse=True)

    def customaudiences(self) -> Sequence[Row]:
        """Audiences, newest first."""
        count, now = self.size.audiences, self._now()
        rows = [audience_row(self.account, place, count, self.anchor, now) for place in range(count)]
        return sorted(rows, key=lambda row: -int(str(row["time_created"])))

    def customconversions(self) -> Sequence[Row]:
        """Custom conversions."""
        return [conversion_row(self.account, place, self.anchor, self._now()) for place in range(self.size.conversions)]

    def adlabels(self) -> Sequence[Row]:
        """Labels, newest first."""
        return [label_row(self.account, place) for place in reversed(range(self.size.labels))]

    def adspixels(self) -> Sequence[Row]:
        """Pixels."""
        return [pixel_row(self.account, place, self.anchor, self._now()) for place in range(self.size.pixels)]

    def saved_audiences(self) -> Sequence[Row]:
        """Saved audiences."""
        return [saved_row(self.account, place, self.anchor) for place in range(_SAVED)]

    def adrules_library(self) -> Sequence[Row]:
        """Ad rules."""
        return [rule_row(self.account, place, self.anchor) for place in range(_RULES)]

    def promote_pages(self) -> Sequence[Row]:
        """Pages that the account may promote."""
        return [page_row(self.account, place) for place in range(len(self.account.pages))]

    def assigned_users(self) -> Sequence[Row]:
        """People with a role on the account and their tasks."""
        first, second = user_row(0), user_row(1)
        return [
            {"id": first["id"], "name": first["name"], "tasks": list(self.account.user_tasks)},
            {"id": second["id"], "name": second["name"], "tasks": ["ANALYZE"]},
        ]

    def recommendations(self) -> Sequence[Row]:
        """What Meta advises: one row around the list."""
        newest = sorted((plan.id for plan in self.census.adsets(self.anchor)), reverse=True)
        return recommendation_rows(self.account, newest[:3], self.anchor)

    def forms(self) -> Sequence[Row]:
        """Lead forms of the account's first page."""
        return [form_row(self.account, self.anchor, len(self.leads()))]

    def leads(self, ad: str | None = None) -> Sequence[Row]:
        """Leads of the form, newest first; only those of one ad if it is named."""
        return [row for row in self._leads.at(self._now()) if ad is None or row.get("ad_id") == ad]

    @cached_property
    def _leads(self) -> Leads:
        ads = [
            (plan.id, plan.name, plan.adset.id, plan.adset.name, plan.adset.campaign.id, plan.adset.campaign.name)
            for plan in self.census.ads(self.anchor)
            if plan.adset.campaign.economy.key == "leads"
        ]
        return Leads(self.account, self.size, ads, self.anchor)

    def activities(self, about: frozenset[str] | None = None) -> Sequence[Row]:
        """What was done, newest first; only what was done to some ids if they are given."""
        now = self._now()
        snapshot = self.at(now)
        if self._told is None or self._told[0] is not snapshot:
            found = [(moment, row) for moment, row in self._past if moment <= now]
            self._told = (snapshot, newest_first(found + self._recent(now)))
        rows = self._told[1]
        return rows if about is None else [row for row in rows if row["object_id"] in about]

    @cached_property
    def _past(self) -> list[tuple[float, dict[str, object]]]:
        targets = {
            "account": [Target("account", self.account.id, self.account.name)],
            "campaign": [Target("campaign", plan.id, plan.name) for plan in self.census.campaigns(self.anchor)],
            "adset": [Target("adset", plan.id, plan.name) for plan in self.census.adsets(self.anchor)],
            "ad": [Target("ad", plan.id, plan.name) for plan in self.census.ads(self.anchor)],
        }
        return past_activities(self.account, targets, self.size.activities, self.anchor)

    def _recent(self, now: float) -> list[tuple[float, dict[str, object]]]:
        """Return what has been done since the anchor: every change that an entity shows."""
        snapshot = self.at(now)
        found: list[tuple[float, dict[str, object]]] = []
        for kind, pairs in (("campaign", snapshot.campaigns), ("adset", snapshot.adsets), ("ad", snapshot.ads)):
            for plan, state in pairs.values():
                if state.updated > self.anchor:
                    found += self._done(kind, plan, now)
        return found

    def _done(
        self, kind: str, plan: CampaignPlan | AdSetPlan | AdPlan, now: float
    ) -> list[tuple[float, dict[str, object]]]:
        happened: list[tuple[float, str]] = []
        if isinstance(plan, CampaignPlan) and plan.archived_at is not None and plan.archived_at <= now:
            happened.append((plan.archived_at, "archive"))
            now = plan.archived_at
        if isinstance(plan, AdPlan) and plan.created > self.anchor:
            happened.append((plan.created, "create"))
        for change in self.life.changes(plan):
            if change.at > now:
                break
            happened.append((change.at, change.what))
        target = Target(kind, plan.id, plan.name)
        return [
            (at, activity_row(self.account, target, event, at, label))
            for at, (event, label) in ((at, event_of(kind, what)) for at, what in happened)
        ]


def _sortable(moment: object) -> str:
    """Return a local time with offset as UTC text, so that texts compare as times do."""
    return datetime.strptime(str(moment), "%Y-%m-%dT%H:%M:%S%z").astimezone(UTC).isoformat()


_EDGES: Final[Mapping[str, Callable[[Holdings], Sequence[Row]]]] = {
    "campaigns": Holdings.campaigns,
    "adsets": Holdings.adsets,
    "ads": Holdings.ads,
    "adcreatives": Holdings.adcreatives,
    "adimages": Holdings.adimages,
    "advideos": Holdings.advideos,
    "activities": Holdings.activities,
    "customaudiences": Holdings.customaudiences,
    "customconversions": Holdings.customconversions,
    "adlabels": Holdings.adlabels,
    "adspixels": Holdings.adspixels,
    "saved_audiences": Holdings.saved_audiences,
    "adrules_library": Holdings.adrules_library,
    "promote_pages": Holdings.promote_pages,
    "assigned_users": Holdings.assigned_users,
    "users": Holdings.assigned_users,
    "recommendations": Holdings.recommendations,
}

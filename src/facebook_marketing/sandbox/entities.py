"""Campaigns, ad sets and ads as rows of the Graph API: Meta's types, and keys without a value left out."""

from typing import Final

from .accounts import Account
from .chance import Dice
from .ids import object_id, plain_id
from .plans import AdPlan, AdSetPlan, CampaignPlan, State
from .size import Size
from .zones import wire_time

__all__ = ["ad_row", "adset_row", "campaign_row", "label_row"]

Row = dict[str, object]

_ATTRIBUTION: Final = {
    "7d_click_1d_view": [
        {"event_type": "CLICK_THROUGH", "window_days": 7},
        {"event_type": "VIEW_THROUGH", "window_days": 1},
    ],
    "7d_click": [{"event_type": "CLICK_THROUGH", "window_days": 7}],
    "1d_click": [{"event_type": "CLICK_THROUGH", "window_days": 1}],
}
_ISSUE: Final = {
    "CAMPAIGN": (1815869, "Campaign spend limit reached", "The campaign reached its spend limit."),
    "AD": (1487472, "Ad was rejected", "This ad was not approved."),
}
_LABELS: Final = ("brand", "season", "test", "agency", "always on", "archive")
_FLAWED_PER_MILLE: Final = 900


def _issue(level: str) -> list[Row]:
    code, summary, message = _ISSUE[level]
    return [
        {
            "level": level,
            "error_code": code,
            "error_summary": summary,
            "error_message": message,
            "error_type": "HARD_ERROR",
        }
    ]


def label_row(account: Account, place: int) -> Row:
    """Return an ad label."""
    made = account.created_at + (place + 1) * 86_400 * 3
    return {
        "id": object_id("label", account.number, place + 1, 2e9),
        "name": _LABELS[place % len(_LABELS)] if place < len(_LABELS) else f"label {place + 1}",
        "created_time": wire_time(made, account.timezone),
        "updated_time": wire_time(made, account.timezone),
    }


def _shared(plan: CampaignPlan | AdSetPlan | AdPlan, state: State, account: Account) -> Row:
    """What all three kinds show; the order of keys is of no meaning."""
    return {
        "id": plan.id,
        "account_id": account.id,
        "name": state.name,
        "status": state.status,
        "configured_status": state.status,
        "effective_status": state.effective,
        "created_time": wire_time(plan.created, account.timezone),
        "updated_time": wire_time(max(state.updated, plan.created), account.timezone),
    }


def campaign_row(plan: CampaignPlan, state: State, account: Account, size: Size) -> Row:
    """Return every field of a campaign that has a value."""
    dice = Dice("campaign row", plan.id)
    row = _shared(plan, state, account)
    row |= {
        "objective": plan.economy.legacy if plan.legacy else plan.economy.objective,
        "buying_type": "AUCTION",
        "budget_rebalance_flag": False,
        "budget_remaining": "0",
        "can_create_brand_lift_study": False,
        "can_use_spend_cap": True,
        "pacing_type": ["standard"],
        "source_campaign_id": "0" if dice.hit(85) else object_id("campaign", account.number, 1, plan.created),
        "special_ad_categories": dice.pick(([], [], ["NONE"], ["EMPLOYMENT"])),
        "special_ad_category": "NONE",
        "is_skadnetwork_attribution": plan.economy.key == "app",
        "start_time": wire_time(plan.created + 60, account.timezone),
        "topline_id": "0",
    }
    if plan.budgeted:
        daily = dice.between(10, 200) * 5 * account.minor
        row |= {
            "daily_budget": str(daily),
            "budget_remaining": str(daily * dice.below(100) // 100),
            "bid_strategy": "LOWEST_COST_WITHOUT_CAP",
            "smart_promotion_type": "GUIDED_CREATION",
        }
    if plan.stop is not None:
        row["stop_time"] = wire_time(plan.stop, account.timezone)
        if dice.hit(30):
            row |= {"spend_cap": str(2_000 * account.minor), "issues_info": _issue("CAMPAIGN")}
    if size.labels and dice.hit(35):
        row["adlabels"] = [label_row(account, dice.below(size.labels))]
    if plan.economy.event == "PURCHASE" and plan.economy.key == "catalog":
        row["promoted_object"] = {"product_catalog_id": plain_id("catalog", account.number, 1)}
    return row


def _promoted(plan: AdSetPlan, account: Account, dice: Dice) -> Row:
    key = plan.campaign.economy.key
    if key in {"sales", "traffic"}:
        promoted: Row = {"pixel_id": plain_id("pixel", account.number, 1), "custom_event_type": "PURCHASE"}
        if dice.hit(8):
            promoted |= {"custom_event_type": "OTHER", "custom_event_str": "qualified_lead"}
        return promoted
    if key == "catalog":
        return {"product_set_id": plain_id("catalog", account.number, 2), "custom_event_type": "PURCHASE"}
    if key == "app":
        return {
            "application_id": plain_id("application", account.number, 1),
            "object_store_url": "https://play.google.com/store/apps/details?id=com.example.shop",
        }
    return {"page_id": account.pages[0]}


def _learning(plan: AdSetPlan, dice: Dice) -> Row:
    return {
        "status": dice.weighted((("SUCCESS", 60), ("LEARNING", 25), ("FAIL", 15))),
        "conversions": dice.below(120),
        "last_sig_edit_ts": int(plan.created) + dice.below(86_400 * 5),
        "attribution_windows": plan.attribution.replace("_1d_view", ",1d_view").split(","),
    }


def adset_row(plan: AdSetPlan, state: State, account: Account, size: Size) -> Row:
    """Return every field of an ad set that has a value."""
    dice = Dice("adset row", plan.id)
    economy = plan.campaign.economy
    row = _shared(plan, state, account)
    row |= {
        "campaign_id": plan.campaign.id,
        "campaign": {"id": plan.campaign.id},
        "billing_event": "IMPRESSIONS",
        "optimization_goal": economy.goal,
        "attribution_spec": _ATTRIBUTION[plan.attribution],
        "budget_remaining": "0",
        "daily_budget": "0",
        "lifetime_budget": "0",
        "is_dynamic_creative": dice.hit(12),
        "lifetime_imps": 0,
        "pacing_type": ["standard"],
        "recurring_budget_semantics": True,
        "source_adset_id": "0",
        "use_new_app_click": False,
        "promoted_object": _promoted(plan, account, dice),
        "learning_stage_info": _learning(plan, dice),
        "targeting": plan.audience.targeting,
        "start_time": wire_time(plan.created, account.timezone),
    }
    if economy.destination:
        row["destination_type"] = economy.destination
    if economy.goal == "REACH":
        row["frequency_control_specs"] = [{"event": "IMPRESSIONS", "interval_days": 7, "max_frequency": 2}]
    if account.timezone == "Europe/Berlin":
        row |= {"dsa_beneficiary": account.business_name, "dsa_payor": account.business_name}
    if not plan.campaign.budgeted:
        daily = plan.daily_budget
        row |= {"daily_budget": str(daily), "budget_remaining": str(daily * dice.below(100) // 100)}
        row |= _bidding(plan, dice)
    if plan.stop is not None:
        row["end_time"] = wire_time(plan.stop, account.timezone)
    if size.labels and dice.hit(20):
        row["adlabels"] = [label_row(account, dice.below(size.labels))]
    return row


def _bidding(plan: AdSetPlan, dice: Dice) -> Row:
    if dice.hit(70):
        return {"bid_strategy": "LOWEST_COST_WITHOUT_CAP"}
    amount = max(1, plan.daily_budget // 4)
    return {"bid_strategy": "COST_CAP", "bid_amount": amount, "bid_info": {"ACTIONS": amount}}


def _specs(plan: AdPlan, account: Account) -> Row:
    pixel, page = plain_id("pixel", account.number, 1), plan.creative.page
    return {
        "tracking_specs": [
            {"action.type": ["offsite_conversion"], "fb_pixel": [pixel]},
            {"action.type": ["post_engagement"], "page": [page], "post": [plan.creative.post]},
            {"action.type": ["link_click"], "post": [plan.creative.post], "post.wall": [page]},
        ],
        "conversion_specs": [
            {"action.type": ["offsite_conversion"], "conversion_id": [plain_id("conversion", account.number, 1)]}
        ]
        if plan.adset.campaign.economy.event
        else [{"action.type": ["link_click"], "post": [plan.creative.post], "post.wall": [page]}],
    }


def _review(plan: AdPlan) -> Row:
    if plan.review == "DISAPPROVED":
        feedback = {"global": {"PERSONAL_HEALTH": "Ads must not assert personal attributes."}}
        return {"ad_review_feedback": feedback, "issues_info": _issue("AD")}
    if plan.review == "WITH_ISSUES":
        return {"issues_info": _issue("AD")}
    return {}


def ad_row(plan: AdPlan, state: State, account: Account) -> Row:
    """Return every field of an ad that has a value."""
    dice = Dice("ad row", plan.id)
    row = _shared(plan, state, account)
    row |= {
        "campaign_id": plan.adset.campaign.id,
        "adset_id": plan.adset.id,
        "campaign": {"id": plan.adset.campaign.id},
        "adset": {"id": plan.adset.id},
        "creative": {"id": plan.creative.id},
        "bid_type": "ABSOLUTE_OCPM",
        "last_updated_by_app_id": "119211728144504",
        "source_ad_id": "0" if dice.hit(90) else object_id("ad", account.number, 1, plan.created),
        "conversion_domain": "example.com",
        "demolink_hash": f"AQJ{dice.hexadecimal(12)}",
        "display_sequence": 0,
        "engagement_audience": False,
        "preview_shareable_link": f"https://fb.me/{dice.hexadecimal(10)}",
        "targeting": plan.adset.audience.targeting,
        **_specs(plan, account),
        **_review(plan),
    }
    if dice.hit(6):
        row["recommendations"] = [
            {
                "title": "Low quality ad",
                "message": "Try another creative.",
                "code": 1942001,
                "importance": "LOW",
                "confidence": "HIGH",
            }
        ]
    return row

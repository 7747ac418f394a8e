"""Where the declared type of a field is not the type of our column, each with its reason.

Most reasons are one of two. *Numbers in strings*: Meta sends budgets and metrics as strings of digits, its SDK says
"string", a reader wants a number with every digit kept. *Carried over*: tables that exist already, filled by the
connector that people come from, hold the column with this type.
"""

from dataclasses import dataclass

from facebook_marketing.catalog.stream import Kind

MINOR_UNITS = "money in minor units, sent as a string of digits"
CARRIED_OVER = "existing tables hold this column with this type"
DIGITS = "a number, sent as a string of digits"


@dataclass(frozen=True, slots=True)
class Correction:
    """`fields` of the object `node` become columns of `kind`."""

    node: str
    fields: tuple[str, ...]
    kind: Kind
    reason: str


CORRECTIONS: tuple[Correction, ...] = (
    Correction(
        "AdAccount",
        (
            "disable_reason",
            "end_advertiser",
            "fb_entity",
            "funding_source",
            "io_number",
            "is_personal",
            "line_numbers",
            "media_agency",
            "min_campaign_group_spend_cap",
            "min_daily_budget",
            "owner",
            "partner",
            "tax_id_status",
            "timezone_id",
        ),
        Kind.NUMBER,
        CARRIED_OVER,
    ),
    Correction(
        "Campaign", ("budget_remaining", "daily_budget", "lifetime_budget", "spend_cap"), Kind.NUMBER, MINOR_UNITS
    ),
    Correction("Campaign", ("source_campaign_id",), Kind.NUMBER, CARRIED_OVER),
    Correction(
        "AdSet",
        (
            "budget_remaining",
            "daily_budget",
            "daily_min_spend_target",
            "daily_spend_cap",
            "lifetime_budget",
            "lifetime_min_spend_target",
            "lifetime_spend_cap",
        ),
        Kind.NUMBER,
        MINOR_UNITS,
    ),
    Correction("AdSet", ("bid_amount",), Kind.NUMBER, CARRIED_OVER),
    Correction("AdVideo", ("embed_html",), Kind.STRING, "declared as an object, sent as HTML text"),
    Correction("AdVideo", ("premiere_living_room_status",), Kind.BOOLEAN, CARRIED_OVER),
    Correction("CustomConversion", ("business", "offline_conversion_data_set"), Kind.STRING, CARRIED_OVER),
    Correction("CustomConversion", ("default_conversion_value", "retention_days"), Kind.NUMBER, CARRIED_OVER),
    Correction(
        "AdsInsights", ("created_time", "date_start", "date_stop", "updated_time"), Kind.DATE, "a day, sent as text"
    ),
    Correction(
        "AdsInsights",
        (
            "cost_per_objective_result",
            "cost_per_result",
            "link_clicks_per_results",
            "objective_result_rate",
            "objective_results",
            "result_rate",
            "results",
        ),
        Kind.RESULTS,
        "declared as a list of objects, sent as indicators with their values",
    ),
    Correction(
        "AdsInsights",
        (
            "clicks",
            "impressions",
            "inline_link_clicks",
            "inline_post_engagement",
            "reach",
            "unique_clicks",
            "unique_inline_link_clicks",
        ),
        Kind.INTEGER,
        DIGITS,
    ),
    Correction(
        "AdsInsights",
        (
            "auction_bid",
            "auction_competitiveness",
            "auction_max_competitor_bid",
            "canvas_avg_view_percent",
            "canvas_avg_view_time",
            "cost_per_dda_countby_convs",
            "cost_per_estimated_ad_recallers",
            "cost_per_inline_link_click",
            "cost_per_inline_post_engagement",
            "cost_per_message_delivered",
            "cost_per_unique_click",
            "cost_per_unique_inline_link_click",
            "cpc",
            "cpm",
            "cpp",
            "ctr",
            "dda_countby_convs",
            "estimated_ad_recall_rate",
            "estimated_ad_recall_rate_lower_bound",
            "estimated_ad_recall_rate_upper_bound",
            "estimated_ad_recallers",
            "estimated_ad_recallers_lower_bound",
            "estimated_ad_recallers_upper_bound",
            "frequency",
            "full_view_impressions",
            "full_view_reach",
            "inline_link_click_ctr",
            "instagram_profile_follow",
            "instagram_profile_visits",
            "instagram_upcoming_event_reminders_set",
            "instant_experience_clicks_to_open",
            "instant_experience_clicks_to_start",
            "landing_page_view_actions_per_link_click",
            "landing_page_view_per_link_click",
            "landing_page_view_per_purchase_rate",
            "marketing_messages_click_rate_benchmark",
            "marketing_messages_cost_per_delivered",
            "marketing_messages_cost_per_link_btn_click",
            "marketing_messages_delivered",
            "marketing_messages_delivery_rate",
            "marketing_messages_link_btn_click",
            "marketing_messages_link_btn_click_rate",
            "marketing_messages_media_view_rate",
            "marketing_messages_phone_call_btn_click_rate",
            "marketing_messages_quick_reply_btn_click",
            "marketing_messages_quick_reply_btn_click_rate",
            "marketing_messages_read",
            "marketing_messages_read_rate",
            "marketing_messages_sent",
            "marketing_messages_spend",
            "marketing_messages_website_add_to_cart",
            "marketing_messages_website_initiate_checkout",
            "marketing_messages_website_purchase",
            "marketing_messages_website_purchase_values",
            "messages_delivered",
            "messages_delivered_ctr",
            "purchase_per_landing_page_view",
            "purchases_per_link_click",
            "qualifying_question_qualify_answer_rate",
            "read_rate",
            "shop_clicks",
            "social_spend",
            "spend",
            "unique_ctr",
            "unique_inline_link_click_ctr",
            "unique_link_clicks_ctr",
        ),
        Kind.NUMBER,
        DIGITS,
    ),
    Correction(
        "AdsInsights",
        (
            "product_brand",
            "product_category",
            "product_content_id",
            "product_custom_label_0",
            "product_custom_label_1",
            "product_custom_label_2",
            "product_custom_label_3",
            "product_custom_label_4",
            "product_group_content_id",
            "product_name",
        ),
        Kind.STRING,
        CARRIED_OVER,
    ),
)

KINDS: dict[tuple[str, str], Kind] = {(row.node, name): row.kind for row in CORRECTIONS for name in row.fields}

# Breakdown columns are text, but for these (carried over).
BREAKDOWN_KINDS: dict[str, Kind] = {
    "is_auto_advance": Kind.BOOLEAN,
    "is_conversion_id_modeled": Kind.BOOLEAN,
    "is_rendered_as_delayed_skip_ad": Kind.BOOLEAN,
    "postback_sequence_index": Kind.INTEGER,
    "redownload": Kind.BOOLEAN,
}

# Inner keys that a value object carries beside the declared ones (carried over).
EXTRA_KEYS: dict[str, dict[str, str]] = {"TargetingGeoLocation": {"geo-markets": "list<Object>"}}

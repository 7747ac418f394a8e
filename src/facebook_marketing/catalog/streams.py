"""The entities, one row a stream.

Columns are named here; their types come from Meta's tables and `corrections`. Each list is what an ordinary token
may ask for: a field in Meta's SDK is not automatically readable, and one refused field fails the whole call (for
example `special_ad_categories` on ads, `existing_customer_budget_percentage` and `full_funnel_exploration_mode` on
ad sets; Meta's notes on permissions). Page sizes follow the weight of a row: too heavy a page is refused.
"""

from dataclasses import replace

from facebook_marketing.catalog.columns import column, text, texts
from facebook_marketing.catalog.stream import Behaviour, Column, Parents, Personal, Shared, Stream, UseCase, Veil

_ID = ("id",)
_INJECT = ("account_id",)


def _columns(node: str, names: str, *, never_asked: str = "", filled: str = "") -> tuple[Column, ...]:
    """Columns from names: asked of Meta, known but never asked, and filled by us as text."""
    return (
        *(column(node, name) for name in names.split()),
        *(column(node, name, requested=False) for name in never_asked.split()),
        *(text(name) for name in filled.split()),
    )


_AD_ACCOUNT = """
    id account_id name account_status age amount_spent attribution_spec balance business business_city
    business_country_code business_name business_state business_street business_street2 business_zip
    can_create_brand_lift_study capabilities created_time currency default_dsa_beneficiary default_dsa_payor
    disable_reason end_advertiser end_advertiser_name extended_credit_invoice_group failed_delivery_checks fb_entity
    funding_source funding_source_details has_migrated_permissions io_number is_attribution_spec_system_default
    is_direct_deals_enabled is_in_3ds_authorization_enabled_market is_notifications_enabled is_personal
    is_prepay_account is_tax_id_required line_numbers media_agency min_campaign_group_spend_cap min_daily_budget
    offsite_pixels_tos_accepted owner partner rf_spec spend_cap tax_id tax_id_status tax_id_type timezone_id
    timezone_name timezone_offset_hours_utc tos_accepted user_tasks user_tos_accepted
"""

_CAMPAIGN = """
    id account_id name adlabels advantage_state_info bid_strategy boosted_object_id budget_rebalance_flag
    budget_remaining buying_type can_use_spend_cap configured_status created_time daily_budget effective_status
    has_secondary_skadnetwork_reporting is_adset_budget_sharing_enabled is_budget_schedule_enabled
    is_skadnetwork_attribution issues_info last_budget_toggling_time lifetime_budget objective pacing_type
    primary_attribution promoted_object smart_promotion_type source_campaign_id special_ad_categories
    special_ad_category special_ad_category_country spend_cap start_time status stop_time topline_id updated_time
"""

_AD_SET = """
    id account_id campaign_id name adlabels adset_schedule asset_feed_id attribution_spec bid_amount bid_constraints
    bid_info bid_strategy billing_event budget_remaining campaign_attribution configured_status created_time
    daily_budget daily_min_spend_target daily_spend_cap destination_type dsa_beneficiary dsa_payor effective_status
    end_time frequency_control_specs is_dynamic_creative issues_info learning_stage_info lifetime_budget
    lifetime_imps lifetime_min_spend_target lifetime_spend_cap multi_optimization_goal_weight optimization_goal
    optimization_sub_event pacing_type promoted_object recurring_budget_semantics rf_prediction_id source_adset_id
    start_time status targeting updated_time use_new_app_click
"""

_AD = """
    id account_id campaign_id adset_id name ad_active_time ad_review_feedback ad_schedule_end_time
    ad_schedule_start_time adlabels bid_amount bid_info bid_type configured_status conversion_domain conversion_specs
    created_time creative display_sequence effective_status engagement_audience issues_info last_updated_by_app_id
    preview_shareable_link recommendations source_ad_id status targeting tracking_specs updated_time
"""

_CREATIVE = """
    id account_id name actor_id adlabels applink_treatment asset_feed_spec authorization_category body
    bundle_folder_id call_to_action_type categorization_criteria contextual_multi_ads destination_set_id
    dynamic_ad_voice effective_authorization_category effective_instagram_media_id effective_object_story_id
    enable_direct_install image_crops image_hash image_url instagram_permalink_url instagram_user_id
    link_deep_link_url link_destination_display_url link_og_id link_url object_id object_store_url object_story_id
    object_story_spec object_type object_url place_page_set_id product_set_id source_facebook_post_id
    source_instagram_media_id status template_url template_url_spec thumbnail_id thumbnail_url title url_tags
    use_page_actor_override video_id
"""

_IMAGE = """
    id account_id hash name created_time creatives height is_associated_creatives_in_adgroups original_height
    original_width permalink_url status updated_time url url_128 width
"""

_VIDEO = """
    id title ad_breaks backdated_time backdated_time_granularity content_category content_tags created_time
    custom_labels description embed_html embeddable format icon is_crosspost_video is_crossposting_eligible is_episode
    is_instagram_eligible length live_status permalink_url picture post_id post_views premiere_living_room_status
    published scheduled_publish_time source spherical status universal_video_id updated_time views
"""

_ACTIVITY = """
    event_time event_type translated_event_type actor_id actor_name application_id application_name
    date_time_in_timezone extra_data object_id object_name object_type
"""

_CONVERSION = """
    id account_id name aggregation_rule business creation_time custom_event_type data_sources default_conversion_value
    description event_source_type first_fired_time is_archived is_unavailable last_fired_time
    offline_conversion_data_set pixel retention_days rule
"""

_AUDIENCE = """
    id account_id name approximate_count_lower_bound approximate_count_upper_bound customer_file_source data_source
    delete_time delivery_status description is_value_based lookalike_audience_ids lookalike_spec operation_status
    opt_out_link page_deletion_marked_delete_time permission_for_actions pixel_id retention_days rule_aggregation
    sharing_status subtype time_content_updated time_created time_updated
"""

_LABEL = "id name created_time updated_time"

_SAVED_AUDIENCE = """
    id name approximate_count_lower_bound approximate_count_upper_bound delete_time description operation_status
    page_deletion_marked_delete_time permission_for_actions run_status targeting time_created time_updated
"""

_RULE = """
    id account_id name status created_time updated_time disable_error_code evaluation_spec execution_spec schedule_spec
"""

_PIXEL = """
    id name automatic_matching_fields can_proxy code creation_time data_use_setting enable_automatic_matching
    first_party_cookie_status is_created_by_business is_crm is_unavailable last_fired_time owner_ad_account
    owner_business
"""

_BUSINESS = """
    id name created_time updated_time is_hidden link primary_page profile_picture_uri timezone_id two_factor_type
    verification_status vertical vertical_id
"""

_USER = "id name tasks"

_RECOMMENDATION = """
    recommendation_signature type recommendation_name recommendation_stage recommendation_time object_ids
    recommendation_content opportunity_score_lift url
"""

_LEAD = """
    id created_time ad_id ad_name adset_id adset_name campaign_id campaign_name form_id is_organic platform
    partner_name retailer_item_id custom_disclaimer_responses field_data
"""

ENTITIES: tuple[Stream, ...] = (
    Stream(
        name="ad_account",
        behaviour=Behaviour.NODE,
        node="AdAccount",
        edge="",
        columns=_columns("AdAccount", _AD_ACCOUNT),
        primary_key=_ID,
        page_size=1,
    ),
    Stream(
        name="campaigns",
        behaviour=Behaviour.EDGE,
        node="Campaign",
        edge="campaigns",
        columns=_columns("Campaign", _CAMPAIGN),
        primary_key=_ID,
        cursor="updated_time",
        server_cursor=True,
        filter_entity="campaign",
    ),
    Stream(
        name="ad_sets",
        behaviour=Behaviour.EDGE,
        node="AdSet",
        edge="adsets",
        columns=_columns("AdSet", _AD_SET),
        primary_key=_ID,
        cursor="updated_time",
        server_cursor=True,
        filter_entity="adset",
    ),
    Stream(
        name="ads",
        behaviour=Behaviour.EDGE,
        node="Ad",
        edge="ads",
        columns=_columns("Ad", _AD),
        primary_key=_ID,
        cursor="updated_time",
        server_cursor=True,
        filter_entity="ad",
        page_size=200,
    ),
    Stream(  # no created or updated time, no filtering: listed in full, then found through the ads that changed
        name="ad_creatives",
        behaviour=Behaviour.EDGE,
        node="AdCreative",
        edge="adcreatives",
        columns=_columns("AdCreative", _CREATIVE, filled="thumbnail_data_url"),
        primary_key=_ID,
        via="ads",
        page_size=100,
        inject=_INJECT,
    ),
    Stream(  # the creatives of the ads that are listed, each with the `updated_time` of its newest ad
        name="ad_creatives_from_ads",
        behaviour=Behaviour.EDGE,
        node="AdCreative",
        edge="ads",
        columns=(
            *_columns("AdCreative", _CREATIVE, filled="thumbnail_data_url"),
            column("Ad", "updated_time", requested=False),
        ),
        primary_key=_ID,
        cursor="updated_time",
        server_cursor=True,
        via="ads",
        filter_entity="ad",
        page_size=100,
        inject=_INJECT,
        offered_by_default=False,
    ),
    Stream(  # `filename` is a parameter of uploads: asking for it is of no use
        name="images",
        behaviour=Behaviour.EDGE,
        node="AdImage",
        edge="adimages",
        columns=_columns("AdImage", _IMAGE, filled="filename"),
        primary_key=_ID,
        cursor="updated_time",
        page_size=200,
        inject=_INJECT,
    ),
    Stream(  # the edge refuses `filtering` and `account_id`
        name="videos",
        behaviour=Behaviour.EDGE,
        node="AdVideo",
        edge="advideos",
        columns=_columns("AdVideo", _VIDEO, filled="account_id"),
        primary_key=_ID,
        cursor="updated_time",
        page_size=100,
        inject=_INJECT,
    ),
    Stream(  # no id at all; without `since` Meta shows the last 7 days only
        name="activities",
        behaviour=Behaviour.EDGE,
        node="AdActivity",
        edge="activities",
        columns=_columns("AdActivity", _ACTIVITY, filled="account_id"),
        primary_key=(),
        cursor="event_time",
        server_cursor=True,
        inject=_INJECT,
    ),
    Stream(
        name="custom_conversions",
        behaviour=Behaviour.EDGE,
        node="CustomConversion",
        edge="customconversions",
        columns=_columns("CustomConversion", _CONVERSION),
        primary_key=_ID,
        page_size=200,
        inject=_INJECT,
    ),
    Stream(  # `rule` makes Meta ask to reduce the amount of data
        name="custom_audiences",
        behaviour=Behaviour.EDGE,
        node="CustomAudience",
        edge="customaudiences",
        columns=_columns("CustomAudience", _AUDIENCE, never_asked="rule"),
        primary_key=_ID,
        use_case=UseCase.CUSTOM_AUDIENCE,
        page_size=200,
        inject=_INJECT,
    ),
    Stream(  # nothing but names: the edge knows no `account_id`
        name="ad_labels",
        behaviour=Behaviour.EDGE,
        node="AdLabel",
        edge="adlabels",
        columns=_columns("AdLabel", _LABEL, filled="account_id"),
        primary_key=_ID,
        cursor="updated_time",
        inject=_INJECT,
    ),
    Stream(  # always whole: sizes change while `time_updated` stands. `sentence_lines` says the targeting once more
        name="saved_audiences",
        behaviour=Behaviour.EDGE,
        node="SavedAudience",
        edge="saved_audiences",
        columns=_columns("SavedAudience", _SAVED_AUDIENCE, filled="account_id"),
        primary_key=_ID,
        use_case=UseCase.CUSTOM_AUDIENCE,
        page_size=100,
        inject=_INJECT,
    ),
    Stream(
        name="ad_rules",
        behaviour=Behaviour.EDGE,
        node="AdRule",
        edge="adrules_library",
        columns=_columns("AdRule", _RULE),
        primary_key=_ID,
        cursor="updated_time",
        page_size=100,
        inject=_INJECT,
        needs="ads_management",
    ),
    Stream(  # accounts of one business share pixels: a row says that this account may use this pixel
        name="pixels",
        behaviour=Behaviour.EDGE,
        node="AdsPixel",
        edge="adspixels",
        columns=_columns("AdsPixel", _PIXEL, filled="account_id"),
        primary_key=("account_id", "id"),
        page_size=100,
        inject=_INJECT,
        needs="ads_management",
    ),
    Stream(  # fields about people (who made it, who pays) need an admin of the business
        name="businesses",
        behaviour=Behaviour.EDGE,
        node="Business",
        edge="businesses",
        columns=(*_columns("Business", _BUSINESS), texts("account_ids")),
        primary_key=_ID,
        page_size=100,
        needs="business_management",
        shared=Shared(listed="me/businesses", field="business", accounts="account_ids"),
    ),
    Stream(  # people, by name: read by those who ask for it. A person has a row for each account
        name="account_users",
        behaviour=Behaviour.EDGE,
        node="AdAccountUser",
        edge="users",
        columns=_columns("AdAccountUser", _USER, filled="account_id"),
        primary_key=("account_id", "id"),
        page_size=100,
        inject=_INJECT,
        needs="ads_management, and for its user the MANAGE task on the account",
        offered_by_default=False,
    ),
    Stream(  # what the edge gives without `fields`. A signature lasts hours, and some recommendations have none: no key
        name="ad_recommendations",
        behaviour=Behaviour.EDGE,
        node="AdAccountRecommendations",
        edge="recommendations",
        columns=_columns("AdAccountRecommendations", "", never_asked=_RECOMMENDATION, filled="account_id"),
        primary_key=(),
        page_size=100,
        inject=_INJECT,
        needs="ads_read, for an account that Meta makes recommendations to",
        wrapped_in=("recommendations", "recommendation_data"),
        offered_by_default=False,
    ),
)

NOT_PERSONAL = frozenset({"country", "province", "state"})
"""Questions of lead forms whose answers say nothing of a single person: their values stay as they are."""

_LEADS = Stream(  # leads belong to a page: its people decide who may read them. Meta keeps them for 90 days
    name="leads",
    behaviour=Behaviour.EDGE,
    node="Lead",
    edge="leads",
    columns=_columns("Lead", _LEAD, filled="account_id"),
    primary_key=_ID,
    cursor="created_time",
    server_cursor=True,
    cursor_filter="time_created",
    use_case=UseCase.LEADGEN,
    page_size=100,
    inject=_INJECT,
    needs="leads_retrieval",
    # Instant forms belong to the objective of leads, by its name of today and by its older one.
    parents=Parents(
        "ads", "ad", "campaign{objective}", ("campaign", "objective"), frozenset({"OUTCOME_LEADS", "LEAD_GENERATION"})
    ),
    personal=Personal("field_data"),
)


def leads(veil: Veil = "hashed", plain: frozenset[str] = frozenset()) -> Stream:
    """The stream of leads, with what becomes of the values in `field_data`; those of the names in `plain` stay."""
    return replace(_LEADS, personal=Personal("field_data", veil, NOT_PERSONAL | plain))


def entity(name: str) -> Stream:
    """The entity stream of that name. LookupError for any other, naming what there is."""
    for stream in ENTITIES:
        if stream.name == name:
            return stream
    known = ", ".join(stream.name for stream in ENTITIES)
    msg = f"There is no entity stream {name!r}. Choose one of: {known}."
    raise LookupError(msg)

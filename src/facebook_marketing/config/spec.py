"""The form that a platform shows: Airbyte's ConnectorSpecification, as plain JSON values.

No setting is `required` by the schema: a config made for any older version, or completed by the environment,
must pass a platform's own check. What is really missing is said by `load`.
"""

from collections.abc import Mapping
from typing import Any, Final

from facebook_marketing.config import values
from facebook_marketing.config.spec_insight import INSIGHT, block, day, names, switch

DOCUMENTATION_URL: Final = "https://developers.facebook.com/docs/marketing-apis"
CHANGELOG_URL: Final = "https://developers.facebook.com/docs/marketing-api/marketing-api-changelog"

Property = dict[str, Any]


def spec() -> dict[str, Any]:
    """Build a new ConnectorSpecification; its `connectionSpecification` is a JSON schema (draft 7)."""
    numbered = [(name, {**row, "order": order}) for order, (name, row) in enumerate(_properties().items())]
    return {
        "documentationUrl": DOCUMENTATION_URL,
        "changelogUrl": CHANGELOG_URL,
        "connectionSpecification": {
            "$schema": "http://json-schema.org/draft-07/schema#",
            "title": "Facebook Marketing",
            "type": "object",
            "additionalProperties": True,
            "properties": dict(numbered),
        },
        "supportsIncremental": True,
        "supported_destination_sync_modes": ["overwrite", "append", "append_dedup"],
        "advanced_auth": _oauth(),
    }


def _properties() -> dict[str, Property]:
    return {**_what(), **_leads(), **_insights(), **_pace(), **_attribution(), **_how(), **_older()}


def _what() -> dict[str, Property]:
    return {
        "account_ids": {
            "title": "Ad Account Numbers",
            "description": "The ad accounts to read. The number stands in the address of Ads Manager, behind "
            '"act=". Write "all" alone to read every account that the token can see.',
            "type": "array",
            "items": {"type": "string", "pattern": "^((act_)?[0-9]+|all)$", "pattern_descriptor": "1234567890"},
            "uniqueItems": True,
            "minItems": 1,
            "examples": ["1234567890", "all"],
            "always_show": True,
        },
        "accounts_include": _patterns(
            "Accounts to Read", "Among all accounts, read only those whose name or number is like one of these."
        ),
        "accounts_exclude": _patterns(
            "Accounts to Leave Out", "Among all accounts, leave out those whose name or number is like one of these."
        ),
        "credentials": _credentials(),
        "start_date": {
            **day(
                "Start Date",
                "The first day to read. Empty: all entities, and statistics as far back as Meta keeps them.",
            ),
            "always_show": True,
        },
        "end_date": day(
            "End Date", "The last day to read, included. Empty: up to today, in each account's own time zone."
        ),
        "insights_start_date": day(
            "Start Date of Statistics",
            "The first day of reports, where it shall differ from the start date: leave the start date empty and set "
            "this one to get every campaign, ad set and ad, old ones too, beside recent statistics.",
        ),
        **{
            name: {
                "title": title,
                "description": f"Read only {noun} with these statuses; reports count all of them. Meta leaves out "
                "ARCHIVED and DELETED unless they are chosen here. Empty: whatever Meta shows by default.",
                "type": "array",
                "items": {"type": "string", "enum": list(values.STATUSES[name])},
                "uniqueItems": True,
                "default": [],
            }
            for name, title, noun in (
                ("campaign_statuses", "Campaign Statuses", "campaigns"),
                ("adset_statuses", "Ad Set Statuses", "ad sets"),
                ("ad_statuses", "Ad Statuses", "ads"),
            )
        },
        "fetch_thumbnail_images": switch(
            "Fetch Thumbnail Images",
            "Load the thumbnail of each ad creative and keep it as thumbnail_data_url; its address at Meta expires "
            "after some days. Costs one request a creative.",
        ),
    }


def _leads() -> dict[str, Property]:
    return {
        "include_leads": switch(
            "Leads",
            "Offer the stream leads: what people wrote into the forms of lead ads. It is personal data, and the token "
            "needs the permission leads_retrieval. Meta keeps leads for 90 days.",
        ),
        "leads_personal_fields": {
            "title": "Answers in Leads",
            "description": "hashed: SHA-256 of each answer, in small letters and without blanks around it, as lists of "
            "customers are matched. dropped: no answer at all. plain: answers as they were written.",
            "type": "string",
            "enum": list(values.VEILS),
            "default": "hashed",
        },
        "leads_plain_fields": {
            **names(
                "Questions Without Personal Answers",
                "Questions of your lead forms, by the names that Meta gives them, whose answers stay as they are. "
                "country, province and state always do.",
                ["city", "what_are_you_looking_for?"],
            ),
            "default": [],
        },
    }


def _insights() -> dict[str, Property]:
    return {
        "default_ads_insights_action_breakdowns": {
            **names(
                "Default Action Breakdowns",
                "Action breakdowns of ads_insights and of custom reports that set none. action_type alone shows "
                "conversions as Ads Manager does; further ones make Meta merge or leave out conversions outside of its "
                "own apps.",
                ["action_type", "action_target_id", "action_destination"],
            ),
            "default": ["action_type"],
        },
        "action_attribution_windows": {
            **names(
                "Attribution Windows",
                "The windows for which each action is counted beside its total. 7d_view and 28d_view hold no data "
                "since 2026-01-12 and are dropped.",
                ["1d_click", "7d_click", "28d_click", "1d_view", "1d_ev", "incrementality"],
            ),
            "default": list(values.DEFAULT_WINDOWS),
        },
        "include_incrementality": switch(
            "Incremental Attribution",
            "Ask for the window incrementality too. Meta refuses it together with country, region or market.",
        ),
        "include_engaged_view": switch(
            "Engaged Views", "Ask for the window 1d_ev (one day after an engaged view) too."
        ),
        "custom_insights": {
            "title": "Custom Insights",
            "description": "Reports of your own, each a stream named custom followed by its name.",
            "type": "array",
            "items": INSIGHT,
        },
    }


def _pace() -> dict[str, Property]:
    return {
        "insights_lookback_window": {
            "title": "Look-back in Days",
            "description": "Statistics keep changing for up to 28 days. Every sync reads that many days before the "
            "cursor once more.",
            "type": "integer",
            "minimum": 0,
            "maximum": 28,
            "default": 28,
        },
        "lookback": {
            "title": "Reading of the Look-back",
            "description": "full: every day of the look-back is read again. changed: one question for the daily "
            "totals of all campaigns finds the days that moved, and only these are read; every 7 days all are.",
            "type": "string",
            "enum": list(values.LOOKBACKS),
            "default": "full",
        },
        "insights_refresh_hours": {
            "title": "Refresh After Hours",
            "description": "A day inside the look-back that was read less than so many hours ago is not read again. "
            "0 reads it in every sync.",
            "type": "integer",
            "minimum": 0,
            "maximum": 720,
            "default": 20,
        },
        "insights_job_timeout": {
            "title": "Report Timeout in Minutes",
            "description": "How long a report run may take at Meta before it is divided into smaller ones.",
            "type": "integer",
            "minimum": 1,
            "maximum": 1440,
            "default": 60,
        },
    }


def _attribution() -> dict[str, Property]:
    return {
        "use_account_attribution_setting": block(
            "Account Attribution Setting",
            "Count by the ad account's attribution setting instead of the ad sets' own ones.",
            type="boolean",
        ),
        "use_unified_attribution_setting": block(
            "Unified Attribution Setting",
            "Sent as it is. Meta has disregarded it since 2025-06-10: it always counts by the unified setting.",
            type="boolean",
        ),
        "action_report_time": block(
            "Action Report Time",
            "Whether an action counts on the day of the impression or of the conversion. Sent as it is; Meta has "
            "disregarded it since 2025-06-10.",
            type="string",
            enum=list(values.REPORT_TIMES),
        ),
    }


def _how() -> dict[str, Property]:
    return {**_how_much(), **_how_fast()}


def _how_much() -> dict[str, Property]:
    return {
        "page_size": block(
            "Largest Page",
            "Upper bound for the rows of a page. Empty: a size that suits each stream; it shrinks by itself where Meta "
            "refuses it.",
            type="integer",
            minimum=1,
            examples=[100, 500],
        ),
        "creatives": {
            "title": "Reading of Creatives",
            "description": "changed: an incremental sync of ad_creatives reads the creatives of ads that changed, and "
            "all of them when a sweep is due. full: every sync reads all of them.",
            "type": "string",
            "enum": list(values.LOOKBACKS),
            "default": "changed",
        },
        "sweep_days": {
            "title": "Days Between Sweeps",
            "description": "Some changes leave no trace that a sync could follow: creatives that change without their "
            "ads, and objects that were deleted. Every so many days the whole list is looked through. 0: never.",
            "type": "integer",
            "minimum": 0,
            "maximum": 365,
            "default": 7,
        },
        "fetch_missing_entities": switch(
            "Fetch Missing Objects",
            "Ask by their ids for campaigns, ad sets and ads that reports name although Meta does not list them: "
            "archived and deleted ones.",
            on=True,
        ),
    }


def _how_fast() -> dict[str, Property]:
    return {
        "quota_share": {
            "title": "Share of Quota",
            "description": "The share of Meta's quota that a sync may use, so that other apps on the same accounts "
            "keep the rest.",
            "type": "number",
            "minimum": 0.05,
            "maximum": 1,
            "default": 0.75,
        },
        "max_concurrency": {
            "title": "Requests at a Time",
            "description": "Upper bound for requests under way. The number itself follows Meta's quota.",
            "type": "integer",
            "minimum": 1,
            "maximum": 256,
            "default": 16,
        },
        "api_version": {
            "title": "Graph API Version",
            "description": "The version of Meta's API to ask. Each is served for about two years.",
            "type": "string",
            "pattern": "^[vV]?[0-9]{1,3}[.][0-9]$",
            "pattern_descriptor": "v26.0",
            "default": "v26.0",
        },
        "use_appsecret_proof": switch(
            "App Secret Proof",
            "Sign each request with the app secret, where the Meta app demands it. Set the client secret as well.",
        ),
        "strict": switch(
            "Strict",
            "Let a sync fail when anything could not be read. Off: the rest is delivered, and what is missing is said.",
        ),
    }


def _patterns(title: str, what: str) -> Property:
    return block(
        title,
        f"{what} * stands for any text, ? for one sign, capitals make no difference. Only with the account number "
        '"all"; accounts that are opened later join by themselves.',
        type="array",
        items={"type": "string"},
        default=[],
        examples=["*shop*", "1234567890"],
    )


def _older() -> dict[str, Property]:
    """List settings of older versions: read, not shown; a platform must go on keeping their secrets."""
    hidden = {"airbyte_hidden": True}
    return {
        "account_id": {**block("Account ID", "Older form of account_ids.", type="string"), **hidden},
        "access_token": {**_secret("Access Token", "Older form of credentials.access_token."), **hidden},
        "client_id": {**_secret("Client ID", "Older form of credentials.client_id."), **hidden},
        "client_secret": {**_secret("Client Secret", "Older form of credentials.client_secret."), **hidden},
        "include_deleted": {**switch("Include Deleted", "Older form of the three lists of statuses."), **hidden},
        "max_batch_size": {**block("Batch Size", "Of older versions: it has no effect.", type="integer"), **hidden},
        "action_breakdowns_allow_empty": {
            **block("Allow Empty Action Breakdowns", "An empty list in a custom report means none.", type="boolean"),
            **hidden,
        },
    }


def _secret(title: str, description: str, **more: object) -> Property:
    return block(title, description, type="string", airbyte_secret=True, **more)


def _credentials() -> Property:
    token = _secret("Access Token", "A token with the scope ads_read. A system user's token does not expire.")
    app = {
        "client_id": _secret("Client ID", "The id of your Meta app."),
        "client_secret": _secret("Client Secret", "The secret of your Meta app."),
    }
    return {
        "title": "Authentication",
        "description": "How the source proves who it is.",
        "type": "object",
        "oneOf": [
            {
                "title": "Sign in with Meta",
                "type": "object",
                "properties": {"auth_type": {"type": "string", "const": "Client"}, **app, "access_token": token},
                "required": ["auth_type", "client_id", "client_secret"],
            },
            {
                "title": "Access token",
                "type": "object",
                "properties": {"auth_type": {"type": "string", "const": "Service"}, "access_token": token},
                "required": ["auth_type", "access_token"],
            },
        ],
        "always_show": True,
    }


def _oauth() -> Mapping[str, Any]:
    def section(fields: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
        rows = {name: {"type": "string", **row} for name, row in fields.items()}
        return {"type": "object", "additionalProperties": False, "properties": rows}

    app = ("client_id", "client_secret")
    place = "path_in_connector_config"
    return {
        "auth_flow_type": "oauth2.0",
        "predicate_key": ["credentials", "auth_type"],
        "predicate_value": "Client",
        "oauth_config_specification": {
            "complete_oauth_output_specification": section(
                {"access_token": {place: ["credentials", "access_token"]}},
            ),
            "complete_oauth_server_input_specification": section({name: {} for name in app}),
            "complete_oauth_server_output_specification": section(
                {name: {place: ["credentials", name]} for name in app},
            ),
        },
    }

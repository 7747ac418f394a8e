"""What may stand in a setting, in one phrase: shown where something else was found."""

from collections.abc import Mapping
from typing import Final

from facebook_marketing.config import values
from facebook_marketing.config.checks import ACCOUNTS_ALLOWED, DAY_ALLOWED, PATTERN_ALLOWED, SIGN_IN_ALLOWED

_SWITCH: Final = "true or false"
_NAMES: Final = 'a list of Meta\'s names, such as ["country"]'
_WINDOWS: Final = f"a list of attribution windows, such as {', '.join(values.DEFAULT_WINDOWS)}"

ALLOWED: Final[Mapping[str, str]] = {
    "account_ids": ACCOUNTS_ALLOWED,
    "accounts_include": PATTERN_ALLOWED,
    "accounts_exclude": PATTERN_ALLOWED,
    "access_token": SIGN_IN_ALLOWED,
    "client_id": "a text: the id of your Meta app",
    "client_secret": "a text: the secret of your Meta app",
    "use_appsecret_proof": _SWITCH,
    "start_date": DAY_ALLOWED,
    "end_date": DAY_ALLOWED,
    "insights_start_date": DAY_ALLOWED,
    **{name: f"a list with any of {', '.join(allowed)}" for name, allowed in values.STATUSES.items()},
    "fetch_thumbnail_images": _SWITCH,
    "include_leads": _SWITCH,
    "leads_personal_fields": f"any of {', '.join(values.VEILS)}",
    "leads_plain_fields": 'a list of questions as Meta names them, such as ["city"]',
    "default_ads_insights_action_breakdowns": 'a list of action breakdowns, such as ["action_type"]',
    "include_incrementality": _SWITCH,
    "include_engaged_view": _SWITCH,
    "action_attribution_windows": _WINDOWS,
    "custom_insights": "a list of objects, each with at least a name",
    "page_size": "a whole number from 1",
    "insights_lookback_window": "a whole number of days from 0 to 28",
    "lookback": f"any of {', '.join(values.LOOKBACKS)}",
    "insights_job_timeout": "a whole number of minutes from 1 to 1440",
    "insights_refresh_hours": "a whole number of hours from 0 to 720",
    "use_account_attribution_setting": _SWITCH,
    "use_unified_attribution_setting": _SWITCH,
    "action_report_time": f"any of {', '.join(values.REPORT_TIMES)}",
    "api_version": "a version of the Graph API such as v26.0",
    "quota_share": "a number from 0.05 to 1: the share of Meta's quota that this sync may use",
    "creatives": f"any of {', '.join(values.LOOKBACKS)}",
    "sweep_days": "a whole number of days from 0 to 365 (0: never)",
    "fetch_missing_entities": _SWITCH,
    "max_concurrency": "a whole number of requests from 1 to 256",
    "strict": _SWITCH,
    "graph_url": "an address such as https://graph.facebook.com",
    "name": "a text: the name of the report",
    "level": f"any of {', '.join(values.LEVELS)}",
    "breakdowns": _NAMES,
    "action_breakdowns": 'a list of action breakdowns, such as ["action_type"]',
    "fields": 'a list of Meta\'s names, such as ["impressions", "spend"]',
    "time_increment": 'a number of days from 1 to 90, "weekly", "monthly" or "all_days"',
    "filtering": 'a list of objects, such as {"field": "spend", "operator": "GREATER_THAN", "value": 0}',
    "product_id_limit": "a whole number from 1",
}

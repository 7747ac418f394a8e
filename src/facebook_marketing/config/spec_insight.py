"""One custom report in the form that a platform shows, and the small blocks that such forms are made of."""

from collections.abc import Sequence
from typing import Any, Final

from facebook_marketing.config import values

Property = dict[str, Any]


def block(title: str, description: str, **more: object) -> Property:
    """Make a property with its title and what it teaches."""
    return {"title": title, "description": description, **more}


def switch(title: str, description: str, *, on: bool = False) -> Property:
    """Make a boolean that is off unless `on`."""
    return block(title, description, type="boolean", default=on)


def names(title: str, description: str, examples: Sequence[str]) -> Property:
    """Make a list of Meta's names. No enum: a name that Meta adds tomorrow can be asked for today."""
    items = {"type": "string", "pattern": "^[A-Za-z0-9_]+$"}
    return block(title, description, type="array", items=items, examples=list(examples))


def day(title: str, description: str) -> Property:
    """Make a day; platforms write it as a date-time at midnight."""
    return block(
        title,
        description,
        type="string",
        format="date-time",
        pattern="^$|^[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9]{2}:[0-9]{2}:[0-9]{2}([.][0-9]+)?(Z|[+-][0-9]{2}:?[0-9]{2})?)?$",
        pattern_descriptor="YYYY-MM-DDT00:00:00Z",
        examples=["2024-01-31T00:00:00Z"],
    )


_FILTER: Final[Property] = {
    "title": "Filter",
    "type": "object",
    "properties": {
        "field": block(
            "Field", "What to compare.", type="string", examples=["campaign.name", "spend", "ad.effective_status"]
        ),
        "operator": block("Operator", "How to compare.", type="string", examples=["IN", "GREATER_THAN", "CONTAIN"]),
        "value": block(
            "Value",
            "A text or a number; a list is written as JSON.",
            examples=["0", '["ACTIVE", "PAUSED"]'],
            type="string",
        ),
    },
    "required": ["field", "operator", "value"],
}

_PROPERTIES: Final[dict[str, Property]] = {
    "name": block(
        "Name",
        "The name of the report. Its stream is custom followed by the name in lower case, with an underscore before "
        "each capital: MyReport becomes custom_my_report, my_report becomes custommy_report.",
        type="string",
        examples=["CampaignsByCountry"],
    ),
    "level": block(
        "Level", "What a row stands for.", type="string", enum=list(values.LEVELS), default="ad", examples=["campaign"]
    ),
    "fields": {
        **names("Fields", "The columns to ask for. Empty: the usual ones.", ["impressions", "spend", "actions"]),
        "default": [],
    },
    "breakdowns": {
        **names(
            "Breakdowns",
            "Columns by which each row is divided further. Not every combination exists; platform_position, for "
            "one, needs publisher_platform.",
            ["age", "gender", "country", "comscore_market"],
        ),
        "default": [],
    },
    "action_breakdowns": {
        **names(
            "Action Breakdowns",
            "How the actions of a row are divided further. Empty: the default action breakdowns.",
            ["action_type", "action_device"],
        ),
        "default": [],
    },
    "time_increment": block(
        "Days a Row",
        "How many days a row counts together. The borders do not move from sync to sync.",
        type="integer",
        minimum=1,
        maximum=90,
        default=1,
    ),
    "time_increment_period": block(
        "Period a Row",
        "Instead of a number of days: weeks from Monday, calendar months, or all days in one row. Reach cannot be "
        "added up over days, so choose the period here.",
        type="string",
        enum=["daily", *values.PERIODS],
    ),
    "start_date": day("Start Date", "The first day of this report. Empty: the start date above."),
    "end_date": day("End Date", "The last day of this report, included. Empty: the end date above."),
    "insights_lookback_window": block(
        "Look-back in Days",
        "As above, for this report. Empty: the value above.",
        type="integer",
        minimum=0,
        maximum=28,
    ),
    "insights_job_timeout": block(
        "Report Timeout in Minutes",
        "As above, for this report. Empty: the value above.",
        type="integer",
        minimum=1,
        maximum=1440,
    ),
    "filtering": block(
        "Filters",
        "Only rows that meet all of these.",
        type="array",
        items=_FILTER,
    ),
    "action_attribution_windows": names(
        "Attribution Windows", "As above, for this report. Empty: the windows above.", ["1d_click", "7d_click"]
    ),
    "include_incrementality": block(
        "Incremental Attribution", "Add or leave out the window incrementality in this report.", type="boolean"
    ),
    "include_engaged_view": block("Engaged Views", "Add or leave out the window 1d_ev in this report.", type="boolean"),
    "product_id_limit": block(
        "Product Limit", "With the breakdown product_id: at most that many products.", type="integer", minimum=1
    ),
    "action_report_time": block(
        "Action Report Time",
        "Of older versions: read and dropped, Meta has disregarded it since 2025-06-10.",
        type="string",
        airbyte_hidden=True,
    ),
}

INSIGHT: Final[Property] = {
    "title": "Report",
    "type": "object",
    "properties": {name: {**row, "order": order} for order, (name, row) in enumerate(_PROPERTIES.items())},
    "required": ["name"],
}

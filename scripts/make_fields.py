# ruff: noqa: INP001 - a script, no package
"""Cuts `catalog/fields.json` out of a bigger facts file about Meta's API.

    python scripts/make_fields.py FACTS.json

FACTS.json names every object, edge, parameter and enum of the API, with its history. The catalogue needs
the names and declared types of readable fields, the value objects that it shows in schemas, the enums and
when a name came or went. Rerun on a new version of the API and read the diff.
"""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

TARGET = Path(__file__).resolve().parent.parent / "src" / "facebook_marketing" / "catalog" / "fields.json"

# Value objects whose inner types hold on the wire. Every other one is shown as a plain object.
SHAPES = (
    "AdCampaignFrequencyControlSpecs",
    "AdCampaignIssuesInfo",
    "AdCampaignLearningStageInfo",
    "AdRecommendation",
    "AdgroupIssuesInfo",
    "AdsImageCrops",
    "AttributionSpec",
    "AudiencePermissionForActions",
    "ConnectionsTargeting",
    "CustomAudienceStatus",
    "DayPart",
    "FlexibleTargeting",
    "IDName",
    "RawCustomAudience",
    "Targeting",
    "TargetingGeoLocation",
)

# Objects that the facts file leaves out: readable fields and declared types of Meta's own SDK, version 26.
MORE_OBJECTS: Mapping[str, Mapping[str, str]] = {
    "AdAccountUser": {"id": "string", "name": "string", "tasks": "list<string>"},
    # The SDK knows the list alone; what is in it stands on Meta's page about opportunity score and recommendations.
    "AdAccountRecommendations": {
        "object_ids": "list<string>",
        "opportunity_score_lift": "string",
        "recommendation_content": "AdAccountRecommendationContent",
        "recommendation_name": "string",
        "recommendation_signature": "string",
        "recommendation_stage": "string",
        "recommendation_time": "datetime",
        "recommendations": "list<Object>",
        "type": "string",
        "url": "string",
    },
    "AdRule": {
        "account_id": "string",
        "created_by": "User",
        "created_time": "datetime",
        "disable_error_code": "int",
        "evaluation_spec": "AdRuleEvaluationSpec",
        "execution_spec": "AdRuleExecutionSpec",
        "id": "string",
        "name": "string",
        "recommended_rule_key": "string",
        "schedule_spec": "AdRuleScheduleSpec",
        "status": "string",
        "ui_creation_source": "string",
        "updated_time": "datetime",
    },
    "AssignedUser": {
        "business": "Business",
        "id": "string",
        "name": "string",
        "permitted_tasks": "list<string>",
        "tasks": "list<string>",
        "user_type": "string",
    },
}

# Value objects that it leaves out. `value` of a rule's filter is a number, a text or a list: it is not typed.
MORE_SHAPES: Mapping[str, Mapping[str, str]] = {
    "AdAccountRecommendationContent": {"body": "string", "lift_estimate": "string", "opportunity_score_lift": "string"},
    "AdRuleEvaluationSpec": {
        "evaluation_type": "string",
        "filters": "list<AdRuleFilters>",
        "trigger": "AdRuleFilters",
    },
    "AdRuleExecutionSpec": {
        "execution_options": "list<AdRuleFilters>",
        "execution_type": "string",
        "is_once_off": "bool",
    },
    "AdRuleFilters": {"field": "string", "operator": "string"},
    "AdRuleSchedule": {"days": "list<int>", "end_minute": "int", "start_minute": "int"},
    "AdRuleScheduleSpec": {"schedule": "list<AdRuleSchedule>", "schedule_type": "string"},
    "UserLeadGenDisclaimerResponse": {"checkbox_key": "string", "is_checked": "string"},
    "UserLeadGenFieldData": {"name": "string", "values": "list<string>"},
}


def cut(facts: Mapping[str, Any]) -> dict[str, Any]:
    """The part of `facts` that the product reads."""
    return {
        "_meta": {
            "api_version": facts["_meta"]["api_version"],
            "generated": facts["_meta"]["generated"],
            "made_by": "scripts/make_fields.py",
        },
        "objects": {
            **{name: {"fields": entry["fields"]} for name, entry in facts["objects"].items()},
            **{name: {"fields": fields} for name, fields in MORE_OBJECTS.items() if name not in facts["objects"]},
        },
        "nested": {**{name: facts["nested"][name] for name in SHAPES}, **MORE_SHAPES},
        "enums": facts["enums"],
        "enums_documented": facts["enums_documented"],
        "history": facts["history"],
    }


def main(source: str) -> None:
    """Read `source`, write the cut beside the catalogue's code."""
    facts = json.loads(Path(source).read_text(encoding="utf-8"))
    TARGET.write_text(json.dumps(cut(facts), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1])

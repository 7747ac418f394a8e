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
    "ConnectionsTargeting",
    "DayPart",
    "FlexibleTargeting",
    "IDName",
    "RawCustomAudience",
    "Targeting",
    "TargetingGeoLocation",
)


def cut(facts: Mapping[str, Any]) -> dict[str, Any]:
    """The part of `facts` that the product reads."""
    return {
        "_meta": {
            "api_version": facts["_meta"]["api_version"],
            "generated": facts["_meta"]["generated"],
            "made_by": "scripts/make_fields.py",
        },
        "objects": {name: {"fields": entry["fields"]} for name, entry in facts["objects"].items()},
        "nested": {name: facts["nested"][name] for name in SHAPES},
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

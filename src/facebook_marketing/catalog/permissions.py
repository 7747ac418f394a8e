"""Which permissions a token needs for what (Meta's page on authorization; its references of the objects)."""

from dataclasses import dataclass
from typing import Literal

Need = Literal["essential", "useful", "optional"]


@dataclass(frozen=True, slots=True)
class Permission:
    """Any of `names` will do. `streams` cannot be read in full without; empty: all of them.

    `only_with`: of no concern where the configuration offers none of the streams.
    """

    names: tuple[str, ...]
    need: Need
    streams: tuple[str, ...]
    without: str
    only_with: bool = False


PERMISSIONS: tuple[Permission, ...] = (
    Permission(("ads_read", "ads_management"), "essential", (), "no ad account can be read"),
    Permission(
        ("business_management",),
        "useful",
        ("ad_account", "businesses"),
        'owner, business and the like stay empty, and account_ids ["all"] finds no account that is reached through a '
        "business alone",
    ),
    Permission(("ads_management",), "optional", ("ad_rules", "pixels", "account_users"), "edges of these stay closed"),
    Permission(
        ("pages_read_engagement",),
        "optional",
        ("ad_creatives",),
        "creatives made of a page's posts may come without object_story_spec",
    ),
    Permission(("leads_retrieval",), "useful", ("leads",), "leads stay closed", only_with=True),
)

READING_TASKS = frozenset({"ANALYZE", "ADVERTISE", "MANAGE"})
"""Tasks on an account of which its user needs one to read (Meta: at least ANALYZE; the others hold it)."""

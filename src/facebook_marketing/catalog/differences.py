"""Where our rows differ from those of Airbyte's source-facebook-marketing, and why: for people who come from it.

Its behaviour was observed on 0.2.44 to 6.1.9; the numbers of public threads are those of airbytehq/airbyte.
"""

DIFFERENCES: tuple[tuple[str, str, str, str], ...] = (
    (
        "conversions of `ads_insights` and its breakdowns",
        "action breakdowns `action_type`, `action_target_id`, `action_destination`",
        "`action_type`, as in Ads Manager; a config with the three, or an older one with none, keeps the three",
        "conversions off Meta's surfaces are whole; lists are shorter, one entry an action type (#31787, #64554)",
    ),
    (
        "archived and deleted objects in custom reports",
        "left out: Meta does so unless they are asked for",
        "counted, as in the built-in reports",
        "custom and built-in reports come to the same total, and it is the account's",
    ),
    (
        "rows without a value of their breakdown",
        "thrown away, uncounted",
        "kept, with `(none)` in the key",
        "no spend is missing from a breakdown",
    ),
    (
        "unique counts (`reach`, …) under a breakdown, older than 13 months",
        "asked; Meta gives them to ten report runs a day, and refuses or leaves them out beyond",
        "not asked, null",
        "no half-filled history; the other columns of those days are there",
    ),
    (
        "increments of several days",
        "blocks counted from the look-back, so that they shift from sync to sync",
        "blocks that stand still",
        "`date_start` of older rows may differ; no days are counted in two rows",
    ),
    (
        "a day that had to be divided",
        "complete with its first part",
        "complete with its last part",
        "no day is missing campaigns after a sync that was cut short",
    ),
    (
        "keys of custom reports at other levels",
        "always `ad_id`, null above the ad: one row of an account survives deduplication",
        "the id of the level",
        "more rows after deduplication: all of them",
    ),
    (
        "without a `start_date`",
        "reports begin 2 years ago",
        "reports begin 37 months ago, as far back as Meta remembers",
        "set `insights_start_date` for a later start",
    ),
    (
        "windows `7d_view`, `28d_view`",
        "in versions of 2022",
        "not asked: without data since 2026-01-12",
        "the keys are absent from the lists",
    ),
    (
        "`ads_insights_dma`, `ads_insights_demographics_dma_region`",
        "removed in 6.x",
        "read `comscore_market`, under their old names",
        "names of markets differ: history before and after does not join",
    ),
    (
        "`wish_bid`",
        "asked until 2.1.9",
        "never asked; the column is absent",
        "other numbers are right: asking for it multiplied rows (#38301)",
    ),
    (
        "digits",
        "numbers pass through binary fractions",
        "every digit that Meta sent",
        "the last digits of spend and values may differ",
    ),
)

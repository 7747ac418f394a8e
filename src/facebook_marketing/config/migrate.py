"""Older forms of a config become the modern one: in memory, one note each. The user's file is never written.

The forms are those of Airbyte's `source-facebook-marketing` from 0.2.44 (April 2022) to 6.1.9 (October 2026).
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import reduce
from typing import Any, Final

from facebook_marketing.config import values
from facebook_marketing.config.draft import Draft
from facebook_marketing.config.insights import insight, retired_windows, times_of_day, unknown_names
from facebook_marketing.config.mistakes import shown
from facebook_marketing.config.model import Config

Step = Callable[[Draft], Draft]

_CREDENTIALS: Final = ("access_token", "client_id", "client_secret")
_AUTH_TYPES: Final = ("Client", "Service")
_ALLOW_EMPTY: Final = "action_breakdowns_allow_empty"
_BREAKDOWNS: Final = "default_ads_insights_action_breakdowns"

_GONE: Final[Mapping[str, str]] = {
    "max_batch_size": "requests are packed by what Meta's quota allows",
    _ALLOW_EMPTY: "it only decided what an empty action_breakdowns of a custom insight means, and does so once more",
    "graph_url": "only FACEBOOK_GRAPH_URL in the environment may change where the token is sent",
}
_SAID: Final[Mapping[str, bool]] = {"true": True, "1": True, "false": False, "0": False, "": False}
_DISREGARDED: Final = ("action_report_time", "use_unified_attribution_setting")


def migrate(raw: Mapping[str, Any]) -> Draft:
    """Bring `raw` into the modern form, with a note for whatever was moved, dropped or filled in."""
    settings = {str(name): value for name, value in raw.items() if value is not None}
    return reduce(lambda draft, step: step(draft), _STEPS, Draft(settings))


def _airbyte_era(settings: Mapping[str, Any]) -> bool:
    """Whether the config was made for a version that asked for three action breakdowns where none were set."""
    marks = {"account_id", "include_deleted", "max_batch_size", _ALLOW_EMPTY}
    insights = settings.get("custom_insights")
    reports = insights if isinstance(insights, list | tuple) else ()
    return bool(marks & settings.keys()) or any(
        isinstance(row, Mapping) and "action_report_time" in row for row in reports
    )


def _three_action_breakdowns(draft: Draft) -> Draft:
    if _BREAKDOWNS in draft.settings or not _airbyte_era(draft.settings):
        return draft
    three = ", ".join(values.AIRBYTE_ACTION_BREAKDOWNS)
    return draft.put(_BREAKDOWNS, list(values.AIRBYTE_ACTION_BREAKDOWNS)).note(
        f'{_BREAKDOWNS} is not set: {three}, as this config always had. Set it to ["action_type"] to see conversions '
        "as Ads Manager shows them."
    )


def _credentials(draft: Draft) -> Draft:
    written = draft.settings.get("credentials", {})
    draft = draft.without("credentials")
    if not isinstance(written, Mapping):
        return draft.wrong("credentials", written, 'an object: {"auth_type": "Service", "access_token": "…"}')
    inner = Draft({str(name): value for name, value in written.items()}, at="credentials.")
    draft = reduce(lambda outer, name: _credential(outer, inner, name), _CREDENTIALS, draft)
    auth_type = inner.settings.get("auth_type")
    if inner.has("auth_type") and str(auth_type).strip().capitalize() not in _AUTH_TYPES:
        inner = inner.wrong("auth_type", auth_type, '"Client" (signed in with Meta) or "Service" (an access token)')
    inner = inner.only((*_CREDENTIALS, "auth_type"))
    return replace(draft, notes=(*draft.notes, *inner.notes), mistakes=(*draft.mistakes, *inner.mistakes))


def _credential(draft: Draft, inner: Draft, name: str) -> Draft:
    if inner.has(name):
        chosen = draft.put(name, inner.settings[name], f"credentials.{name}")
        same = not draft.has(name) or draft.settings[name] == inner.settings[name]
        return chosen if same else chosen.note(f"{name} is ignored: credentials.{name} is set as well.")
    if draft.has(name):
        return draft.note(f"{name} is read as credentials.{name}, where it stands nowadays.")
    return draft.without(name)


def _account_id(draft: Draft) -> Draft:
    if not draft.has("account_id"):
        return draft.without("account_id")
    old, rest = draft.settings["account_id"], draft.without("account_id")
    if not draft.has("account_ids"):
        return rest.put("account_ids", [old], "account_id").note("account_id is read as account_ids with one account.")
    new = draft.settings["account_ids"]
    listed = {values.account_id(one) for one in new} if isinstance(new, list | tuple) else set()
    if values.account_id(old) in listed:
        return rest  # Airbyte's own migration leaves the old name beside the new one
    return rest.note(f"account_id {shown(old)} is ignored: account_ids is set as well.")


def _include_deleted(draft: Draft) -> Draft:
    written = draft.settings.get("include_deleted", False)
    draft = draft.without("include_deleted")
    wanted = _SAID.get(str(written).strip().lower())
    if wanted is None:
        return draft.wrong("include_deleted", written, "true or false")
    if not wanted:
        return draft
    if draft.has("ad_statuses"):
        return draft.note("include_deleted is ignored: ad_statuses is set as well.")
    draft = reduce(lambda one, row: one.put(row[0], list(row[1])), values.STATUSES.items(), draft)
    return draft.note(f"include_deleted is read as every value of {', '.join(values.STATUSES)}.")


def _page_size(draft: Draft) -> Draft:
    if draft.settings.get("page_size") != 100:  # noqa: PLR2004 - the value that Airbyte's form fills in by itself
        return draft
    return draft.without("page_size").note(
        "page_size 100 is what Airbyte's form fills in by itself: pages have the size that suits each stream instead. "
        "Any other number is kept as an upper bound."
    )


def _custom_insights(draft: Draft) -> Draft:
    written = draft.settings.get("custom_insights")
    if not isinstance(written, list | tuple):
        return draft
    keep_empty = draft.settings.get(_ALLOW_EMPTY) is True
    rows = [
        insight(row, f"custom_insights[{index}].", keep_empty=keep_empty) if isinstance(row, Mapping) else row
        for index, row in enumerate(written)
    ]
    drafts = [row for row in rows if isinstance(row, Draft)]
    return replace(
        draft.put("custom_insights", [row.settings if isinstance(row, Draft) else row for row in rows]),
        notes=(*draft.notes, *(note for row in drafts for note in row.notes)),
        mistakes=(*draft.mistakes, *(one for row in drafts for one in row.mistakes)),
        origins={**draft.origins, **{f"{row.at}{name}": path for row in drafts for name, path in row.origins.items()}},
    )


def _disregarded(draft: Draft) -> Draft:
    names = [name for name in _DISREGARDED if draft.has(name)]
    text = "{} is sent, but Meta has disregarded it since 2025-06-10."
    return reduce(lambda one, name: one.note(text.format(name)), names, draft)


def _unknown_breakdowns(draft: Draft) -> Draft:
    return unknown_names(draft, _BREAKDOWNS, values.known().action_breakdowns) if draft.has(_BREAKDOWNS) else draft


def _gone(draft: Draft) -> Draft:
    names = [name for name in _GONE if name in draft.settings]
    return reduce(lambda one, name: one.note(f"{name} is ignored: {_GONE[name]}."), names, draft).without(*names)


_STEPS: Final[tuple[Step, ...]] = (
    _three_action_breakdowns,
    _credentials,
    _account_id,
    _include_deleted,
    _page_size,
    times_of_day,
    retired_windows,
    _unknown_breakdowns,
    _custom_insights,
    _disregarded,
    _gone,
    lambda draft: draft.only(tuple(Config.model_fields)),
)

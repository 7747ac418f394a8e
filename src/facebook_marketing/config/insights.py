"""Older forms of one custom insight, and what Meta has renamed or retired in it."""

from collections.abc import Callable, Collection, Mapping
from functools import reduce
from typing import Any, Final

from facebook_marketing.config import values
from facebook_marketing.config.draft import Draft
from facebook_marketing.config.mistakes import shown
from facebook_marketing.config.model import InsightConfig

_WINDOWS: Final = "action_attribution_windows"


def insight(raw: Mapping[str, Any], at: str, *, keep_empty: bool) -> Draft:
    """Bring one custom insight into its modern form. `keep_empty`: empty action_breakdowns mean none, no default."""
    draft = Draft({str(name): value for name, value in raw.items() if value is not None}, at)
    draft = _none_chosen(draft) if keep_empty else _empty_action_breakdowns(draft)
    return reduce(lambda one, step: step(one), _STEPS, draft)


def _none_chosen(draft: Draft) -> Draft:
    # Where empty ones were allowed, Airbyte's source took a missing list for an empty one.
    return draft if "action_breakdowns" in draft.settings else draft.put("action_breakdowns", [])


def _empty_action_breakdowns(draft: Draft) -> Draft:
    # Airbyte's form writes [] where nothing was chosen, and its source then takes the default.
    if draft.settings.get("action_breakdowns") not in ([], ()):
        return draft
    text = "action_breakdowns is empty: default_ads_insights_action_breakdowns is used."
    return draft.without("action_breakdowns").note(text)


def _action_report_time(draft: Draft) -> Draft:
    if "action_report_time" not in draft.settings:
        return draft
    text = "action_report_time is dropped: Meta has disregarded it since 2025-06-10."
    return draft.without("action_report_time").note(text)


def _period(draft: Draft) -> Draft:
    if not draft.has("time_increment_period"):
        return draft.without("time_increment_period")
    period, days = draft.settings["time_increment_period"], draft.settings.get("time_increment", 1)
    draft = draft.without("time_increment_period")
    if str(days).strip() == "1":
        return draft.put("time_increment", period, f"{draft.at}time_increment_period")
    return draft.wrong(
        "time_increment_period", period, f"nothing beside time_increment {shown(days)}: keep one of the two"
    )


def times_of_day(draft: Draft) -> Draft:
    """Note each date whose time of day is not midnight: windows are whole days of the account."""
    for name in ("start_date", "end_date"):
        if time := values.time_of_day(draft.settings.get(name)):
            draft = draft.note(f"{name} counts as a whole day, {time} is dropped.")
    return draft


def _renamed_breakdowns(draft: Draft) -> Draft:
    names = _texts(draft, "breakdowns")
    renamed = [name for name in names if name in values.RENAMED_BREAKDOWNS]
    if not renamed:
        return draft
    modern = values.distinct(values.RENAMED_BREAKDOWNS.get(name, name) for name in names)
    draft = draft.put("breakdowns", list(modern))
    for name in renamed:
        draft = draft.note(f"breakdowns: {name} is read as {values.RENAMED_BREAKDOWNS[name]}, Meta has removed {name}.")
    return draft


def _retired_fields(draft: Draft) -> Draft:
    names = _texts(draft, "fields")
    retired = [name for name in names if name in values.RETIRED_FIELDS]
    if not retired:
        return draft
    draft = draft.put("fields", [name for name in names if name not in retired])
    for name in retired:
        draft = draft.note(f"fields: {name} is dropped: {values.RETIRED_FIELDS[name]}.")
    return draft


def retired_windows(draft: Draft) -> Draft:
    """Without the attribution windows that Meta has emptied, each with a note."""
    names = _texts(draft, _WINDOWS)
    retired = [name for name in names if name.strip().lower() in values.RETIRED_WINDOWS]
    draft = draft.put(_WINDOWS, [name for name in names if name not in retired]) if retired else draft
    for name in retired:
        draft = draft.note(f"{_WINDOWS}: {name} is dropped, Meta has returned no data for it since 2026-01-12.")
    return unknown_names(draft, _WINDOWS, values.known().windows) if names else draft


def _unknown(draft: Draft) -> Draft:
    known = values.known()
    # A breakdown among the fields is a mistake, said elsewhere.
    draft = unknown_names(draft, "fields", known.fields | known.breakdowns | known.action_breakdowns)
    draft = unknown_names(draft, "breakdowns", known.breakdowns)
    return unknown_names(draft, "action_breakdowns", known.action_breakdowns)


def unknown_names(draft: Draft, setting: str, known: Collection[str]) -> Draft:
    """Note each name in a setting that this version does not know: Meta may, so it is asked."""
    for name in values.distinct(_texts(draft, setting)):
        if name.strip() not in known:
            draft = draft.note(f"{setting}: {name} is unknown to this version, asked as it is.")
    return draft


def _texts(draft: Draft, setting: str) -> tuple[str, ...]:
    """List the names in a setting; none where it is no list of texts, which the check then says."""
    value = draft.settings.get(setting)
    texts = tuple(value) if isinstance(value, list | tuple) else ()
    return texts if all(isinstance(text, str) for text in texts) else ()


_STEPS: Final[tuple[Callable[[Draft], Draft], ...]] = (
    _action_report_time,
    _period,
    times_of_day,
    _renamed_breakdowns,
    _retired_fields,
    retired_windows,
    _unknown,
    lambda draft: draft.only(tuple(InsightConfig.model_fields)),
)

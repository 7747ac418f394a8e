"""A config on its way from what was written to what is meant."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from typing import Any

from facebook_marketing.config.mistakes import Mistake, mistake


@dataclass(frozen=True, slots=True)
class Draft:
    """Settings with what was said about them so far. Each step takes one and returns a new one.

    `at` is the place of these settings in the whole config ("" or "custom_insights[0]."); `origins` tells
    where a setting was really written ("account_ids" from "account_id"), so that a mistake names that place.
    """

    settings: Mapping[str, Any]
    at: str = ""
    notes: tuple[str, ...] = ()
    mistakes: tuple[Mistake, ...] = ()
    origins: Mapping[str, str] = field(default_factory=dict)

    def has(self, name: str) -> bool:
        """Whether the setting says anything: None, "" and [] say nothing."""
        value = self.settings.get(name)
        return value is not None and value != [] and not (isinstance(value, str) and not value.strip())

    def put(self, name: str, value: object, origin: str | None = None) -> "Draft":
        """With that setting; `origin` where it was written under another name."""
        origins = {**self.origins, name: origin} if origin else self.origins
        return replace(self, settings={**self.settings, name: value}, origins=origins)

    def without(self, *names: str) -> "Draft":
        """Without those settings."""
        return replace(self, settings={key: value for key, value in self.settings.items() if key not in names})

    def note(self, text: str) -> "Draft":
        """With one more log line; it begins with the place."""
        return replace(self, notes=(*self.notes, f"{self.at}{text}"))

    def wrong(self, name: str, value: object, allowed: str) -> "Draft":
        """With one more mistake."""
        return replace(self, mistakes=(*self.mistakes, mistake(f"{self.at}{name}", value, allowed)))

    def only(self, known: tuple[str, ...]) -> "Draft":
        """Without the settings outside `known`, a note for each; a platform may keep keys of its own in a config."""
        draft, strangers = self, [name for name in self.settings if name not in known]
        for name in strangers:
            near = get_close_matches(name, known, n=1)
            draft = draft.note(f"{name} is unknown and ignored." + (f" Is {near[0]} meant?" if near else ""))
        return draft.without(*strangers)

"""What the environment says: it fills what the config leaves out, and wins for the token only."""

from collections.abc import Mapping
from typing import Final

from facebook_marketing.config.draft import Draft
from facebook_marketing.config.model import GRAPH_URL

VARIABLES: Final[Mapping[str, str]] = {
    "FACEBOOK_ACCESS_TOKEN": "access_token",
    "FACEBOOK_ACCOUNT_IDS": "account_ids",
    "FACEBOOK_START_DATE": "start_date",
    "FACEBOOK_END_DATE": "end_date",
    "FACEBOOK_CLIENT_ID": "client_id",
    "FACEBOOK_CLIENT_SECRET": "client_secret",
    "FACEBOOK_API_VERSION": "api_version",
    "FACEBOOK_GRAPH_URL": "graph_url",
}


def fill(draft: Draft, environ: Mapping[str, str]) -> Draft:
    """`draft` with what `environ` adds. An empty variable counts as one that is not set."""
    for variable, setting in VARIABLES.items():
        if text := environ.get(variable, "").strip():
            draft = _one(draft, variable, setting, text)
    return draft


def _one(draft: Draft, variable: str, setting: str, text: str) -> Draft:
    written = draft.settings.get(setting)
    if not draft.has(setting):
        draft = draft.put(setting, text, variable)
        return _graph_url(draft, text) if setting == "graph_url" else draft
    if written == text:
        return draft
    if setting == "access_token":
        return draft.put(setting, text, variable).note(f"{variable} replaces the access token of the config.")
    return draft.note(f"{variable} is ignored: the config sets {draft.origins.get(setting, setting)}.")


def _graph_url(draft: Draft, url: str) -> Draft:
    bare = url.lower().startswith("http://")
    warning = " The token travels there without encryption: only for a server of your own." if bare else ""
    return draft.note(f"FACEBOOK_GRAPH_URL: {url} replaces {GRAPH_URL}.{warning}")

"""The config in its one modern shape: frozen, checked, and every mistake reported at once."""

from collections.abc import Iterable
from datetime import date
from typing import Annotated, Final, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationInfo, field_validator, model_validator

from facebook_marketing.config import values
from facebook_marketing.config.checks import (
    ACCOUNTS_ALLOWED,
    AccountIds,
    AdsetStatuses,
    AdStatuses,
    AnyLevel,
    AppSecret,
    CampaignStatuses,
    CreativesMode,
    Day,
    Days,
    Filter,
    Hours,
    Increment,
    Lookback,
    LookbackMode,
    Minutes,
    Names,
    Parallel,
    Patterns,
    Positive,
    Questions,
    ReportTime,
    Share,
    Text,
    Token,
    Veil,
    Version,
    Windows,
    wrong,
)
from facebook_marketing.config.mistakes import Mistake, mistake

GRAPH_URL: Final = "https://graph.facebook.com"


_SHAPE: Final = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True, validate_default=True)


def _in_order(end: date | None, info: ValidationInfo) -> date | None:
    start = info.data.get("start_date")
    if start and end and end < start:
        raise wrong(f"a day on or after start_date ({start.isoformat()})")
    return end


def _with_flags(windows: Iterable[str], flags: Iterable[tuple[bool | None, str]]) -> tuple[str, ...]:
    rows = tuple(flags)
    kept = tuple(name for name in windows if (False, name) not in rows)
    return values.distinct((*kept, *(name for flag, name in rows if flag)))


class InsightConfig(BaseModel):
    """One report of the user's own. What is None is taken from the Config around it."""

    model_config = _SHAPE

    name: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
    level: AnyLevel = "ad"
    breakdowns: Names = ()
    action_breakdowns: Names | None = None
    fields: Names = ()
    time_increment: Increment = 1
    start_date: Day = None
    end_date: Day = None
    insights_lookback_window: Lookback | None = None
    insights_job_timeout: Minutes | None = None
    filtering: tuple[Filter, ...] = ()
    action_attribution_windows: Windows | None = None
    include_incrementality: bool | None = None
    include_engaged_view: bool | None = None
    product_id_limit: Positive | None = None

    _ordered = field_validator("end_date")(_in_order)

    @property
    def stream_name(self) -> str:
        """The name of the stream that this report becomes."""
        return values.stream_name(self.name)

    def windows(self, default: tuple[str, ...]) -> tuple[str, ...]:
        """Name the attribution windows to ask for: its own or `default`, then what the two include_* settings say."""
        chosen = default if self.action_attribution_windows is None else self.action_attribution_windows
        flags = (
            (self.include_incrementality, values.INCREMENTALITY),
            (self.include_engaged_view, values.ENGAGED_VIEW),
        )
        return _with_flags(chosen, flags)

    @field_validator("fields")
    @classmethod
    def _no_breakdown_among_fields(cls, names: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        chosen = {*(info.data.get("breakdowns") or ()), *(info.data.get("action_breakdowns") or ())}
        if strays := [f'"{name}"' for name in names if name in chosen or values.known().is_breakdown(name)]:
            allowed = "fields only: a breakdown goes into breakdowns or action_breakdowns, its column comes by itself"
            raise wrong(allowed, found=", ".join(strays))
        return names


class Config(BaseModel):
    """Everything that a user sets. Built by `load`, or directly with the same checks."""

    model_config = _SHAPE

    account_ids: AccountIds
    accounts_include: Patterns = ()
    accounts_exclude: Patterns = ()
    access_token: Token
    client_id: Text = None
    client_secret: AppSecret = None
    use_appsecret_proof: bool = False
    start_date: Day = None
    end_date: Day = None
    insights_start_date: Day = None
    campaign_statuses: CampaignStatuses = ()
    adset_statuses: AdsetStatuses = ()
    ad_statuses: AdStatuses = ()
    fetch_thumbnail_images: bool = False
    include_leads: bool = False
    leads_personal_fields: Veil = "hashed"
    leads_plain_fields: Questions = ()
    default_ads_insights_action_breakdowns: Names = ("action_type",)
    include_incrementality: bool = False
    include_engaged_view: bool = False
    action_attribution_windows: Windows = values.DEFAULT_WINDOWS
    custom_insights: tuple[InsightConfig, ...] = ()
    page_size: Positive | None = None
    insights_lookback_window: Lookback = 28
    lookback: LookbackMode = "full"
    insights_job_timeout: Minutes = 60
    insights_refresh_hours: Hours = 20
    use_account_attribution_setting: bool | None = None
    use_unified_attribution_setting: bool | None = None
    action_report_time: ReportTime | None = None
    api_version: Version = "v26.0"
    quota_share: Share = 0.75
    creatives: CreativesMode = "changed"
    sweep_days: Days = 7
    fetch_missing_entities: bool = True
    max_concurrency: Parallel = 16
    strict: bool = False
    graph_url: str = GRAPH_URL

    _ordered = field_validator("end_date")(_in_order)

    def clashes(self, names: Iterable[str]) -> tuple[Mistake, ...]:
        """One mistake for every custom insight whose stream would bear the name of another stream in `names`."""
        taken = frozenset(names)
        return tuple(
            mistake(
                f"custom_insights[{index}].name",
                insight.name,
                f"a name whose stream does not exist yet: {insight.stream_name} is a built-in stream",
            )
            for index, insight in enumerate(self.custom_insights)
            if insight.stream_name in taken
        )

    @field_validator("account_ids")
    @classmethod
    def _some_accounts(cls, ids: tuple[str, ...]) -> tuple[str, ...]:
        if not ids or ("all" in ids and len(ids) > 1):
            raise wrong(ACCOUNTS_ALLOWED)
        return ids

    @field_validator("accounts_include", "accounts_exclude")
    @classmethod
    def _patterns_choose_from_all(cls, patterns: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        if patterns and info.data.get("account_ids", ("all",)) != ("all",):
            raise wrong('nothing beside named accounts: patterns choose among account_ids ["all"]')
        return patterns

    @field_validator("use_appsecret_proof")
    @classmethod
    def _proof_has_its_key(cls, proof: bool, info: ValidationInfo) -> bool:  # noqa: FBT001 - a validator's shape
        if proof and info.data.get("client_secret", "not checked") is None:
            raise wrong("true only together with client_secret, from which the proof is made")
        return proof

    @field_validator("action_attribution_windows")
    @classmethod
    def _windows_by_flags(cls, names: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        flags = (
            (info.data.get("include_incrementality") or None, values.INCREMENTALITY),
            (info.data.get("include_engaged_view") or None, values.ENGAGED_VIEW),
        )
        return _with_flags(names, flags)

    @field_validator("graph_url")
    @classmethod
    def _plain_address(cls, url: str) -> str:
        parts = urlsplit(url.strip())
        if parts.scheme not in {"http", "https"} or not parts.hostname or "@" in parts.netloc or parts.query:
            raise wrong("an address such as https://graph.facebook.com or http://127.0.0.1:8080")
        return url.strip().rstrip("/")

    @model_validator(mode="after")
    def _one_stream_a_name(self) -> Self:
        for row in repeated(insight.name for insight in self.custom_insights):
            raise wrong(row.allowed, at=row.path, found=row.found)
        return self


def repeated(names: Iterable[object]) -> tuple[Mistake, ...]:
    """One mistake for every custom insight whose stream another custom insight before it already makes."""
    first: dict[str, int] = {}
    found: list[Mistake] = []
    for index, name in enumerate(names):
        stream = values.stream_name(name.strip()) if isinstance(name, str) else None
        if stream is None:
            continue
        if stream in first:
            allowed = f"a name of its own: custom_insights[{first[stream]}] already makes the stream {stream}"
            found.append(mistake(f"custom_insights[{index}].name", name, allowed))
        first.setdefault(stream, index)
    return tuple(found)

"""Puts a sync together from the user's Config: its streams, its order, its client. Used by every face."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from facebook_marketing.catalog import reports
from facebook_marketing.catalog.gaps import GAPS
from facebook_marketing.catalog.stream import Stream
from facebook_marketing.catalog.streams import ENTITIES, leads

if TYPE_CHECKING:
    from facebook_marketing.clock import Clock
    from facebook_marketing.config import Config, InsightConfig
    from facebook_marketing.engine.order import Order
    from facebook_marketing.graph.client import Client, Patience
    from facebook_marketing.graph.counts import Counts
    from facebook_marketing.graph.transport import Transport
    from facebook_marketing.graph.wire import Endpoint


def streams_of(config: "Config") -> tuple[Stream, ...]:
    """Every stream that this configuration offers: entities, leads where it opts in, reports, the user's own ones."""
    presets = reports.presets(
        config.default_ads_insights_action_breakdowns,
        config.action_attribution_windows,
        config.insights_lookback_window,
        config.insights_job_timeout,
        use_account_attribution_setting=config.use_account_attribution_setting,
        use_unified_attribution_setting=config.use_unified_attribution_setting,
        action_report_time=config.action_report_time,
    )
    opted = (leads(config.leads_personal_fields, frozenset(config.leads_plain_fields)),) if config.include_leads else ()
    return (*ENTITIES, *opted, *presets, *(_custom(config, own) for own in config.custom_insights), GAPS)


def _custom(config: "Config", own: "InsightConfig") -> Stream:
    chosen = own.action_breakdowns
    lookback, timeout = own.insights_lookback_window, own.insights_job_timeout
    return reports.custom(
        own.stream_name,
        level=own.level,
        fields=own.fields,
        breakdowns=own.breakdowns,
        action_breakdowns=config.default_ads_insights_action_breakdowns if chosen is None else chosen,
        time_increment=own.time_increment,
        windows=own.windows(config.action_attribution_windows),
        filtering=own.filtering,
        start_date=own.start_date,
        end_date=own.end_date,
        lookback_days=config.insights_lookback_window if lookback is None else lookback,
        timeout_minutes=config.insights_job_timeout if timeout is None else timeout,
        product_id_limit=own.product_id_limit,
        use_account_attribution_setting=config.use_account_attribution_setting,
        use_unified_attribution_setting=config.use_unified_attribution_setting,
        action_report_time=config.action_report_time,
    )


def order_of(config: "Config", accounts: Iterable[str], *, sweep: bool = False) -> "Order":
    """What the engine needs to know of the configuration; `sweep` where the sink asks which objects are gone."""
    from facebook_marketing.engine.order import Order

    return Order(
        accounts=tuple(accounts),
        start=config.start_date,
        report_start=config.insights_start_date,
        end=config.end_date,
        statuses={
            "campaign": config.campaign_statuses,
            "adset": config.adset_statuses,
            "ad": config.ad_statuses,
        },
        thumbnails=config.fetch_thumbnail_images,
        refresh_hours=config.insights_refresh_hours,
        lookback=config.lookback,
        page_size=config.page_size,
        parallel_jobs=config.max_concurrency,
        strict=config.strict,
        creatives=config.creatives,
        sweep_days=config.sweep_days,
        sweep=sweep,
        missing=config.fetch_missing_entities,
    )


def endpoint_of(config: "Config") -> "Endpoint":
    """Where Meta is and who asks."""
    from facebook_marketing.graph.wire import Endpoint, Token

    secret = config.client_secret if config.use_appsecret_proof else None
    return Endpoint(
        token=Token(config.access_token.get_secret_value()),
        version=config.api_version,
        base=config.graph_url,
        secret=Token(secret.get_secret_value()) if secret else None,
    )


def client_of(
    config: "Config",
    transport: "Transport",
    clock: "Clock",
    *,
    patience: "Patience | None" = None,
    counts: "Counts | None" = None,
) -> "Client":
    """The client with the user's share of the quota."""
    from facebook_marketing.graph.budget import Pace
    from facebook_marketing.graph.client import Client

    pace = Pace(share=config.quota_share, most=float(config.max_concurrency))
    return Client(endpoint_of(config), transport, clock, pace=pace, patience=patience, counts=counts)


EVERY = "all"
"""In place of stream names: every stream but the deprecated aliases."""


def wanted(streams: Sequence[Stream], names: Sequence[str]) -> tuple[str, ...]:
    """The names that a choice of streams comes to: none named are those offered by default, "all" is every one.

    Deprecated aliases are read only when they are asked for by name: they hold the same rows as their successors.
    """
    if tuple(names) == (EVERY,):
        return tuple(stream.name for stream in streams if stream.deprecated is None)
    default = (stream.name for stream in streams if stream.offered_by_default and stream.deprecated is None)
    return tuple(names) or tuple(default)


def named(streams: Sequence[Stream], names: Iterable[str]) -> tuple[tuple[Stream, ...], tuple[str, ...]]:
    """The streams of these names in the catalogue's order, and the names that it does not have."""
    wanted = tuple(dict.fromkeys(names))
    known = {stream.name for stream in streams}
    return tuple(s for s in streams if s.name in wanted), tuple(name for name in wanted if name not in known)

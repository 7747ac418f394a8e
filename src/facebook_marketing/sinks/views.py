"""Ready views over the loaded tables. Each is made where the tables stand that it needs, and left out where not.

A view that cannot be made is a note, never an error: a sync does not fail for it.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from facebook_marketing.catalog import fields
from facebook_marketing.catalog.actions import ACTION_TYPES, choices
from facebook_marketing.catalog.children import safe_name
from facebook_marketing.catalog.currencies import OFFSETS, SOURCE
from facebook_marketing.sinks.relations import (
    BOOLEAN,
    DATE,
    INTEGER,
    NUMBER,
    TEXT,
    TIMESTAMP,
    Definition,
    Sql,
    Tables,
    in_dialect,
    json_at,
    literal,
    nothing,
    quoted,
    squeezed,
    standing,
    values,
)


@dataclass(frozen=True, slots=True)
class Made:
    """What came of the views: the names of those that stand, and a line for each that could not be made."""

    views: tuple[str, ...]
    notes: tuple[str, ...]


def create_views(
    sql: Sql, schema: str, *, profile: str = "own", target: str = "", versions: Iterable[str] = ()
) -> Made:
    """Create the ready views beside the tables of `schema`, and with a profile of others' names those in `target`.

    `versions` names the tables of which one `_row_id` has several rows (loaded by appending). Safe to repeat.
    """
    tables = standing(sql, schema, versions)
    made = _create(sql, OWN, tables, schema, schema)
    if profile == "own":
        return made
    from facebook_marketing.sinks.fivetran import FIVETRAN, NEEDS  # noqa: PLC0415 - most syncs need it not

    into = target or f"{schema}_{profile}"
    _try(sql, f"create schema if not exists {quoted(into)}")
    theirs = _create(sql, FIVETRAN, tables, schema, into)
    waiting = [
        f"Without the stream {stream} there is no {' and no '.join(_made_of(NEEDS, stream))} in {into}: "
        "add it to --streams where it is wanted."
        for stream in dict.fromkeys(NEEDS.values())
        if stream not in tables
    ]
    return Made((*made.views, *(f"{into}.{view}" for view in theirs.views)), (*made.notes, *theirs.notes, *waiting))


def _made_of(needs: Mapping[str, str], stream: str) -> list[str]:
    return [view for view, needed in needs.items() if needed == stream]


def _create(sql: Sql, definitions: Mapping[str, Definition], tables: Tables, schema: str, into: str) -> Made:
    views, notes = [], []
    for name, definition in definitions.items():
        query = definition(sql.dialect, tables, schema)
        if query is None:
            continue
        problem = _replace(sql, into, name, squeezed(query))
        if problem is None:
            views.append(name)
        else:
            notes.append(f"The view {into}.{name} could not be made: {problem}")
    return Made(tuple(views), tuple(notes))


def _replace(sql: Sql, schema: str, name: str, query: str) -> str | None:
    """Put the view in the place of an older one. What went wrong, in a line; a table of that name is left alone."""
    view = f"{quoted(schema)}.{quoted(name)}"
    problem = _try(sql, f"create or replace view {view} as {query}")
    if problem is not None:  # columns that are no longer the same: PostgreSQL only adds to a view
        if _try(sql, f"drop view {view}") is not None:
            return problem
        problem = _try(sql, f"create view {view} as {query}")
    return problem


def _try(sql: Sql, statement: str) -> str | None:
    try:
        sql.run(in_dialect(sql.dialect, statement))
    except Exception as error:  # noqa: BLE001 - each driver has errors of its own, and none may stop a sync
        return (str(error).strip().splitlines() or [type(error).__name__])[0]
    return None


def _currencies(*_: object) -> str:
    rows = [(code, offset, str(Decimal(1) / offset), SOURCE) for code, offset in OFFSETS.items()]
    return values(rows, {"currency": TEXT, "offset": INTEGER, "factor": "decimal(3, 2)", "source": TEXT})


def _action_types(*_: object) -> str:
    columns = {
        "action_type": TEXT, "family": TEXT, "channel": TEXT, "rank": INTEGER, "is_total": BOOLEAN,
        "contained_in": TEXT, "source": TEXT, "confidence": TEXT,
    }  # fmt: skip
    return values(([getattr(row, name) for name in columns] for row in ACTION_TYPES), columns)


# Reports that hold each delivered amount once, the finest first.
_DELIVERY = ("ads_insights", "adset_insights", "campaign_insights")
_AMOUNTS: Mapping[str, str] = {
    "spend": NUMBER,
    "impressions": INTEGER,
    "clicks": INTEGER,
    "inline_link_clicks": INTEGER,
}
_DELIVERED: Mapping[str, str] = {
    "_row_id": TEXT,
    "date_start": DATE,
    "account_id": TEXT,
    "account_name": TEXT,
    "account_currency": TEXT,
    "campaign_id": TEXT,
    "campaign_name": TEXT,
    "objective": TEXT,
    **_AMOUNTS,
}
_SUMS = ", ".join(f"cast(sum({name}) as {kind}) as {name}" for name, kind in _AMOUNTS.items())
_RATES = """
    cast(sum(d.spend) as double precision) * 1000 / nullif(sum(d.impressions), 0) as cpm,
    cast(sum(d.spend) as double precision) / nullif(sum(d.clicks), 0) as cpc,
    cast(sum(d.clicks) as double precision) * 100 / nullif(sum(d.impressions), 0) as ctr
"""
_COUNTED: Mapping[str, tuple[str, str]] = {
    "purchases": ("actions", "purchase"),
    "purchase_value": ("action_values", "purchase"),
    "leads": ("actions", "lead"),
    "add_to_carts": ("actions", "add_to_cart"),
    "checkouts": ("actions", "initiate_checkout"),
    "registrations": ("actions", "complete_registration"),
    "app_installs": ("actions", "app_install"),
    "landing_page_views": ("actions", "landing_page_view"),
}


def _delivery(tables: Tables) -> str | None:
    return next((name for name in _DELIVERY if name in tables), None)


def chosen(family: str, value: str) -> str:
    """A family counted once: its total where there is one, else the channels that do not overlap."""
    ways = (", ".join(map(literal, types)) for types in choices(family))
    return "coalesce(" + ", ".join(f"sum(case when action_type in ({way}) then {value} end)" for way in ways) + ")"


def _conversions(tables: Tables, base: str) -> str:
    """A row for each parent with each family counted once; null columns where the child tables do not stand."""
    parts = []
    for column in ("actions", "action_values"):
        child = tables.get(f"{base}_{column}")
        names = [name for name, (source, _) in _COUNTED.items() if source == column]
        counts = [f"{chosen(_COUNTED[name][1], 'value')} as {name}" for name in names]
        if child is None:
            parts.append(f"{column} as ({nothing({'parent': TEXT, **dict.fromkeys(names, NUMBER)})})")
            continue
        read = child.read({"_parent_id": TEXT, "action_type": TEXT, "value": NUMBER})
        parts.append(
            f"{column} as (select _parent_id as parent, {', '.join(counts)} from ({read}) as items group by _parent_id)"
        )
    return ", ".join(parts)


_CONVERTED = ", ".join(f"sum({source}.{name}) as {name}" for name, (source, _) in _COUNTED.items())
_JOINED = "left join actions on actions.parent = d._row_id left join action_values on action_values.parent = d._row_id"
_RETURN = """
    cast(sum(action_values.purchase_value) as double precision) / nullif(sum(d.spend), 0) as purchase_roas,
    cast(sum(d.spend) as double precision) / nullif(sum(actions.purchases), 0) as cost_per_purchase
"""
_MOVED = ", ".join(f"cast(sum(d.{name}) as {kind}) as {name}" for name, kind in _AMOUNTS.items())


def _spend_daily(_: str, tables: Tables, __: str) -> str | None:
    base = _delivery(tables)
    if base is None:
        return None
    return f"""
        select date_start as date, account_id, max(account_name) as account_name, account_currency as currency,
        {_SUMS}, {_RATES}, cast({literal(base)} as varchar) as source
        from ({tables[base].read(_DELIVERED)}) as d group by date_start, account_id, account_currency
    """


def _campaign_performance(_: str, tables: Tables, schema: str) -> str | None:
    base = _delivery(tables)
    if base is None:
        return None
    return f"""
        with d as ({tables[base].read(_DELIVERED)}), {_conversions(tables, base)},
        performance as (
            select d.date_start as date, d.account_id, max(d.account_name) as account_name,
            d.account_currency as currency, d.campaign_id, max(d.campaign_name) as campaign_name,
            max(d.objective) as objective, {_MOVED}, {_RATES}, {_CONVERTED}, {_RETURN}
            from d {_JOINED} group by d.date_start, d.account_id, d.account_currency, d.campaign_id
        ),
        people as ({_people(tables)}),
        campaign as ({_budgets(tables, schema, "campaigns") or _no_budgets()})
        select p.*, people.reach, people.frequency, campaign.effective_status, campaign.daily_budget,
        campaign.daily_budget_major, campaign.lifetime_budget, campaign.lifetime_budget_major,
        cast({literal(base)} as varchar) as source
        from performance as p
        left join people on people.campaign_id = p.campaign_id and people.date_start = p.date
        left join campaign on campaign.id = p.campaign_id
    """


def _people(tables: Tables) -> str:
    """Reach of campaigns as Meta counts it: it does not add up from ads."""
    columns = {"campaign_id": TEXT, "date_start": DATE, "reach": INTEGER, "frequency": NUMBER}
    if "campaign_insights" in tables:
        return tables["campaign_insights"].read(columns)
    return nothing(columns)


_BUDGETS = ("daily_budget", "lifetime_budget", "budget_remaining", "spend_cap")
_AD_SET_BUDGETS = ("daily_min_spend_target", "daily_spend_cap", "lifetime_min_spend_target", "lifetime_spend_cap")
_MINOR = (*_BUDGETS, "bid_amount", *_AD_SET_BUDGETS)


def _account_currency(tables: Tables) -> str | None:
    """Each account's currency, from the account itself, else from its reports."""
    if "ad_account" in tables:
        read = tables["ad_account"].read({"account_id": TEXT, "currency": TEXT})
        return f"select account_id, max(currency) as currency from ({read}) as a group by account_id"
    base = _delivery(tables)
    if base is None:
        return None
    read = tables[base].read({"account_id": TEXT, "account_currency": TEXT})
    return f"select account_id, max(account_currency) as currency from ({read}) as a group by account_id"


def _budgets(tables: Tables, schema: str, stream: str) -> str | None:
    """An object's amounts in minor units and, beside them, in major ones."""
    table = tables.get(stream)
    if table is None:
        return None
    wanted = {"id": TEXT, "account_id": TEXT, "name": TEXT, "effective_status": TEXT, **dict.fromkeys(_MINOR, NUMBER)}
    currency = _account_currency(tables) or nothing({"account_id": TEXT, "currency": TEXT})
    amounts = ", ".join(f"o.{name}, cast(o.{name} * c.factor as {NUMBER}) as {name}_major" for name in _MINOR)
    return f"""
        select cast({literal(stream)} as varchar) as stream, o.id, o.account_id, o.name, o.effective_status,
        a.currency, {amounts} from ({table.read(wanted)}) as o left join ({currency}) as a
        on a.account_id = o.account_id left join {quoted(schema)}.{quoted("currencies")} as c on c.currency = a.currency
    """


def _no_budgets() -> str:
    names = ("daily_budget", "daily_budget_major", "lifetime_budget", "lifetime_budget_major")
    return nothing({"id": TEXT, "effective_status": TEXT, **dict.fromkeys(names, NUMBER)})


def _budget_view(_: str, tables: Tables, schema: str) -> str | None:
    parts = [part for stream in ("campaigns", "ad_sets") if (part := _budgets(tables, schema, stream))]
    return " union all ".join(parts) or None


def _creative_performance(dialect: str, tables: Tables, _: str) -> str | None:
    if not {"ads_insights", "ads"} <= tables.keys():
        return None
    ads = tables["ads"].read({"id": TEXT, "creative": "json"}) if "creative" in tables["ads"].columns else None
    if ads is None:
        return None
    creatives = {
        "id": TEXT, "name": TEXT, "title": TEXT, "body": TEXT, "object_type": TEXT, "call_to_action_type": TEXT,
        "image_url": TEXT, "thumbnail_url": TEXT, "status": TEXT,
    }  # fmt: skip
    shown = ", ".join(f"c.{name} as creative_{name}" for name in creatives if name != "id")
    looks = tables["ad_creatives"].read(creatives) if "ad_creatives" in tables else nothing(creatives)
    return f"""
        with d as ({tables["ads_insights"].read({**_DELIVERED, "ad_id": TEXT})}),
        {_conversions(tables, "ads_insights")}, ad as (select id, {json_at(dialect, "creative", "id")} as creative_id
        from ({ads}) as a), performance as (
            select d.date_start as date, d.account_id, max(d.account_name) as account_name,
            d.account_currency as currency, ad.creative_id, count(distinct d.ad_id) as ads, {_MOVED}, {_RATES},
            {_CONVERTED}, {_RETURN}
            from d left join ad on ad.id = d.ad_id {_JOINED}
            group by d.date_start, d.account_id, d.account_currency, ad.creative_id
        )
        select p.*, {shown} from performance as p left join ({looks}) as c on c.id = p.creative_id
    """


def _purchases_by_window(_: str, tables: Tables, __: str) -> str | None:
    base = next((name for name in _DELIVERY if name in tables and f"{name}_actions" in tables), None)
    if base is None:
        return None
    counts = dict(_by_window(tables, f"{base}_actions", "purchases"))
    worth = dict(_by_window(tables, f"{base}_action_values", "purchase_value"))
    unknown = nothing({"parent": TEXT, "purchase_value": NUMBER})
    parts = [
        f"""
        select d.date_start as date, d.account_id, d.account_currency as currency, d.campaign_id,
        max(d.campaign_name) as campaign_name, cast({literal(window)} as varchar) as attribution_window,
        sum(n.purchases) as purchases, sum(v.purchase_value) as purchase_value
        from d left join ({query}) as n on n.parent = d._row_id
        left join ({worth.get(window, unknown)}) as v on v.parent = d._row_id
        where n.purchases is not null or v.purchase_value is not null
        group by d.date_start, d.account_id, d.account_currency, d.campaign_id
        """
        for window, query in counts.items()
    ]
    return f"with d as ({tables[base].read(_DELIVERED)}) " + " union all ".join(parts)


def _by_window(tables: Tables, name: str, column: str) -> Iterator[tuple[str, str]]:
    """For each window the purchases of each parent, counted once."""
    table = tables.get(name)
    if table is None:
        return
    windows = {"default": "value"} | {
        window: safe_name(window) for window in fields.enum("action_attribution_windows") if window != "default"
    }
    for window, own in windows.items():
        if own in table.columns:
            read = table.read({"_parent_id": TEXT, "action_type": TEXT, own: NUMBER})
            count = chosen("purchase", own)
            yield window, f"select _parent_id as parent, {count} as {column} from ({read}) as items group by _parent_id"


_CHANGED = (("campaigns", "campaign"), ("ad_sets", "ad_set"), ("ads", "ad"))


def _entity_changes(_: str, tables: Tables, __: str) -> str | None:
    if "activities" not in tables:
        return None
    events = {
        "event_time": TIMESTAMP, "account_id": TEXT, "event_type": TEXT, "translated_event_type": TEXT,
        "actor_id": TEXT, "actor_name": TEXT, "object_type": TEXT, "object_id": TEXT, "object_name": TEXT,
        "extra_data": TEXT,
    }  # fmt: skip
    wanted = {"id": TEXT, "name": TEXT, "effective_status": TEXT, "campaign_id": TEXT, "adset_id": TEXT}
    parts = [
        f"select cast({literal(entity)} as varchar) as entity, id, name, effective_status, "
        f"{'id' if entity == 'campaign' else 'campaign_id'} as campaign_id, "
        f"{'id' if entity == 'ad_set' else 'adset_id'} as adset_id from ({tables[stream].read(wanted)}) as {stream}"
        for stream, entity in _CHANGED
        if stream in tables
    ]
    objects = " union all ".join(parts) or nothing({"entity": TEXT, **wanted})
    return f"""
        select e.*, o.entity, o.name as entity_name, o.effective_status as entity_status, o.campaign_id, o.adset_id
        from ({tables["activities"].read(events)}) as e left join ({objects}) as o on o.id = e.object_id
    """


OWN: Mapping[str, Definition] = {
    "action_types": _action_types,
    "currencies": _currencies,
    "budgets": _budget_view,
    "spend_daily": _spend_daily,
    "campaign_performance": _campaign_performance,
    "creative_performance": _creative_performance,
    "purchases_by_window": _purchases_by_window,
    "entity_changes": _entity_changes,
}
"""The ready views, each after those that it reads."""

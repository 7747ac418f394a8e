with acts as (
    select _fivetran_id, sum(cast(coalesce(value, 0) as {{ dbt.type_float() }})) as conversions, max(index) as last_index
    from {{ source('facebook_ads', 'demographics_region_actions') }}
    where lower(action_type) = 'offsite_conversion.fb_pixel_purchase' group by _fivetran_id
)
select report._fivetran_id, cast(report.account_id as {{ dbt.type_bigint() }}) as account_id, report.date as date_day,
    report.region, report.impressions, report.inline_link_clicks as clicks, report.spend, report.reach,
    report.frequency, acts.conversions
from {{ source('facebook_ads', 'demographics_region') }} as report
left join acts on report._fivetran_id = acts._fivetran_id

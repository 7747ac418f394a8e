with counted as (
    select _fivetran_id, index, lower(action_type) as action_type, cast(ad_id as {{ dbt.type_bigint() }}) as ad_id,
        date as date_day, cast(coalesce(value, 0) as {{ dbt.type_float() }}) as conversions, _7_d_click
    from {{ source('facebook_ads', 'basic_ad_actions') }}
),
valued as (
    select _fivetran_id, index, cast(coalesce(value, 0) as {{ dbt.type_float() }}) as conversions_value,
        lower(action_type) as action_type, cast(ad_id as {{ dbt.type_bigint() }}) as ad_id, date as date_day
    from {{ source('facebook_ads', 'basic_ad_action_values') }}
)
select ad_id, date_day, sum(conversions) as conversions, sum(conversions_value) as conversions_value
from (
    select ad_id, date_day, conversions, 0 as conversions_value, action_type from counted
    union all
    select ad_id, date_day, 0, conversions_value, action_type from valued
) as both_kinds
where action_type in ('onsite_conversion.purchase', 'onsite_conversion.lead_grouped',
    'offsite_conversion.fb_pixel_purchase', 'offsite_conversion.fb_pixel_lead', 'offsite_conversion.fb_pixel_custom')
group by ad_id, date_day

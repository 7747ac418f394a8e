select
    deliveries.date_day,
    accounts.account_id,
    accounts.name as account_name,
    campaigns.campaign_id,
    campaigns.name as campaign_name,
    ad_sets.ad_set_id,
    ad_sets.name as ad_set_name,
    ads.ad_id,
    ads.name as ad_name,
    coalesce(creatives.page_link, creatives.template_page_link) as url,
    min(case when url_tags.key = 'utm_source' then url_tags.value end) as utm_source,
    min(deliveries.spend) as spend,
    min(deliveries.clicks) as clicks,
    min(deliveries.impressions) as impressions,
    min(conversions.conversions) as conversions,
    min(conversions.conversions_value) as conversions_value
from {{ ref('deliveries') }} as deliveries
left join {{ ref('accounts') }} as accounts on deliveries.account_id = accounts.account_id
left join {{ ref('ads') }} as ads on deliveries.ad_id = ads.ad_id
left join {{ ref('campaigns') }} as campaigns on ads.campaign_id = campaigns.campaign_id
left join {{ ref('ad_sets') }} as ad_sets on ads.ad_set_id = ad_sets.ad_set_id
left join {{ ref('creatives') }} as creatives on ads.creative_id = creatives.creative_id
left join {{ ref('url_tags') }} as url_tags
    on creatives.creative_id = url_tags.creative_id and creatives._fivetran_id = url_tags._fivetran_id
left join {{ ref('conversions') }} as conversions
    on deliveries.ad_id = conversions.ad_id and deliveries.date_day = conversions.date_day
group by 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, deliveries.ad_id

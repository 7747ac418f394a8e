select reported.spend, delivered.spend as delivered
from (select sum(spend) as spend from {{ ref('ad_report') }}) as reported
cross join (select sum(spend) as spend from {{ source('facebook_ads', 'basic_ad') }}) as delivered
where reported.spend <> delivered.spend or delivered.spend is null

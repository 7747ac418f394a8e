select reported.conversions, counted.conversions as counted
from (select sum(conversions) as conversions from {{ ref('ad_report') }}) as reported
cross join (select sum(conversions) as conversions from {{ ref('conversions') }}) as counted
where reported.conversions <> counted.conversions or counted.conversions is null

select 1 as nothing where not exists (select 1 from {{ ref('ad_report') }} where utm_source = 'facebook')
    or not exists (select 1 from {{ ref('ad_report') }} where url like 'https://%')

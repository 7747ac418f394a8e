select _fivetran_id, index from {{ source('facebook_ads', 'basic_ad_actions') }} group by 1, 2 having count(*) > 1

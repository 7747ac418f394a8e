with required_fields as (
    select cast('' as {{ dbt.type_string() }}) as source_relation, _fivetran_id, creative_id, url_tags
    from {{ ref('creatives') }} where url_tags is not null
),
{{ get_url_tags_query('fields') }}
select * from fields

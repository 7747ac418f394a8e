{# DuckDB's way to take url_tags apart, which dbt_facebook_ads has for no DuckDB. Copy it into your project's macros/. #}
{% macro duckdb__get_url_tags_query(output_cte_name='fields', url_tags_datatype=none) %}
    tags as (
        select
            source_relation,
            _fivetran_id,
            creative_id,
            unnest(cast(cast(url_tags as json) as json[])) as tag
        from required_fields
    ),

    {{ output_cte_name }} as (
        select
            source_relation,
            _fivetran_id,
            creative_id,
            tag ->> '$.key' as key,
            tag ->> '$.value' as value,
            tag ->> '$.type' as type
        from tags
    )
{% endmacro %}

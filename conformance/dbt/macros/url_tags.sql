{% macro get_url_tags_query(output_cte_name) %}
    {{ return(adapter.dispatch('get_url_tags_query')(output_cte_name, 'text')) }}
{% endmacro %}

{# As the package has it for PostgreSQL: every backslash goes before the JSON is read. #}
{% macro postgres__get_url_tags_query(output_cte_name, url_tags_datatype) %}
    tags as (
        select source_relation, _fivetran_id, creative_id, tag
        from required_fields
        cross join lateral json_array_elements(replace(trim(url_tags, '"'), '\', '')::json) as tag
    ),
    {{ output_cte_name }} as (
        select source_relation, _fivetran_id, creative_id, tag ->> 'key' as key, tag ->> 'value' as value,
            tag ->> 'type' as type
        from tags
    )
{% endmacro %}

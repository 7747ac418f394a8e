{# The newest version of each object: ids as whole numbers, the other columns as they come. #}
{% macro newest(table, id, ids, columns, clock='updated_time') %}
with versions as (
    select
        cast(id as {{ dbt.type_bigint() }}) as {{ id }},
        {% for name in ids -%} cast({{ name }} as {{ dbt.type_bigint() }}) as {{ name }}, {% endfor %}
        {% for name in columns -%} {{ name }}, {% endfor %}
        row_number() over (partition by id order by {{ clock }} desc) as version
    from {{ source('facebook_ads', table) }}
)
select * from versions where version = 1
{% endmacro %}

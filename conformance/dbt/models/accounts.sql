{{ newest('account_history', 'account_id', [], ['name', 'account_status', 'business_country_code', 'business_state',
    'created_time', 'currency', 'timezone_name', 'timezone_offset_hours_utc', 'min_daily_budget'],
    clock='_fivetran_synced') }}

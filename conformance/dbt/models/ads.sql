{{ newest('ad_history', 'ad_id', ['account_id', 'campaign_id', 'ad_set_id', 'creative_id'], ['name',
    'conversion_domain', 'updated_time']) }}

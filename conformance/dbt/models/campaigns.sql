{{ newest('campaign_history', 'campaign_id', ['account_id'], ['name', 'status', 'start_time', 'stop_time',
    'created_time', 'updated_time', 'daily_budget', 'lifetime_budget', 'budget_remaining']) }}

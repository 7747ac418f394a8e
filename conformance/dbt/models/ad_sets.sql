{{ newest('ad_set_history', 'ad_set_id', ['account_id', 'campaign_id'], ['name', 'status', 'start_time', 'end_time',
    'updated_time', 'bid_strategy', 'daily_budget', 'budget_remaining', 'optimization_goal']) }}

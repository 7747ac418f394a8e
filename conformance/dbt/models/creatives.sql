{{ newest('creative_history', 'creative_id', ['account_id'], ['_fivetran_id', '_fivetran_synced', 'name', 'page_link',
    'template_page_link', 'url_tags', 'asset_feed_spec_link_urls', 'object_story_link_data_child_attachments',
    'object_story_link_data_caption', 'object_story_link_data_description', 'object_story_link_data_link',
    'object_story_link_data_message', 'template_app_link_spec_android', 'template_app_link_spec_ios',
    'template_app_link_spec_ipad', 'template_app_link_spec_iphone'], clock='_fivetran_synced') }}

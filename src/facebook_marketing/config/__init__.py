"""What the user sets: accepted in every older form, checked as a whole, explained."""

from facebook_marketing.config.loading import Loaded, load
from facebook_marketing.config.mistakes import ConfigError, Mistake
from facebook_marketing.config.model import Config, InsightConfig
from facebook_marketing.config.spec import spec

__all__ = ["Config", "ConfigError", "InsightConfig", "Loaded", "Mistake", "load", "spec"]

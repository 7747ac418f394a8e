"""Settings that every test shares."""

import os

from hypothesis import settings

# A busy machine is no failure, so examples have no deadline. In CI the same examples come each time.
settings.register_profile("shared", deadline=None, derandomize=bool(os.environ.get("CI")))
settings.load_profile("shared")

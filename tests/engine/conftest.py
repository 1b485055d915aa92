"""Settings for all tests of the engine."""

from hypothesis import settings

# A busy machine is no reason for a test to fail.
settings.register_profile("engine", deadline=None)
settings.load_profile("engine")

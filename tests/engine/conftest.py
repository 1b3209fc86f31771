"""Settings that the engine tests share."""

from hypothesis import settings

# a kernel's first call compiles it or reads it from disk, which is no test's fault
settings.register_profile("no-deadline", deadline=None)
settings.load_profile("no-deadline")

"""``newsvol vol``."""

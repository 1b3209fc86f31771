"""``newsvol runs``."""

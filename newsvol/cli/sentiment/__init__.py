"""``newsvol sentiment``."""

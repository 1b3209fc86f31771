"""``newsvol tape``."""

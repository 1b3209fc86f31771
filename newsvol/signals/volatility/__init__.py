"""Realized volatility: measures, the time of day, HAR and its rivals, losses, intervals."""

"""Forecasts to target weights, and target weights to a portfolio."""

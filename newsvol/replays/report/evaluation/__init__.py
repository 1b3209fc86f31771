"""The page of an evaluation of volatility forecasts."""

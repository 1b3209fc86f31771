"""The evaluation of volatility forecasts: every model beside its baselines, with tests and placebos."""

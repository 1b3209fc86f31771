"""What is computed at a tick: realized measures, HAR-RV, news features, fusion."""

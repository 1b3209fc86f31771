"""Networks: starting weights, smaller ones cut out of them, adapters, pruning, rounding."""

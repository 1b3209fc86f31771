"""Serving: a headline in, probabilities out, on a CPU without torch; in bulk, on Ray, on a GPU."""

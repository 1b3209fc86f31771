"""One training loop for every model, its losses, batches and tracking."""

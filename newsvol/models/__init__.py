"""The torch floor: networks, training, compression, checkpoints, and serving."""

"""Texts to learn from: read, cleaned, split without a leak, varied, cut to a vocabulary."""

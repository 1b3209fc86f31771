"""Pages and words: draws what was computed, and computes nothing itself."""

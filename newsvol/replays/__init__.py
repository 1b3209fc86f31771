"""What a run is made of: tapes, recipes, sessions, run folders, reports."""

"""One replay in memory: recipe, clock, service times, decisions, audit."""

"""Tapes: bars, news and sessions of one instrument; imported, checked, synthesized."""

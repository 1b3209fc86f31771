"""The look-ahead audit: what was decided is decided again from its past alone, and with another future."""

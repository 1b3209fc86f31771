"""The command line. Every group is imported only when it is called."""

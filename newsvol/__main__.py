"""``python -m newsvol``."""

from newsvol.cli.main import main

main()

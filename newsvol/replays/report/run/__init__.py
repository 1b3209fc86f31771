"""``report.html``: one self-contained page that says what a run did, opened offline."""

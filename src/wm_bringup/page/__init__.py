"""``report.html``: a comparison's results as one page for people, and as Markdown."""

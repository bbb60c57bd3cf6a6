"""Contestants compared on five facets: what is asked, by which statistics, and what comes out."""

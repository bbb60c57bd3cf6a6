"""Judging estimators: recorded walks, figures beside the truth, tables of many episodes."""

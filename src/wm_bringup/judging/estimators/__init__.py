"""Estimators replayed side by side on recorded walks, and their table."""

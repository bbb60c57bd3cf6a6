"""Results for people: tables, plots and film strips."""

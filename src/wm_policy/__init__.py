"""Learned policies: loading, checking and running them."""

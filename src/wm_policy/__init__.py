"""Learned policies: loading, running and training them."""

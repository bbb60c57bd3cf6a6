"""Bags judged again: audited, compared, asked what if, and what others would have done."""

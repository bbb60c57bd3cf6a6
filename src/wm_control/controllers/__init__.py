"""Controllers as the loop runs them, and what plans or infers beside the loop for them."""

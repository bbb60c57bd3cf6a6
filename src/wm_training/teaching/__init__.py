"""Teaching: the model-based controller demonstrates in lock-step, a network imitates it."""

"""What the nodes share: parameters, quality of service, signals, refusals, diagnostics."""

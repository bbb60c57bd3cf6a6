"""The graph of processes: described once, checked before it starts, run and watched."""

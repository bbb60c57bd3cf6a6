"""The invariant extended Kalman filter: what it believes, and what it corrects that with."""

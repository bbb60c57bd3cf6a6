"""The estimator with constant gains: leg odometry, a baseline for the Kalman filter."""

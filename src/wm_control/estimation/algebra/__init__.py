"""Small algebra that the estimators share: orientations."""

"""Small algebra that the estimators share: three-vectors and orientations."""

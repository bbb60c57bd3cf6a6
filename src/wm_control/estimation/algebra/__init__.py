"""Small algebra that the estimators share: three-vectors, orientations, closed forms."""

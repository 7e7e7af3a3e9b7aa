"""What users, guests and sources must not be able to do."""

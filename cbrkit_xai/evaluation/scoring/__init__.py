"""How good predictions are, and what the same scores would be by chance or at best."""

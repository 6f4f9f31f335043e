"""Which explanation of this image should I show? Case-based reasoning with pluggable parts."""

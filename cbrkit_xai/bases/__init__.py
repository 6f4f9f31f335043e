"""Case bases that ship with the package, and how each was made."""

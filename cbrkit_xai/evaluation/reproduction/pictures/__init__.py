"""The reproduction's pictures, one kind a file."""

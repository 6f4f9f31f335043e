"""The paper's evaluation as a procedure on any case base: its tables, its figures, and each of its claims."""

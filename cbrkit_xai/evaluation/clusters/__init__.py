"""Why clustering a case base does, or does not, help: what each cluster is, and who loses by it."""

"""The modules of this plugin are its entry points; see pyproject.toml."""

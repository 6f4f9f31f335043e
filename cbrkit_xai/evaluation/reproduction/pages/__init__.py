"""The reproduction's pages: the report, which is the same on every run, and the times, which are not."""

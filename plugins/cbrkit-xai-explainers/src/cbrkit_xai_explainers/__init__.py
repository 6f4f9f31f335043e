"""Explanation methods; `methods` registers them, each other module holds one idea of theirs."""

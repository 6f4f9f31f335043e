"""Runs every part of an evaluation on all cores, keeps what is finished, and writes what was found."""

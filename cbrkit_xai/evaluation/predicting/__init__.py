"""What a configuration predicts for the cases of a fold, from distances that are measured once."""

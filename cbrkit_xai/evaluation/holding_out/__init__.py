"""How cases are held out: photos that are the same photo together, evenly over the folds."""

"""The errors that remain when votes are dealt to photos by chance."""

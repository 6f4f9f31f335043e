"""Ways from neighbours' votes to predicted votes."""

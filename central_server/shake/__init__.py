"""A phone that ranged our adverts asks which project is there, and gets a presence pass. It never says who it is."""

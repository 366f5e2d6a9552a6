"""Parts of any long-running service. Contains no domain code and imports no other package of this project."""

"""Propose who helps at which shift, with the reasons. People accept or decline; nothing is decided for them."""

"""Other programs are told what happened here: collected from what is kept, signed, and sent until it has arrived."""

"""What is printed: posters and stickers for a beacon, and slips. PDF, set by typst from the .typ files here."""

"""PDF posters and stickers for a beacon, and slips, typeset by typst from the .typ files in this folder."""

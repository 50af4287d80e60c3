"""One-file reports for a browser: figures, words that explain them, and the page around them."""

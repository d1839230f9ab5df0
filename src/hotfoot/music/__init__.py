"""Songs in: decoding, features, beats, tokens, and composed songs."""

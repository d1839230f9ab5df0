"""Dance a named protocol of songs, references and seeds, and measure the dances."""

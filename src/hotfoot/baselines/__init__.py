"""Other ways to dance, trained on the same data, to compare our model with."""

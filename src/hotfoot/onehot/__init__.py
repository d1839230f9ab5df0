"""The one-hot image codec."""

"""Pictures and videos of people in, 2D poses out: estimators of others, tracking, quality."""

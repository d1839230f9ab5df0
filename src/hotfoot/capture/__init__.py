"""Photos and videos of people in, 2D poses out: pose estimators, tracking, quality."""

"""What a risk model is: fit, score, explain; from scores and capacity to a list; the bundle on disk and its card."""

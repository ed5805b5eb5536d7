"""What series say: pure functions of points, which answer with a statement or with why there is none."""

"""The judge: a small network whose features, classes and kinds of damage measure pictures."""

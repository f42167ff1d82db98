"""The judge of scenes: finds things with their colours, counts and places, and measures distances between pictures."""

"""The judge of scenes: finds things with their colours and places, and measures distances between pictures."""

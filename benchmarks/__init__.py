"""What we claim about speed and skill, against named peers."""

"""Pages for people: Thai first, readable on a phone and on paper, without JavaScript."""

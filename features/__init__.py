"""What can be known about a student on a day: declared questions, and one function that answers them."""

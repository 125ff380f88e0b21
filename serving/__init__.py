"""Showing each person the students they care for, and hearing back. It reads stored scores; it never computes one."""

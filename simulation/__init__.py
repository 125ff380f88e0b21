"""A college that does not exist, as the export files that a real one would hand over, with hazards known to its maker.

`college.write_college` is the door. Every person is invented; every number stands in `coefficients.py`.
"""

"""A made-up world of any size: units of 13 requests, 55 tasks and 500 datasets, in the talk's likeness.

All of it is invented but for the physics of the requests, which is the talk's. Names follow the grammar and
seeds never overlap. Each step has two attempts: one came to nothing, the other ended well or still runs.
"""

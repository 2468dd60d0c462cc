"""The whole catalogue again, in plain Python and pandas: slow, obvious, and written apart.

Nothing is shared with `features` but the names, and the kept library's calendar. One customer at
a time, one value at a time. A new feature is said again in the module of its theme.
"""

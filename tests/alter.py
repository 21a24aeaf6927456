#!/usr/bin/env python3
"""Changes the facts of a kept case: alter.py CASE SQL

For what no story can make: drops that a file reports, filters, a series with a hole.
"""
import sqlite3
import sys

with sqlite3.connect(sys.argv[1]) as case:
    case.executescript(sys.argv[2])

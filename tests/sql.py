#!/usr/bin/env python3
"""Rows of a kept case, one a line: sql.py CASE QUERY

Nothing but SQLite is needed to read a case; what tcpwhy itself adds (the table
`packet`) is not there.
"""
import sqlite3
import sys

for row in sqlite3.connect(f'file:{sys.argv[1]}?mode=ro', uri=True).execute(sys.argv[2]):
    print('  '.join('-' if value is None else str(value) for value in row))

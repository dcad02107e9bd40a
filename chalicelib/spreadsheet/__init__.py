"""Spreadsheets as people have them: XLSX and delimited text, read into cells and written from them.

It knows nothing of what the cells mean, evaluates nothing, and bounds what a file may unpack to.
"""

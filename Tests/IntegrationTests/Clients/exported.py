"""Reads exported commands as Python's csv module does."""
import csv
import sys

with open(sys.argv[1], newline="") as table:
    for row in csv.DictReader(table):
        print(row["text"])
        print(row["status"], row["tag"], row["rows"], row["verdict"])

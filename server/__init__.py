"""The collector server: takes in what hosts signed, keeps it, answers with receipts.

It verifies, stores and shows. It never collects, and it never tells a host what to run: what it
hands out are signed statements and data.
"""

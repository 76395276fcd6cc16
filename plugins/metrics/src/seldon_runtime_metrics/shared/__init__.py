"""The store for several workers: numbers in memory-mapped files of one folder, added up for each page.

Only ``assembly`` imports it. Series are updated on the threads that finish calls; files are merged on the
threads of the page's server.
"""

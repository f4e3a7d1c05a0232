"""The lists of the console, however long they are: parts by keyset, search by trigrams, counts that need no scan.

`keyset` is how any list is cut into parts; `devices` the list of devices, `search` how words are found in it, `search_index` the
index for that on PostgreSQL, `tally` the counts.
"""

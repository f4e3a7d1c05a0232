"""The lists of the console, however long they are: parts by keyset, search by trigrams, counts that need no scan.

`keyset` is how any list is cut into parts; `devices` the list of devices, `device_search` what it is ordered and searched by,
`search_index` the index of the search on each database, `tally` the counts.
"""

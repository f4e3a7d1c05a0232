"""What devices said before: readings as they came, and days that are over, one row each.

A day that is over has its readings in one compressed segment, beside what is looked for in them: the meters at its end, the
levels of its supplies. Segments go after `raw_days`, the rest of the row after ten years. A reading stands in one of the two
shapes, and `reader` is the one place that looks into both.
"""

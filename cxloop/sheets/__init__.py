"""Tables in and out 台账、回填表: what both doors do with many acts by one file, row by row."""

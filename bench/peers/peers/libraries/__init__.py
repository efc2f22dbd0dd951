"""One module a library. Each is imported only in the process that measures it."""

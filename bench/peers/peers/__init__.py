"""Rose Forest's index and what a user would pick instead, on the same vectors in the same run. See ../README.md."""

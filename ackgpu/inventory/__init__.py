"""The one answer to what is there, and whose: kinds of resources, ownership, and the search."""

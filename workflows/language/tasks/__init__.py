"""Task types, one file each: what it may contain, how it is compiled and how it runs. The registry lists them."""

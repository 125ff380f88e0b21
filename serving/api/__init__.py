"""The JSON API, version 1: what the pages say, for programs."""

"""The version of this package: that of the server it came with (package.json), compared by a test."""

VERSION = "0.1.0"

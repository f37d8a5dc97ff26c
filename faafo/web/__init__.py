"""The pages that people browse, rendered on the server; they need no JavaScript."""

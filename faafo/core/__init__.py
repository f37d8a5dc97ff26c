"""What api and web share: collaborators of a request, limits, deletion, the gateway to tiles."""

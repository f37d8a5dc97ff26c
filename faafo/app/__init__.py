"""The application that serves api and web: factory, error handlers, HTTP server, life cycle."""

"""The REST API: the factory of the application and one blueprint a noun."""

"""The Web API's methods by family, all registered in one table."""

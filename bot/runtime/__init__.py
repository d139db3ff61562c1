"""Settings, logging, ids, signatures, processes and the HTTP server."""

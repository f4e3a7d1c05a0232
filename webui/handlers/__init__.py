"""The pages, one file each. A handler reads the request and renders; what it knows comes from the services."""

"""What every component process needs: the notify protocol, control sockets and the lock against two mains."""

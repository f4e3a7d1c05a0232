"""What people sign, and how a signer's own machine finds out whether a draft says the truth. It needs no server and no database."""

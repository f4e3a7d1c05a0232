"""What may leave the site, and in what form; and what is not even kept: names of documents and of the people who print them."""

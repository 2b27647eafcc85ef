"""What the clinic offers: pages from the database, and who may publish them."""

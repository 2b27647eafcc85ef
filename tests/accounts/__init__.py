"""The accounts room: staff, roles, and the desk."""

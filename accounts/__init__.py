"""Who the staff are: users, their roles, the admin site and its log-in."""

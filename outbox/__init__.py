"""Messages waiting to be sent: written in the transaction of their cause, sent later by the sender."""

"""Networks side by side: what differs, and why."""

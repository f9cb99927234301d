"""What we owe: occurrences, the outbox, its lanes, the inbox, and the engines that wake them."""

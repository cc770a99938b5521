"""What a run tells while it goes on: its numbers step by step, and how long it will still take."""

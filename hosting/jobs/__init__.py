"""What a server does by itself, by the clock: the plan, and how a job is run."""

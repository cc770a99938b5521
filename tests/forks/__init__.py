"""What is started in the place of a process that `forking` forks."""

"""What `netlab doctor` looks at."""

"""What the scripts do, one module for each job."""

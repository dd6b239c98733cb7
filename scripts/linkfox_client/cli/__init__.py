"""What stands between a script and whoever runs it: arguments, output, streams, child processes."""

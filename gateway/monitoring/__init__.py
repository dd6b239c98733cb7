"""What operators see: logs, metrics, the overview and its warnings."""

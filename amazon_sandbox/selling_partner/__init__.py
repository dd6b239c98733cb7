"""The Selling Partner API: its hosts, the operations that Amazon publishes, and the stories of some."""

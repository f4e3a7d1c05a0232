"""The console: what people of the hosting team see."""
